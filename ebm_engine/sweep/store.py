"""The finished cells of sweeps: one small JSON file each, named by what defines the run.

A file is there whole or not at all, so a sweep that was stopped goes on with what is missing, and
two sweeps that share cells share the work.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from ebm_engine.batch.folder import RUNS, path_of
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.sweep.numbers import refused
from ebm_engine.sweep.sweep_spec import Cell

MAX_KEPT = 20_000  # files of a server; the oldest go first


def recall(cell: Cell, folder: Path) -> dict[str, Any] | None:
    """The numbers of a cell that is done, None for one that is not.

    Raises SpecError when its file cannot be read or is that of another run.
    """
    path = path_of(cell, folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        numbers = {name: content["numbers"][name] for name in refused("")}
        if content["key"] != cell.key:
            raise ValueError("it is of another run")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(f"{path} cannot be read ({error}), remove it to train it again") from None
    return numbers


def content_of(cell: Cell, numbers: dict[str, Any]) -> str:
    """What the file of a cell holds; raises ValueError for one that cannot be run."""
    if cell.spec is None:
        raise ValueError(cell.problem)
    spec = cell.spec.model_dump(mode="json")
    content = {"key": cell.key, "updates": cell.updates, "spec": spec, "numbers": numbers}
    return json.dumps(content, allow_nan=False) + "\n"


@cache
def server_folder() -> Path:
    """Where the sweeps of this process keep their cells; it goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="ebm-lab-sweeps-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def trim(folder: Path, limit: int = MAX_KEPT) -> None:
    """Remove the oldest finished cells beyond `limit`."""
    files = sorted((folder / RUNS).glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - limit)]:
        path.unlink(missing_ok=True)
