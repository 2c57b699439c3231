"""The command line in a fresh interpreter."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any


def ebm(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """One command in a fresh interpreter."""
    command = [sys.executable, "-m", "ebm_engine", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def listen_to_ctrl_c() -> None:
    """For a child process: Ctrl-C reaches it also where this shell has its jobs ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def refused(*arguments: str) -> str:
    """The one sentence of a command that must exit with 2."""
    done = ebm(*arguments)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("ebm-lab: ")
    assert done.stdout == ""
    return lines[0]


def children(pid: int) -> list[int]:
    """Process ids of the children of a process, by /proc."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []
