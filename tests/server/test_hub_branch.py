"""Branches and admitted files in the hub: new runs that go on from an update, same bits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import safetensors.torch
import torch

from ebm_engine.run.checkpoint import pack, unpack
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.run.run import Run
from ebm_engine.server.commands import Change, Play, Reset, Rewind, Step
from ebm_engine.server.hub.hub import Hub, UnknownRun
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.writing.tensor_file import MOST_BYTES
from tests.run.branch_tools import SLOW, SPEC, WIDE, picture, same_bits, trained
from tests.server.hub_tools import view_at, wait_for


@pytest.fixture
def token(hub: Hub) -> Iterator[str]:
    """A paused run at update 60 whose step size was doubled at 33; its steps 10 to 60 are taped."""
    token = hub.open(SPEC, play=False)
    for step in (10, 33, 40, 50, 60):
        hub.command(token, Step(step - hub.view(token).snapshot.step if step > 10 else 10))
        view_at(hub, token, step)
        if step == 33:
            hub.command(token, Change(WIDE))
    yield token
    hub.close(token)


def test_the_tape_of_a_run_gives_the_pictures_of_then(hub, token):
    """Recorded in the server while the run went on."""
    steps = hub.tape(token)
    assert {10, 33, 40, 50, 60} <= set(steps)
    assert hub.view(token).tape == steps
    found = hub.recorded(token, 45)
    assert found.step == max(step for step in steps if step <= 45)
    assert same_bits(hub.recorded(token, 40), picture(trained(SPEC, 40, {33: WIDE})))
    assert hub.recorded(token, 40).changes == ((33, {"sampler.step_size": 0.2}),)
    hub.command(token, Rewind(20))
    wait_for(lambda: hub.view(token).snapshot.step == 40)
    assert max(hub.tape(token)) == 40
    hub.command(token, Reset())
    wait_for(lambda: hub.view(token).snapshot.step == 0)
    assert hub.tape(token) == (0,)


def test_a_branch_of_the_hub_has_the_bits_of_then_and_its_own_future(hub, token):
    """Both with the spec of then and with another one; the first run stays as it is."""
    plain = hub.branch(token, 20)
    changed = hub.branch(token, 40, SLOW)
    assert hub.view(plain).spec == SPEC
    assert hub.view(changed).spec == SLOW
    assert same_bits(view_at(hub, plain, 20).snapshot, picture(trained(SPEC, 20)))
    assert max(hub.tape(plain)) == 20
    hub.command(plain, Step(5))
    assert same_bits(view_at(hub, plain, 25).snapshot, picture(trained(SPEC, 25)))
    view_at(hub, changed, 40)
    hub.command(changed, Step(10))
    truth = trained(SPEC, 50, {33: WIDE, 40: SLOW})
    assert same_bits(view_at(hub, changed, 50).snapshot, picture(truth))
    assert hub.view(token).snapshot.step == 60
    assert not hub.view(plain).playing
    for each in (plain, changed):
        hub.close(each)


def test_a_branch_that_plays_goes_on_by_itself(hub, token):
    """First the repeated past, then beyond it."""
    branch = hub.branch(token, 55, play=True)
    assert hub.view(branch).playing
    view_at(hub, branch, 80)
    hub.close(branch)


def test_branches_that_cannot_be_are_refused(hub, token):
    """An unknown run, an update that has not come, and a spec that needs a reset."""
    with pytest.raises(UnknownRun):
        hub.branch("nobody", 1)
    with pytest.raises(ValueError, match="update 61 of this run is not recorded"):
        hub.branch(token, 61)
    with pytest.raises(SpecError, match="needs a reset"):
        hub.branch(token, 40, with_value(SPEC, "seed", 2))
    fresh = hub.open(SPEC, play=False)
    view_at(hub, fresh, 0)
    with pytest.raises(ValueError, match="update -1 of this run is not recorded"):
        hub.branch(fresh, -1)
    hub.close(fresh)


def test_an_admitted_file_goes_on_with_the_same_bits(hub):
    """With its past: history, changes and where it began."""
    content = trained(SPEC, 57, {33: WIDE}).save()
    token = hub.admit(content)
    first = view_at(hub, token, 57)
    assert first.spec == WIDE
    assert first.snapshot.changes == ((33, {"sampler.step_size": 0.2}),)
    hub.command(token, Step(8))
    assert same_bits(view_at(hub, token, 65).snapshot, picture(trained(SPEC, 65, {33: WIDE})))
    branch = hub.branch(token, 65)
    view_at(hub, branch, 65)
    for each in (token, branch):
        hub.close(each)


def altered(**facts: Any) -> bytes:
    tensors, old = unpack(Run(SPEC).save())
    return pack(tensors, old | facts)


def of_version(version: str) -> bytes:
    metadata = {"version": version, "run": json.dumps({})}
    return safetensors.torch.save({"a": torch.zeros(1)}, metadata=metadata)


BAD_SPEC = SPEC.model_dump(mode="json") | {"seed": -3}
REFUSED = {
    "empty": (b"", "not a checkpoint"),
    "text": (b"not a checkpoint at all", "not a checkpoint"),
    "pickle": (b"\x80\x04]\x94.", "not a checkpoint"),
    "nested": (b"\xff\xff\0\0\0\0\0\0" + b"[" * 60_000, "not a checkpoint"),
    "cut": (Run(SPEC).save()[:-100], "damaged"),
    "huge": (bytes(MOST_BYTES + 1), "64.0 MiB, allowed are 64 MiB"),
    "version": (of_version("1"), "version 1 is unknown, this is 2"),
    "no facts": (of_version("2"), "field required"),
    "far": (
        altered(step=10**9),
        "step = 1000000000: input should be less than or equal to 10000000",
    ),
    "spec": (altered(spec=BAD_SPEC), "seed = -3"),
    "no spec": (altered(spec=None), "a spec must be a JSON object"),
    "changes": (altered(replay=[5, [[1, "x"]]]), "replay.1.0.1 = 'x'"),
    "reset": (altered(replay=[5, [[1, {"seed": 7}]]]), "a change that needs a reset"),
    "header": (b"\xff\xff\xff\xff\0\0\0\0" + bytes(100), "a header of 4294967295 bytes"),
    "path": (altered(replay=[5, [[1, {"sampler.no": 1}]]]), "sampler.no is not a field"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_checkpoint_is_refused_with_one_sentence(hub, name):
    """Nothing of it is executed, and no run is made."""
    content, sentence = REFUSED[name]
    before = hub.stats()["runs"]
    with pytest.raises((CheckpointError, SpecError)) as caught:
        hub.admit(content)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hub.stats()["runs"] == before


def test_a_file_with_a_misfit_never_starts_from_zero_by_itself(hub):
    """Its walkers have three dimensions: a notice, also after Play; a reset begins anew."""
    tensors, facts = unpack(Run(SPEC).save())
    tensors["train.x"] = torch.zeros(60, 3)
    token = hub.admit(pack(tensors, facts), play=True)
    wait_for(lambda: "does not fit its spec" in hub.view(token).notice)
    assert hub.view(token).snapshot is None
    hub.command(token, Play())
    view = wait_for(lambda: (v := hub.view(token)).notice and not v.playing and v)
    assert "60, 3" in view.notice
    assert view.snapshot is None
    hub.command(token, Reset())
    view_at(hub, token, 0)
    hub.close(token)
