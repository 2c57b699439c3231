"""Same spec, same bits: however often looked at, through checkpoints and rewinds."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ebm_engine.core.rng import USES, gaussian, generators
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import RunSpec

WEIGHTED = {"kind": "weighted-ula", "ess_threshold": 0.8, "witness": 100}
ADAM, SGD = {"kind": "adam"}, {"kind": "sgd", "lr_means": 0.05, "lr_log_masses": 0.1}
CASES = {
    "weighted-sgd": {"method": WEIGHTED, "optimizer": SGD},
    "weighted-adam": {"method": WEIGHTED | {"resampling": "residual"}, "optimizer": ADAM},
    "weighted-refresh": {
        "method": WEIGHTED | {"refresh_every": 15, "refresh_steps": 10},
        "optimizer": SGD,
    },
    "pcd-adam": {"method": {"kind": "pcd", "restart": 0.05}, "optimizer": ADAM},
    "pcd-sgd": {"method": {"kind": "pcd", "start": "model"}, "optimizer": SGD},
    "cd-sgd": {"method": {"kind": "cd", "k": 2}, "optimizer": SGD},
    "cd-adam": {"method": {"kind": "cd"}, "optimizer": ADAM},
}


def spec(case: str = "weighted-sgd", **changes: Any) -> RunSpec:
    small = {"walkers": {"count": 150}, "target": {"samples": 200}, "seed": 3}
    return parse_spec(small | CASES[case] | changes)


def bits(run: Run) -> dict[str, bytes]:
    """Everything that makes the future and the record of a run, byte for byte."""
    found = {n: p.numpy().tobytes() for n, p in run.parts.trainer.energy.parameters.items()}
    for name, walkers in zip(("train", "witness"), run.state.walkers[:2], strict=True):
        if walkers is not None:
            for part in ("x", "log_w", "ancestors"):
                found[f"{name}.{part}"] = getattr(walkers, part).numpy().tobytes()
            cache = [*walkers.at[:3], walkers.momentum]  # layers are computed again where missing
            kept = [t.contiguous().numpy().tobytes() for t in cache if t is not None]
            found[f"{name}.at"] = b"".join(kept)
            found[f"{name}.scalars"] = repr((walkers.log_norm, walkers.step_scale)).encode()
    found |= {f"rng.{use}": bytes(g.get_state().numpy()) for use, g in run.parts.rngs.items()}
    found["history"] = run.state.history.rows[: run.state.history.count].tobytes()
    found["counts"] = repr((run.step, run.state.resamplings, run.state.trails.crossings)).encode()
    return found


def after(updates: int, run: Run) -> Run:
    for _ in range(updates):
        run.advance()
    return run


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_same_spec_gives_the_same_bits_however_often_watched(case, dtype):
    """A run that is looked at and saved after every update equals one that nobody looks at."""
    alone = after(40, Run(spec(case, dtype=dtype)))
    watched = Run(spec(case, dtype=dtype))
    for _ in range(40):
        watched.advance()
        watched.snapshot(playing=True, updates_per_second=1.0)
        watched.save()
    assert bits(alone) == bits(watched)


def test_looking_at_a_run_draws_no_global_random_number():
    """torch's and every stream's state is the same before and after a picture."""
    run = after(5, Run(spec()))
    before, streams = torch.get_rng_state(), bits(run)
    run.snapshot(playing=False, updates_per_second=0.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert bits(run) == streams


def test_a_run_ignores_the_global_random_state():
    """Every draw comes from the run's own streams."""
    first = bits(after(20, Run(spec())))
    torch.manual_seed(12345)
    torch.rand(7)
    assert bits(after(20, Run(spec()))) == first


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_a_reloaded_checkpoint_goes_on_bit_by_bit(case, dtype):
    """Saved after each of the first updates, also right after a resampling or a refresh."""
    run, saved = Run(spec(case, dtype=dtype)), {}
    for k in range(31):
        if k % 5 == 0 or run.state.walkers.train.resampled:
            saved[k] = run.save()
        run.advance()
    goal = bits(after(9, run))
    for k, content in saved.items():
        loaded = Run.load(content)
        assert loaded.step == k
        assert bits(after(40 - k, loaded)) == goal, f"differs after the checkpoint at update {k}"


