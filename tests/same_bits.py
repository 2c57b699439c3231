"""Every bit of what some runs come to, for comparing one tree of the engine with another.

`python -P tests/same_bits.py presets` prints the full spec of each preset. `… train` reads cases by
name, {"spec": …, "updates": …} or {"file": a run file, "updates": …}, from its standard input,
trains the specs, lets the runs of the files go on, and prints what each has come to: the numbers of
all recorded rows, the facts of a checkpoint, and the SHA-256 of each of its tensors. It uses only
what `ebm_engine` itself offers, so that it runs on any tree: the one that PYTHONPATH names.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ebm_engine
from ebm_engine import parse_spec, preset, train

ROOT = Path(ebm_engine.__file__).parents[1]
NOT_NUMBERS = ("spec", "origin", "marks", "columns")  # facts that may say the same in other words


def presets() -> dict[str, Any]:
    """The full spec of each preset by its name."""
    names = sorted(path.stem for path in (ROOT / "assets" / "presets").glob("*.json"))
    return {name: preset(name).spec.model_dump(mode="json") for name in names}


def trained(spec: dict[str, Any], updates: int) -> tuple[Any, dict[str, Any]]:
    """The run itself and what run.json holds of it."""
    last: list[Any] = [None]

    def look(run: Any) -> None:
        last[0] = run

    result = train(parse_spec(spec), updates, progress=look)
    return last[0], result


def gone_on(file: str, updates: int) -> Any:
    """The run of a run file some updates later."""
    run_type = type(trained({}, 1)[0])
    run = run_type.load(Path(file).read_bytes())
    for _ in range(updates):
        run.advance()
    return run


def bits(run: Any) -> dict[str, Any]:
    """What a checkpoint of the run holds: facts, and tensors as their SHA-256."""
    import safetensors.torch

    content = run.save()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    facts = json.loads(header["__metadata__"]["run"])
    tensors = safetensors.torch.load(content)
    return {
        "facts": {name: value for name, value in facts.items() if name not in NOT_NUMBERS},
        "tensors": {
            name: f"{tensor.dtype} {tuple(tensor.shape)} "
            f"{hashlib.sha256(tensor.numpy().tobytes()).hexdigest()}"
            for name, tensor in tensors.items()
            if name != "history"  # by the names of its columns, which may become more
        },
        "history": {
            name: column.tolist()
            for name, column in run.snapshot(playing=False, updates_per_second=0.0).history.items()
        },
    }


def outcome(asked: dict[str, Any]) -> dict[str, Any]:
    """What one case comes to."""
    if "file" in asked:
        return bits(gone_on(asked["file"], asked["updates"]))
    run, result = trained(asked["spec"], asked["updates"])
    return bits(run) | {"final": result["final"], "mass_model": result["history"]["mass_model"]}


def in_hex(value: Any) -> Any:
    """The same with every float as the text of all its bits."""
    if isinstance(value, dict):
        return {name: in_hex(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [in_hex(part) for part in value]
    return value.hex() if isinstance(value, float) else value


def differing(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """The places where `new` lacks what `old` has; what it has besides is no difference."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, part in old.items():
            yield from differing(part, new.get(name), f"{where}.{name}".lstrip("."))
    elif old != new:
        yield f"{where}: {old} became {new}"


if __name__ == "__main__":
    if sys.argv[1] == "presets":
        found = presets()
    else:
        found = in_hex({case: outcome(asked) for case, asked in json.load(sys.stdin).items()})
    json.dump({"tree": str(ROOT), "found": found}, sys.stdout)
