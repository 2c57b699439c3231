"""Folders and files of results: made, written aside and renamed."""

from __future__ import annotations

import os
from pathlib import Path

from ebm_engine.spec.run_spec import SpecError

RUNS = "runs"  # folder of the runs of a study, within its own


class StudyError(RuntimeError):
    """A study that could not be finished; the message is one sentence."""


def make_room(folder: Path) -> None:
    """Make the folder of a study if need be; raises SpecError when it cannot be."""
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"--out {str(folder)!r} cannot be used: {error.strerror}") from None


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all; raises SpecError when it cannot be."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SpecError(f"{str(path)!r} cannot be written: {error.strerror}") from None
