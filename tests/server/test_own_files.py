"""A stranger's spec makes no process of the server read a file that was not uploaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebm_engine.data import own_files
from ebm_engine.data.own_files import read_own_file
from ebm_engine.files import uploads
from ebm_engine.run import checkpoint_file
from ebm_engine.run.checkpoint import pack, unpack
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.server.hub.hub import Hub
from ebm_engine.spec.edit import parse_spec
from tests.run.image_runs import played
from tests.server.hub_tools import patient, small_spec, wait_for

ROWS = "x,y\n" + "".join(f"{i}.5,{i * i % 7}.25\n" for i in range(40))


@pytest.fixture
def secret(tmp_path):
    """A file of the server that could be read as points."""
    path = tmp_path / "secret.csv"
    path.write_text(ROWS)
    return str(path)


@pytest.fixture
def only_uploads(monkeypatch):
    """This process as one of the server."""
    monkeypatch.setenv(own_files.VARIABLE, "")
    own_files.read_only_uploads()


@pytest.mark.usefixtures("only_uploads")
def test_only_kept_uploads_are_read(secret, tmp_path):
    """By the name of their content: neither another file, nor a link to it with a name that fits,
    nor one that was changed; also a device, which has no end, is not opened.
    """
    kept = uploads.keep(ROWS)
    assert read_own_file(kept, "points", 10_000).startswith(b"0.5,0.25")
    link = tmp_path / Path(kept).name
    other = tmp_path / "other.csv"
    other.write_text("1,2\n")
    link.symlink_to(other)
    changed = tmp_path / ("0" * 32 + ".csv")
    changed.write_bytes(Path(kept).read_bytes())
    for path in (secret, str(link), str(changed), "/dev/zero", "//host/share/" + link.name):
        with pytest.raises(ValueError, match=r"^The file with the points is not one that was up"):
            read_own_file(path, "points", 10_000)


def test_elsewhere_any_file_is_read(secret):
    assert read_own_file(secret, "points", 10_000).decode() == ROWS


def crafted(**facts: object) -> bytes:
    tensors, own = unpack(played(small_spec(), 3).save())
    return pack(tensors, own | facts)


def of_points(path: str) -> dict[str, object]:
    return {"kind": "points", "path": path}


def test_a_run_file_whose_past_is_not_its_own_is_refused(secret):
    """A branch goes back to the start and the changes of a run: neither brings another target."""
    spec = small_spec()
    start = parse_spec(spec.model_dump() | {"target": of_points(secret)}).model_dump(mode="json")
    there_and_back = [[1, {"target": of_points(secret)}], [2, {"target": spec.target.model_dump()}]]
    for facts, said in (
        ({"changes": [[1, {"target": of_points(secret)}]], "change_count": 1}, "needs a reset"),
        ({"changes": there_and_back, "change_count": 2}, "needs a reset"),
        ({"replay": [9, there_and_back]}, "needs a reset"),
        ({"origin": start}, "a start that is not that of its run"),
        ({"changes": [[1, {"seed": 1}]] * 1001}, "changes = .* at most 1000 items"),
        ({"changes": [["1", {}]], "change_count": 1}, "changes.0.0 = '1'"),
    ):
        with pytest.raises(CheckpointError, match=said):
            checkpoint_file.admit(crafted(**facts))
    assert checkpoint_file.admit(crafted()) == spec


def test_a_worker_reads_no_other_file(secret):
    """Asked for a run on it, the run says so and shows nothing of the file."""
    changes = {"target": of_points(secret), "energy": {"kind": "mlp"}}
    hub = Hub(patient(workers=1))
    try:
        hub.start()
        token = hub.open(small_spec(**changes), play=False)
        notice = wait_for(lambda: hub.view(token).notice)
        assert notice == "target: The file with the points is not one that was uploaded here."
    finally:
        hub.stop()
