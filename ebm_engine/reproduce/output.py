"""What a study leaves in its folder: NAME.json with everything and NAME.csv with its numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ebm_engine.batch.folder import RUNS, write_text
from ebm_engine.reproduce.study import Result, Study, Summary
from ebm_engine.reproduce.tables import markdown, numbers_csv


def write_numbers(
    name: str, study: Study, results: list[Result], found: Summary, folder: Path
) -> list[Path]:
    """Write JSON and CSV and return their paths; raises SpecError when one cannot be written."""
    content = {
        "study": name,
        "title": study.title,
        "tables": [table._asdict() for table in found.tables],
        "numbers": [number._asdict() for number in found.numbers],
        "notes": found.notes,
        "figure": {"columns": study.columns, "panels": found.panels},
        "runs": [_run(result) for result in results],
    }
    texts = {
        folder / f"{name}.json": json.dumps(plain(content), indent=1, allow_nan=False) + "\n",
        folder / f"{name}.csv": numbers_csv(found.numbers),
    }
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def report(found: Summary) -> str:
    """Tables and notes in Markdown."""
    return "\n\n".join([*map(markdown, found.tables), *found.notes])


def plain(value: Any) -> Any:
    """JSON values of nested containers: arrays become lists, what is not finite becomes None."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _run(result: Result) -> dict[str, Any]:
    job = result.job
    return {
        "file": f"{RUNS}/{job.key}.json",
        "group": job.group,
        "row": job.row,
        "updates": job.updates,
        "spec": result.run["spec"],
        "diverged": result.run["diverged"],
        "final": result.run["final"],
        "source": "EBM Lab",
    }
