"""Same spec, same bits, for everything a run can hold: networks, buffers, averages, momentum.

The energies that walkers carry, and the layers of the network there, are dropped and computed again
when walkers are resampled or a checkpoint is loaded. No bit may depend on whether that happened.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import RunSpec

WEIGHTED = {"kind": "weighted-ula", "ess_threshold": 0.95}
ADAM = {"kind": "adam", "lr": 0.02}
ALL = {"batch": 30, "average": 0.9, "clip": 1.0, "decay_over": 40}
IMPROVED = {"kind": "improved-cd", "k": 2, "capacity": 90, "restart": 0.2, "augment": "jitter"}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch-average-clip-decay": {"optimizer": ADAM | ALL},
    "sgd-batch-average": {"optimizer": {"kind": "sgd", "lr": 0.1} | ALL},
    "follow-ess-witness-refresh": {
        "method": WEIGHTED | {"witness": 20, "refresh_every": 11, "refresh_steps": 5},
        "optimizer": ADAM | {"follow_ess": True},
    },
    "adaptive": {"sampler": {"adaptive": True}},
    "mala": {"sampler": {"kernel": "mala"}},
    "mala-adaptive": {"sampler": {"kernel": "mala", "adaptive": True}},
    "hmc": {"sampler": {"kernel": "hmc", "leapfrog": 2}},
    "hmc-unadjusted": {"sampler": {"kernel": "hmc", "leapfrog": 2, "metropolis": False}},
    "underdamped": {"sampler": {"kernel": "underdamped"}, "optimizer": ADAM | ALL},
    "underdamped-adaptive": {"sampler": {"kernel": "underdamped", "adaptive": True}},
    "underdamped-walker-batch": {
        "method": WEIGHTED | {"walker_batch": 13},
        "sampler": {"kernel": "underdamped"},
    },
    "walker-batch": {"method": WEIGHTED | {"walker_batch": 13, "backward": "old"}},
    "walker-batch-mala": {
        "method": WEIGHTED | {"walker_batch": 13, "steps": 2},
        "sampler": {"kernel": "mala"},
    },
    "steps": {"method": WEIGHTED | {"steps": 3}},
    "no-correction": {"method": WEIGHTED | {"correction": False}},
    "l2-spectral": {"energy": {"l2": 0.1, "spectral_norm": 1.5}},
    "tempered-start": {"energy": {"last_layer": "random"}},
    "multiscale": {"energy": {"kind": "multiscale", "width": 5}, "optimizer": ADAM | ALL},
    "pcd": {"method": {"kind": "pcd", "restart": 0.1}, "sampler": {"kernel": "underdamped"}},
    "cd": {"method": {"kind": "cd", "k": 2}, "optimizer": ADAM | ALL},
    "short-run": {"method": {"kind": "short-run", "k": 2}, "sampler": {"kernel": "hmc"}},
    "improved-fifo": {"method": IMPROVED | {"buffer": "fifo"}, "optimizer": ADAM | ALL},
    "improved-reservoir": {"method": IMPROVED | {"buffer": "reservoir"}},
    "improved-same-slot": {
        "method": IMPROVED | {"buffer": "same-slot", "entropy": "kozachenko-leonenko"}
    },
    "score-matching": {"method": {"kind": "score-matching"}, "optimizer": ADAM | ALL},
    "denoising": {"method": {"kind": "denoising-score-matching"}, "optimizer": ADAM | ALL},
    "exact": {"method": {"kind": "exact"}, "optimizer": ADAM | ALL},
}
BLOCKS: dict[str, dict[str, Any]] = {
    "target": {"kind": "ring", "samples": 80},
    "energy": {"kind": "mlp", "width": 9},
    "method": WEIGHTED,
    "sampler": {"step_size": 0.1},
    "walkers": {"count": 41},
    "optimizer": ADAM,
}


def spec(case: str, dtype: str = "float32") -> RunSpec:
    """A small network whose walkers resample, with the changes of a case."""
    content = {name: dict(block) for name, block in BLOCKS.items()}
    for name, changes in CASES[case].items():
        same = changes.get("kind", content[name].get("kind")) == content[name].get("kind")
        content[name] = (content[name] if same or name == "energy" else {}) | changes
    return parse_spec(content | {"seed": 5, "dtype": dtype})


def bits(run: Run) -> dict[str, bytes]:
    """Everything that makes the future and the record of a run, byte for byte."""
    trainer, walkers = run.parts.trainer, run.state.walkers
    tensors = {f"theta.{n}": p for n, p in trainer.energy.parameters.items()}
    tensors |= {f"shown.{n}": p for n, p in run.parts.model.parameters.items()}
    tensors["batch"] = run.state.batch.x
    tensors["batch.energy"] = run.state.batch.at.energy
    if walkers.buffer is not None:
        tensors["buffer"] = walkers.buffer.x[: walkers.buffer.filled]
    for name, population in zip(("train", "witness"), walkers[:2], strict=True):
        if population is not None:
            rows = ("x", "log_w", "ancestors", "momentum")
            tensors |= {f"{name}.{part}": getattr(population, part) for part in rows}
            tensors |= {f"{name}.energy": population.at.energy, f"{name}.slope": population.at[1]}
    found = {n: t.contiguous().numpy().tobytes() for n, t in tensors.items() if t is not None}
    found |= {f"rng.{use}": bytes(g.get_state().numpy()) for use, g in run.parts.rngs.items()}
    for name, slots in trainer.optimizer.state_dict()["state"].items():
        found |= {f"optimizer.{name}.{k}": v.numpy().tobytes() for k, v in slots.items()}
    found["history"] = run.state.history.rows[: run.state.history.count].tobytes()
    train = walkers.train
    counts = (
        run.step,
        run.state.resamplings,
        run.state.trails.crossings,
        run.state.training.rate,
        train.step_scale,
    )
    found["numbers"] = repr(
        (*counts, train.log_norm, walkers.buffer and walkers.buffer[1:])
    ).encode()
    return found


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The names of what is not the same."""
    return [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]


