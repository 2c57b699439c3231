"""The options that change a spec, and the spec that they give."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ebm_engine.spec.presets import IMAGE_ORDER, ORDER, preset
from ebm_engine.spec.recommended import complete_spec, with_choices
from ebm_engine.spec.run_spec import RunSpec, SpecError

MAX_SPEC_BYTES = 5_000_000
OUT_HELP = "folder of the results; runs that it already holds are not trained again"
WORKERS_HELP = "number of processes on this machine; by default one per core"
PRESETS = (*ORDER, *IMAGE_ORDER)


def add_spec_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that change the spec of a preset or file."""
    parser.add_argument("--seed", type=int, help="seed of all random numbers of the run")
    parser.add_argument("--updates", type=int, help="number of parameter updates")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change one field of the spec, for example sampler.step_size=0.2; may be repeated",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where to compute")


def spec_of(options: argparse.Namespace) -> tuple[RunSpec, int]:
    """The spec and number of updates that the options give; raises SpecError on a bad one."""
    if options.preset in PRESETS:
        chosen = preset(options.preset)
        spec, updates = chosen.spec, chosen.updates
    else:
        spec, updates = _read_spec(Path(options.preset)), 2000
    named = {"method.kind": options.method, "seed": options.seed, "device": options.device}
    choices: dict[str, Any] = {path: value for path, value in named.items() if value is not None}
    for change in options.set:
        path, equals, text = change.partition("=")
        if not equals:
            raise SpecError(f"--set {change!r} is not of the form FIELD=VALUE")
        choices[path] = value_of(text)
    spec = with_choices(spec, choices)
    return spec, updates if options.updates is None else options.updates


def value_of(text: str) -> Any:
    """A value read as JSON, or the text itself where it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_spec(path: Path) -> RunSpec:
    if not path.is_file():
        raise SpecError(f"{str(path)!r} is neither a preset ({', '.join(PRESETS)}) nor a file")
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            raise SpecError(f"{path} is larger than {MAX_SPEC_BYTES} bytes")
        return complete_spec(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{path} cannot be read as JSON: {error}") from None
