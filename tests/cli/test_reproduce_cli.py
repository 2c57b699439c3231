"""`python -m ebm_engine reproduce`: bad input, interruption and what lies in the folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.cli_tools import children, ebm, listen_to_ctrl_c, refused
from tests.server.hub_tools import wait_for


def test_a_study_uses_a_folder_and_at_least_one_worker(tmp_path):
    """--out must not be a file, --workers not 0; nothing is trained before that is known."""
    file = tmp_path / "file"
    file.write_text("")
    assert "cannot be used" in refused("reproduce", "mass1d", "--out", str(file))
    out = str(tmp_path / "out")
    assert "workers = 0" in refused("reproduce", "mass1d", "--out", out, "--workers", "0")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.slow
def test_an_interrupted_study_goes_on_where_it_was(tmp_path):
    """Two processes: Ctrl-C after the first finished run exits with 130; then only the rest."""
    arguments = ("reproduce", "mass1d", "--updates", "3000", "--out", str(tmp_path))
    command = [sys.executable, "-m", "ebm_engine", *arguments, "--workers", "2"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )
    try:
        end = time.monotonic() + 100
        while not list(tmp_path.glob("runs/*.json")) and time.monotonic() < end:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes of the command
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "of 3 runs are finished and kept" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    first = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*.json")}
    assert 1 <= len(first) <= 2
    done = ebm(*arguments, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "| weighted ULA | 0 | 1.38" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in first} == first
    endings = {path.name for path in tmp_path.iterdir()}
    assert endings == {"runs"} | {f"mass1d.{e}" for e in ("json", "csv", "figure.json", "html")}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_worker_is_one_sentence(tmp_path):
    """Exit code 1, no traceback, no remains of the run that it was at."""
    arguments = ("reproduce", "mass1d", "--updates", "1000000", "--out", str(tmp_path))
    command = [sys.executable, "-m", "ebm_engine", *arguments, "--workers", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: len(children(process.pid)) >= 2, 60.0)
        time.sleep(2.0)  # they load the maths, or train already
        os.kill(children(process.pid)[-1], signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "ebm-lab: a worker process died; the finished runs are kept"
    assert "Traceback" not in errors
    assert list((tmp_path / "runs").iterdir()) == []
