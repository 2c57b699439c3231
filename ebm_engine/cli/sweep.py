"""The command `sweep`: its options, the sweep that they give, its files and its table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ebm_engine.batch.backends import BACKENDS
from ebm_engine.cli.options import OUT_HELP, WORKERS_HELP, add_spec_options, spec_of, value_of
from ebm_engine.cli.report import interrupted
from ebm_engine.reproduce.study import Table
from ebm_engine.reproduce.tables import MISSING, markdown
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.sweep.numbers import QUANTITIES, Found, as_csv, grids, lines
from ebm_engine.sweep.sweep_spec import SweepSpec, parse_sweep, spaced

DIGITS = {"kl": ".4f", "mass_error": ".4f", "ess": ".3f", "ancestors": ".0f"}
VALUES = "FIELD=V1,V2,… or FIELD=LOW:HIGH:COUNT, or FIELD=LOW:HIGH:COUNT:log for equal factors"


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to a parser."""
    parser = commands.add_parser("sweep", help="train over two knobs, several methods and seeds")
    parser.add_argument("--preset", required=True, help="name of a preset or path of a spec file")
    parser.add_argument("--x", required=True, metavar="FIELD=VALUES", help=VALUES)
    parser.add_argument("--y", required=True, metavar="FIELD=VALUES", help="the second knob")
    parser.add_argument("--methods", help="methods, separated by commas")
    parser.add_argument("--seeds", type=int, default=1, help="seeds of each cell, from --seed on")
    parser.add_argument(
        "--out",
        required=True,
        help=OUT_HELP,
    )
    parser.add_argument("--backend", choices=BACKENDS, default="loky", help="what trains the cells")
    parser.add_argument("--workers", type=int, help=WORKERS_HELP)
    parser.add_argument("--address", default="", help="address of a running Dask or Ray cluster")
    add_spec_options(parser)
    parser.set_defaults(method=None)


def run_command(options: argparse.Namespace) -> tuple[int, str]:
    """Train the cells that are missing; the exit code, and the table or the interruption.

    Raises SpecError on bad input, StudyError when a worker process dies.
    """
    sweep, folder = sweep_of(options), Path(options.out)
    found: Found = {}
    try:
        _train(sweep, folder, options, found)
    except KeyboardInterrupt:
        return 130, f"ebm-lab: {interrupted(len(found), sweep.count, folder)}"
    table = markdown(table_of(sweep, found))
    written = _write(sweep, found, folder, table)
    return 0, f"{table}\n\nWritten: {', '.join(map(str, written))}"


def sweep_of(options: argparse.Namespace) -> SweepSpec:
    """The sweep that the options give; raises SpecError on anything wrong."""
    base, updates = spec_of(options)
    methods = options.methods.split(",") if options.methods else [base.method.kind]
    return parse_sweep(
        {
            "preset": options.preset,
            "base": base,
            "x": _axis("--x", options.x),
            "y": _axis("--y", options.y),
            "methods": [name.strip() for name in methods],
            "seeds": options.seeds,
            "updates": updates,
        }
    )


def _axis(option: str, text: str) -> dict[str, object]:
    path, equals, values = text.partition("=")
    if not (path and equals and values):
        raise SpecError(f"{option} {text!r} is not of the form {VALUES}")
    parts = values.split(":")
    if len(parts) == 1:
        return {"path": path, "values": [value_of(v.strip()) for v in values.split(",")]}
    log = parts[-1] == "log"
    try:
        low, high, count = parts[: len(parts) - log]
        whole = "." not in low + high
        found = spaced(float(low), float(high), int(count), log=log, whole=whole)
    except ValueError as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{option} {text!r} is not of the form {VALUES}") from None
    return {"path": path, "values": found}


def _train(sweep: SweepSpec, folder: Path, options: argparse.Namespace, found: Found) -> None:
    """Fill `found`, which grows cell by cell, so that an interruption can count them."""
    # These take seconds to import; most bad input is reported before.
    from tqdm import tqdm

    from ebm_engine.sweep.engine import run_sweep

    looks = run_sweep(
        sweep, folder, backend=options.backend, workers=options.workers, address=options.address
    )
    with tqdm(total=sweep.count, unit="cell", file=sys.stderr, delay=0.2) as bar:
        for look in looks:
            found |= look
            bar.update(len(found) - bar.n)


def table_of(sweep: SweepSpec, found: Found) -> Table:
    """One row per place: the medians over the seeds, and why seeds have no number."""
    names = [f"{q.title} ({q.unit})" for q in QUANTITIES.values()]
    rows = []
    for method, grid in grids(sweep, found).items():
        for row, y in enumerate(sweep.y.values):
            for column, x in enumerate(sweep.x.values):
                at = (row, column)
                numbers = [_shown(grid.values[n][at], form) for n, form in DIGITS.items()]
                note = grid.problem[at]
                if grid.diverged[at]:
                    note = f"{grid.diverged[at]} of {grid.done[at]} diverged"
                rows.append((method, str(x), str(y), *numbers, note))
    title = f"Medians over {sweep.seeds} seeds at update {sweep.updates}"
    return Table(title, ("method", sweep.x.path, sweep.y.path, *names, "note"), rows)


def _shown(value: float, form: str) -> str:
    return MISSING if value != value else f"{value:{form}}"  # NaN is not equal to itself


def _write(sweep: SweepSpec, found: Found, folder: Path, table: str) -> list[Path]:
    """Write the sweep as JSON, CSV and Markdown, and return the paths."""
    from ebm_engine.batch.folder import write_text
    from ebm_engine.reproduce.output import plain

    rows = lines(sweep, found)
    content = {"sweep": sweep.model_dump(mode="json"), "cells": rows}
    texts = {
        folder / "results.json": json.dumps(plain(content), indent=1, allow_nan=False) + "\n",
        folder / "results.csv": as_csv(rows),
        folder / "results.md": table + "\n",
    }
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)