def after(updates: int, run: Run) -> Run:
    for _ in range(updates):
        run.advance()
    return run


@pytest.mark.parametrize("case", CASES)
def test_a_checkpoint_of_a_network_goes_on_bit_by_bit(case):
    """Saved at the start, now and then, and right after a resampling: the same end each time."""
    run, saved = Run(spec(case)), {}
    for k in range(31):
        if k in (0, 20) or (run.state.walkers.train.resampled and len(saved) < 4):
            saved[k] = run.save()
        run.advance()
    goal = bits(after(11, run))
    assert run.divergence is None
    for k, content in saved.items():
        loaded = Run.load(content)
        assert loaded.step == k
        assert differing(bits(after(42 - k, loaded)), goal) == [], f"saved at update {k}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", ["batch-average-clip-decay", "improved-fifo", "exact"])
def test_a_network_that_is_watched_ends_on_the_same_bits(case, dtype):
    """Pictures and checkpoints after every third update change nothing."""
    alone = after(30, Run(spec(case, dtype)))
    watched = Run(spec(case, dtype))
    for k in range(30):
        watched.advance()
        if k % 3 == 0:
            watched.snapshot(playing=bool(k % 2), updates_per_second=1.0)
            watched.save()
    assert differing(bits(alone), bits(watched)) == []


@pytest.mark.parametrize(
    "case",
    [
        "batch-average-clip-decay",
        "underdamped",
        "mala-adaptive",
        "walker-batch",
        "improved-reservoir",
    ],
)
@pytest.mark.parametrize("back", [3, 20, 1000])
def test_a_network_rewinds_to_the_same_bits(case, back):
    """The state after a rewind equals that of a run which stopped there, and so does its future."""
    run = after(41, Run(spec(case)))
    run.rewind(back)
    stopped = after(max(0, 41 - back), Run(spec(case)))
    assert differing(bits(run), bits(stopped)) == []
    assert differing(bits(after(8, run)), bits(after(8, stopped))) == []


def test_the_weighted_cases_resample_in_between():
    """Else nothing above would be tested: the caches must have been dropped some times."""
    for case in ("plain", "underdamped", "mala-adaptive", "walker-batch", "adaptive"):
        assert 2 <= after(42, Run(spec(case))).state.resamplings <= 42, case


def test_layers_that_resampling_drops_come_back_to_the_same_bits():
    """∂U/∂θ of walkers with their layers equals that of the same walkers without, bit by bit."""
    run = after(12, Run(spec("no-correction")))
    energy, train = run.parts.trainer.energy, run.state.walkers.train
    weights = torch.softmax(train.log_w, 0).float()
    with torch.inference_mode():
        fresh = energy.evaluate(train.x)
        kept = energy.parameter_gradient(train.x, fresh, weights)
        dropped = energy.parameter_gradient(train.x, fresh._replace(layers=()), weights)
    assert all(np.array_equal(kept[name].numpy(), dropped[name].numpy()) for name in kept)
