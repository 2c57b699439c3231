"""Small trained image models, for the studies that look at them."""

from __future__ import annotations

from functools import cache
from typing import Any

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec


def image_run(updates: int = 0, **changes: Any) -> Run:
    """A run on the 8 × 8 digits 0 and 1, six components, 200 walkers."""
    content = {
        "target": {"kind": "digits", "classes": [0, 1], "counts": [60, 30]},
        "energy": {"kind": "mlp", "width": 16, "base_std": 1.2, "dim": 6},
        "sampler": {"step_size": 0.02},
        "walkers": {"count": 200},
        "optimizer": {"kind": "adam", "lr": 0.003, "batch": 30},
    }
    for name, value in changes.items():
        content[name] = content[name] | value if isinstance(value, dict) else value
    run = Run(parse_spec(content))
    for _ in range(updates):
        run.advance()
    return run


@cache
def checkpoint(updates: int = 150, classes: tuple[int, ...] = (0, 1), dim: int = 6) -> bytes:
    """The checkpoint of such a run, trained."""
    target = {"classes": list(classes), "counts": [40] * len(classes)}
    return image_run(updates, target=target, energy={"dim": dim}).save()
