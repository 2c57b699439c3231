"""The folder of a study or sweep: one file for each run, named by all that defines the run.

A file is there whole or not at all, so what was interrupted goes on with what is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ebm_engine.spec.run_spec import SpecError
from ebm_engine.writing.whole_file import write_whole

RUNS = "runs"  # folder of the runs, within that of their study


class Keyed(Protocol):
    """A run that is to be trained; key: the same for the same run."""

    @property
    def key(self) -> str: ...


def path_of(run: Keyed, folder: Path) -> Path:
    """The file of a run in the folder of its study."""
    return folder / RUNS / f"{run.key}.json"


def make_room(folder: Path) -> None:
    """Make the folder of a study if need be; raises SpecError when it cannot be made."""
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"--out {str(folder)!r} cannot be used: {error.strerror}") from None


def write_text(path: Path, text: str) -> None:
    """Write a whole file; raises SpecError when it cannot be written."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise SpecError(f"{str(path)!r} cannot be written: {error.strerror}") from None
