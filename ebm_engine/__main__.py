"""Headless EBM Lab: `python -m ebm_engine train PRESET …`, `presets`, `schema`.

Exit codes: 0 done (also when a run diverged and said so), 2 bad input with one sentence on stderr,
130 interrupted, with what was done so far saved.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from ebm_engine.runs.presets import ORDER, preset, presets
from ebm_engine.runs.spec import METHODS, RunSpec, SpecError, parse_spec, with_value

MAX_SPEC_BYTES = 5_000_000


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SpecError(message)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        options = _parser().parse_args(arguments)
        return COMMANDS[options.command](options)
    except SpecError as error:
        print(f"ebm_engine: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m ebm_engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train one model and write what happened")
    train.add_argument("preset", help="name of a preset or path of a spec file (JSON)")
    train.add_argument("--method", choices=tuple(METHODS), help="training method")
    train.add_argument("--seed", type=int, help="seed of all random numbers")
    train.add_argument("--updates", type=int, help="number of parameter updates")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change one field of the spec, for example sampler.step_size=0.2",
    )
    train.add_argument("--out", help="where to write run.json")
    train.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where to compute")
    commands.add_parser("presets", help="list the presets")
    commands.add_parser("schema", help="print the JSON schema of a spec")
    return parser


def _train(options: argparse.Namespace) -> int:
    spec, updates = _spec(options)
    # torch takes seconds to import; most bad input is told before.
    from tqdm import tqdm

    from ebm_engine.runs.train import check, train

    check(spec, updates)
    target = _writable(options.out)
    with tqdm(total=updates, unit="update", file=sys.stderr, delay=0.2) as bar:
        result = train(spec, updates, progress=lambda run: bar.update())
    if target:
        target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(_summary(result))
    return 130 if result["interrupted"] else 0


def _spec(options: argparse.Namespace) -> tuple[RunSpec, int]:
    """The spec and number of updates that the options ask for."""
    if options.preset in ORDER:
        chosen = preset(options.preset)
        spec, updates = chosen.spec, chosen.updates
    else:
        spec, updates = _read_spec(Path(options.preset)), 2000
    if options.method:
        spec = with_value(spec, "method.kind", options.method)
    for field in ("seed", "device"):
        if getattr(options, field) is not None:
            spec = with_value(spec, field, getattr(options, field))
    for change in options.set:
        path, equals, text = change.partition("=")
        if not equals:
            raise SpecError(f"--set {change!r} is not of the form field=value")
        spec = with_value(spec, path, _value(text))
    return spec, updates if options.updates is None else options.updates


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_spec(path: Path) -> RunSpec:
    if not path.is_file():
        raise SpecError(f"{str(path)!r} is neither a preset ({', '.join(ORDER)}) nor a file")
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            raise SpecError(f"{path} is larger than {MAX_SPEC_BYTES} bytes")
        return parse_spec(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{path} cannot be read as JSON: {error}") from None


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


def _summary(result: dict[str, Any]) -> str:
    """A few lines on what came out."""
    history, final = result["history"], result["final"]
    lines = [f"{result['spec']['method']['kind']}, update {history['step'][-1]}"]
    if result["diverged"]:
        lines.append(f"diverged: {result['diverged']['message']}")
    for name in ("kl_exact", "kl_data", "kl_estimate", "kl_witness"):
        value = history[name][-1]
        if value is not None:
            lines.append(f"{name:12} {value:.4f} nats")
    for name, masses in final["mode_mass"].items():
        lines.append(f"mass {name:8}" + " ".join(f"{100 * m:6.2f} %" for m in masses))
    lines.append(f"{result['timing']['updates_per_second']:.0f} updates/s on {result['device']}")
    return "\n".join(lines)


def _presets(options: argparse.Namespace) -> int:
    for name, item in presets().items():
        print(f"{name:14} {item.title} ({item.updates} updates)\n{'':14} {item.story}")
    return 0


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(RunSpec.model_json_schema(), indent=2))
    return 0


COMMANDS = {"train": _train, "presets": _presets, "schema": _schema}

if __name__ == "__main__":
    sys.exit(main())
