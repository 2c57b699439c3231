"""Small image runs for the tests."""

from __future__ import annotations

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec, with_value

SMALL = {"target": {"kind": "digits"}, "energy": {"kind": "mlp", "width": 16}}
SMALL |= {"walkers": {"count": 80}, "sampler": {"step_size": 0.01}}
PIXELS = SMALL | {"energy": {"kind": "cnn", "hidden": 4, "space": "pixels"}}


def spec(content=SMALL, **changes):
    found = parse_spec(content)
    for path, value in changes.items():
        found = with_value(found, path.replace("__", "."), value)
    return found


def played(run_spec, updates):
    run = Run(run_spec)
    for _ in range(updates):
        run.advance()
    return run
