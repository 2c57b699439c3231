"""Open files: every tab and every worker of the server holds some, and the system sets a limit."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

try:
    import resource
except ModuleNotFoundError:  # Windows has no such limit
    resource = None

ENOUGH = 65_536
LARGEST_OF_MACOS = 10_240  # also where the system calls the limit infinite
NEAR = 0.8  # share of the limit
LISTS = (Path("/proc/self/fd"), Path("/dev/fd"))  # of this process: Linux, macOS

LOG_SECONDS = 60.0  # between two warnings in the log

log = logging.getLogger(__name__)
_logged_at = -LOG_SECONDS


def raise_limit() -> None:
    """Let this process and its children open as many files as they are allowed to ask for."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (ENOUGH, LARGEST_OF_MACOS):
        goal = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= goal:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (goal, hard))
            return
        except (ValueError, OSError):
            continue


def limit() -> int:
    """How many files this process may have open."""
    if resource is None:
        return ENOUGH
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def shortage() -> str:
    """One sentence when nearly all files that may be open are, else ""; now and then in the log."""
    global _logged_at
    folder = next((folder for folder in LISTS if folder.exists()), None)
    count = len(os.listdir(folder)) if folder else 0
    if count < NEAR * limit():
        return ""
    sentence = (
        f"This server has {count} files open and may have {limit()}, so new tabs may fail: close "
        "tabs that nobody needs, or start it with a higher limit (ulimit -n)."
    )
    if time.monotonic() - _logged_at >= LOG_SECONDS:
        _logged_at = time.monotonic()
        log.warning(sentence)
    return sentence
