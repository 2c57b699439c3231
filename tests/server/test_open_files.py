"""Open files, in processes that have a limit of their own."""

from __future__ import annotations

import subprocess
import sys

START = "import resource; from ebm_engine.server import open_files as f; import os; "
ROW = "resource.getrlimit(resource.RLIMIT_NOFILE)"


def said(limits: str, code: str) -> str:
    """What Python code prints under soft and hard limits of open files."""
    command = f"{START}resource.setrlimit(resource.RLIMIT_NOFILE, {limits}); {code}"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_limit_is_raised_as_far_as_the_process_may():
    """From the 256 of macOS to the hard limit; one that is equal or higher already stays."""
    code = f"f.raise_limit(); print({ROW}[0], f.limit())"
    assert said("(256, 2000)", code) == "2000 2000"
    assert said("(256, 256)", code) == "256 256"
    assert said("(700, 2000)", code) == "2000 2000"


def test_it_is_said_when_nearly_all_are_open():
    """At four fifths of the limit, 80 of 100; not at 70."""
    code = "a = [open(os.devnull) for _ in range({})]; print(f.shortage())"
    assert said("(100, 100)", code.format(60)) == ""
    assert "may have 100, so new tabs may fail" in said("(100, 100)", code.format(80))
