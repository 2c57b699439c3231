"""A sweep as a background job of the server: its arguments and its steps.

It leaves one core of the machine to the live runs, where there is more than one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import Field

from ebm_engine.server.limits import Limits
from ebm_engine.spec.fields import Block
from ebm_engine.sweep.sweep_spec import SweepSpec

REPORT_SECONDS = 0.25  # between two results on the way


class SweepJob(Block):
    """A sweep and the folder of its cells; the folder is the server's, never a visitor's."""

    sweep: SweepSpec
    folder: str = Field(min_length=1)


def steps(job: SweepJob) -> Iterator[tuple[float, dict[str, Any] | None]]:
    """Share of the cells that are done, and the phase diagrams so far by method.

    Raises SpecError when the folder cannot be used, RuntimeError when a process dies.
    """
    # Here, because these import what only the helper process needs.
    from ebm_engine.sweep.engine import run_sweep
    from ebm_engine.sweep.numbers import grids
    from ebm_engine.sweep.store import trim

    sweep, folder, reported = job.sweep, Path(job.folder), 0.0
    trim(folder)
    with closing(run_sweep(sweep, folder, workers=max(1, (Limits().workers or 1) - 1))) as looks:
        for found in looks:
            if time.monotonic() - reported > REPORT_SECONDS or len(found) == sweep.count:
                reported = time.monotonic()
                yield len(found) / sweep.count, {"grids": grids(sweep, found)}
