"""EBM Lab without a browser: `ebm-lab`, or `python -m ebm_engine`, and one of the commands below.

Exit codes: 0 done (also when a run diverged, which the output says), 1 a worker process died, 2 bad
input, with one sentence on stderr, 130 interrupted, with what was finished saved.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from ebm_engine.batch.backends import StudyError
from ebm_engine.cli import sweep as sweep
from ebm_engine.cli.options import OUT_HELP, WORKERS_HELP, add_spec_options, spec_of
from ebm_engine.cli.report import check_ais, interrupted, summary
from ebm_engine.reproduce.studies import STUDIES
from ebm_engine.reproduce.study import Job, Options, kept
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import image_presets, presets
from ebm_engine.spec.run_spec import RunSpec, SpecError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SpecError(message)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        options = _parser().parse_args(arguments)
        return COMMANDS[options.command](options)
    except (SpecError, StudyError) as error:
        print(f"ebm-lab: {error}", file=sys.stderr)
        return 2 if isinstance(error, SpecError) else 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ebm-lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser(
        "train", help="train one model and write its history and final numbers"
    )
    train.add_argument("preset", help="name of a preset or path of a spec file (JSON)")
    train.add_argument("--method", choices=tuple(METHODS), help="training method")
    train.add_argument("--out", help="file to write the results to, as JSON")
    train.add_argument(
        "--ais",
        action="store_true",
        help="measure log Z and the class masses of an image model at the end, by annealed walkers",
    )
    add_spec_options(train)
    reproduce = commands.add_parser("reproduce", help="train the runs of a study, make its table")
    reproduce.add_argument("study", choices=tuple(STUDIES), help="which study")
    reproduce.add_argument(
        "--out",
        required=True,
        help=OUT_HELP,
    )
    reproduce.add_argument("--seeds", type=int, help="number of seeds of each method")
    reproduce.add_argument("--updates", type=int, help="parameter updates of each run")
    reproduce.add_argument("--workers", type=int, help=WORKERS_HELP)
    sweep.add_command(commands)
    fetch = commands.add_parser("fetch", help="download a data set into the user's cache")
    fetch.add_argument("data", choices=("mnist",), help="which data set")
    commands.add_parser("presets", help="list the presets")
    commands.add_parser("schema", help="print the JSON schema of a spec")
    return parser


def _train(options: argparse.Namespace) -> int:
    spec, updates = spec_of(options)
    # torch takes seconds to import; most bad input is reported before.
    from tqdm import tqdm

    from ebm_engine.run.headless import check, train

    check(spec, updates)
    if options.ais:
        check_ais(spec, updates)
    target, last = _writable(options.out), []
    with tqdm(total=updates, unit="update", file=sys.stderr, delay=0.2) as bar:

        def look(run: Any) -> None:
            last[:] = [run]
            bar.update()

        result = train(spec, updates, progress=look)
    if options.ais and last:
        from ebm_engine.studies.ais import summarised

        result["final"] |= summarised(last[0])
    if target:
        target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(summary(result))
    return 130 if result["interrupted"] else 0


def _writable(name: str | None) -> Path | None:
    """The path of the result, tried before hours of training depend on it."""
    if name is None:
        return None
    path = Path(name)
    try:
        with path.open("a", encoding="utf-8"):
            return path
    except OSError as error:
        raise SpecError(f"--out {name!r} cannot be written: {error.strerror}") from None


def _reproduce(options: argparse.Namespace) -> int:
    """Train the runs of a study that are missing, then write and print its results."""
    study, folder = STUDIES[options.study], Path(options.out)
    jobs = study.runs(Options(options.seeds, options.updates))
    try:
        found, written = _study(options.study, jobs, folder, options.workers)
    except KeyboardInterrupt:
        sentence = interrupted(kept(jobs, folder), len(jobs), folder)
        print(f"ebm-lab: {sentence}", file=sys.stderr)
        return 130
    print(found)
    print("\nWritten: " + ", ".join(map(str, written)))
    return 0


def _study(name: str, jobs: list[Job], folder: Path, workers: int | None) -> tuple[str, list[Path]]:
    """The tables of a study in Markdown, and the files written."""
    from tqdm import tqdm

    from ebm_engine.batch.folder import write_text
    from ebm_engine.reproduce.engine import train_all
    from ebm_engine.reproduce.output import report, write_numbers

    total = sum(job.updates for job in jobs)
    with tqdm(total=total, unit="update", file=sys.stderr, delay=0.2) as bar:
        results = train_all(jobs, folder, workers, bar.update)
    study = STUDIES[name]
    found = study.summary(results)
    written = write_numbers(name, study, results, found, folder)
    if find_spec("plotly") is None:
        print("no figure: pip install 'ebm-lab[figures]' draws it from the runs", file=sys.stderr)
        return report(found), written
    from ebm_engine.views.many_runs.reproduce import self_contained, study_figure

    figure = study_figure(study.title, found.panels, study.columns)
    drawn = {".figure.json": figure.to_json(), ".html": self_contained(figure, name)}
    for ending, text in drawn.items():
        written.append(folder / f"{name}{ending}")
        write_text(written[-1], text)
    return report(found), written


def _sweep(options: argparse.Namespace) -> int:
    """Train the cells of a sweep that are missing, then write and print their table."""
    code, text = sweep.run_command(options)
    print(text, file=sys.stderr if code else sys.stdout)
    return code


def _fetch(options: argparse.Namespace) -> int:
    """Download MNIST where it is missing."""
    from tqdm import tqdm

    from ebm_engine.jobs.fetch_mnist import brought

    with tqdm(unit="B", unit_scale=True, file=sys.stderr, delay=0.2) as bar:

        def look(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        found = brought(look)
    print(f"MNIST is on this machine: {found['train']} training and {found['test']} test images")
    return 0


def _presets(options: argparse.Namespace) -> int:
    for name, item in (presets() | image_presets()).items():
        print(f"{name:14} {item.title} ({item.updates} updates)\n{'':14} {item.story}")
    return 0


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(RunSpec.model_json_schema(), indent=2))
    return 0


COMMANDS = {
    "train": _train,
    "reproduce": _reproduce,
    "sweep": _sweep,
    "fetch": _fetch,
    "presets": _presets,
    "schema": _schema,
}

if __name__ == "__main__":
    sys.exit(main())
