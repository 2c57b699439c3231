"""Checkpoints: what cannot be read is refused with one sentence."""

from __future__ import annotations

import json
import math

import pytest
import safetensors.torch
import torch

from ebm_engine.run.checkpoint import CheckpointError, capture, pack, unpack
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec

SPEC = parse_spec({"walkers": {"count": 20}, "target": {"samples": 30}})


def test_tensors_and_facts_come_back():
    """Every dtype and every JSON value as it was put in."""
    tensors = {"a": torch.arange(3), "b": torch.rand(2, 3, dtype=torch.float64).T}
    found, facts = unpack(pack(tensors, {"step": 7, "marks": [[1, "ü"]], "none": None}))
    assert torch.equal(found["a"], tensors["a"])
    assert torch.equal(found["b"], tensors["b"])
    assert facts == {"step": 7, "marks": [[1, "ü"]], "none": None}


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"not a checkpoint at all", b"\x80\x04]\x94.", bytes(1000)],
    ids=["empty", "json", "text", "pickle", "zeros"],
)
def test_foreign_bytes_are_refused(content):
    """Also a pickle: nothing in it is ever executed."""
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        Run.load(content)


def test_a_cut_checkpoint_is_refused():
    """Half of a file, as a full disk leaves it."""
    content = Run(SPEC).save()
    with pytest.raises(CheckpointError):
        Run.load(content[: len(content) // 2])


def test_another_version_is_named():
    """A file of the future says so instead of failing somewhere inside."""
    content = safetensors.torch.save(
        {"a": torch.zeros(1)}, metadata={"version": "99", "run": json.dumps({})}
    )
    with pytest.raises(CheckpointError, match="version 99"):
        unpack(content)


def test_a_checkpoint_that_misses_a_tensor_is_refused():
    """The walkers' positions are gone."""
    tensors, facts = unpack(Run(SPEC).save())
    del tensors["train.x"]
    with pytest.raises(CheckpointError, match="does not fit"):
        Run.load(pack(tensors, facts))


def test_a_diverged_run_comes_back_diverged():
    """Its report survives, and it does not advance."""
    run = Run(parse_spec({"sampler": {"step_size": 50}, "walkers": {"count": 20}}))
    for _ in range(10):
        run.advance()
    loaded = Run.load(run.save())
    assert loaded.divergence == run.divergence
    assert loaded.divergence is not None
    loaded.advance()
    assert loaded.step == run.step


@pytest.mark.parametrize("kind", ["pcd", "weighted-ula"])
def test_a_run_that_diverged_into_nan_can_be_saved(kind):
    """NaN in its report is no JSON by the letter; the checkpoint must hold it all the same."""
    run = Run(parse_spec(SPEC.model_dump() | {"method": {"kind": kind}}))
    run.parts.trainer.energy.means[0, 0] = math.nan
    for _ in range(5):
        run.advance()
    assert math.isnan(run.divergence.value)
    loaded = Run.load(run.save())
    assert loaded.divergence.message == run.divergence.message


def test_witnesses_that_break_alone_are_reported():
    """The training walkers are refreshed at each update, the witnesses explode at h = 7."""
    method = {"kind": "weighted-ula", "witness": 5, "refresh_every": 1, "refresh_steps": 2}
    run = Run(parse_spec(SPEC.model_dump() | {"method": method, "sampler": {"step_size": 7.4}}))
    for _ in range(80):
        run.advance()
    assert run.divergence is not None
    Run.load(run.save())


def of_a_gpu(run: Run, device: str) -> bytes:
    """A checkpoint as a GPU would have written it: its generators have states of 16 bytes."""
    tensors, facts = capture(run.state)
    states = [name for name in tensors if name.startswith("rng.")]
    tensors |= {name: torch.zeros(16, dtype=torch.uint8) for name in states}
    return pack(tensors, facts | {"spec": facts["spec"] | {"device": device}})


@pytest.mark.parametrize("device", ["auto", "cuda"])
@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_checkpoint_of_a_gpu_goes_on_without_one(device):
    """From the same walkers, with new random numbers, the same each time; a mark says so."""
    run = Run(SPEC)
    for _ in range(30):
        run.advance()
    content = of_a_gpu(run, device)
    one, two = Run.load(content), Run.load(content)
    assert one.spec.device == "auto"
    assert torch.equal(one.state.walkers.train.x, run.state.walkers.train.x)
    assert one.state.marks[-1] == (30, "moved to cpu: new random numbers")
    for each in (run, one, two):
        each.advance()
    assert torch.equal(one.state.walkers.train.x, two.state.walkers.train.x)
    assert not torch.equal(one.state.walkers.train.x, run.state.walkers.train.x)
    assert Run.load(one.save()).spec.device == "auto"
    assert len(Run.load(one.save()).state.marks) == len(one.state.marks)