@pytest.mark.parametrize("case", ["weighted-sgd", "weighted-refresh", "pcd-adam", "cd-sgd"])
@pytest.mark.parametrize("back", [1, 10, 30, 57, 1000])
def test_rewind_goes_back_to_the_same_bits(case, back):
    """The state after a rewind equals that of a run which stopped there, and so does its future."""
    run = after(60, Run(spec(case)))
    run.rewind(back)
    stopped = after(max(0, 60 - back), Run(spec(case)))
    assert bits(run) == bits(stopped)
    assert bits(after(15, run)) == bits(after(15, stopped))


def test_rewind_reaches_beyond_the_kept_points():
    """Points are kept every 25 updates, the last 8 of them: a longer way ends at the oldest."""
    run = after(260, Run(spec("pcd-sgd")))
    run.rewind(255)
    assert run.step == 75
    assert bits(run) == bits(after(run.step, Run(spec("pcd-sgd"))))


def test_checkpoints_keep_live_changes():
    """A changed knob and its mark are part of the saved run."""
    run = after(10, Run(spec()))
    run.change(spec(sampler={"step_size": 0.3}))
    loaded = Run.load(after(5, run).save())
    assert loaded.spec.sampler.step_size == 0.3
    assert list(loaded.state.marks) == [(10, "Step size h: 0.1 → 0.3")]
    assert bits(after(5, loaded)) == bits(after(5, run))


@pytest.mark.parametrize("change", [{"seed": 4}, {"dtype": "float64"}])
def test_another_seed_or_precision_is_another_run(change):
    """The walkers after 20 updates differ in their values, not only in their bits."""
    first, second = (after(20, Run(s)) for s in (spec(), spec(**change)))
    x, y = (r.state.walkers.train.x.double() for r in (first, second))
    assert (x - y).abs().max() > 1e-9


def test_streams_of_one_seed_are_independent():
    """Each use has its own numbers, a pure function of the seed: the first draws all differ."""
    first, again, other = (generators(seed, "cpu") for seed in (7, 7, 8))
    like = torch.empty(50)
    draws = {use: gaussian(like, first[use]) for use in USES}
    assert len({float(d[0]) for d in draws.values()}) == len(USES)
    for use in USES:
        assert torch.equal(draws[use], gaussian(like, again[use]))
        assert not torch.equal(draws[use], gaussian(like, other[use]))


def test_noise_is_standard_normal_in_the_walkers_precision():
    """Mean 0, variance 1, fourth moment 3 within 5 s.e. of 400 000 draws; float64 stays float64."""
    noise = gaussian(torch.empty(200_000, 2, dtype=torch.float64), generators(1, "cpu")["noise"])
    assert noise.dtype == torch.float64
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (4, 3, 96)):
        error = (variance / noise.numel()) ** 0.5
        assert abs(float((noise**power).mean()) - moment) < 5 * error


def test_a_rewind_keeps_the_knobs_as_they_are_now():
    """The walkers go back 30 updates, the step size does not; the way on differs from before."""
    run = after(40, Run(spec()))
    run.change(spec(sampler={"step_size": 0.3}))
    run = after(5, run)
    run.rewind(30)
    assert run.step == 15
    assert run.spec.sampler.step_size == 0.3
    assert list(run.state.marks) == [(15, "Step size h: 0.1 → 0.3")]
    untouched = after(15, Run(spec()))
    assert bits(run) == bits(untouched)
    assert bits(after(5, run)) != bits(after(5, untouched))


def test_a_refresh_leaves_a_mark():
    """Walkers that are replaced at updates 10 and 20 say so on the curves."""
    run = after(25, Run(spec(method={"refresh_every": 10, "refresh_steps": 5})))
    assert list(run.state.marks) == [(10, "walkers refreshed"), (20, "walkers refreshed")]
