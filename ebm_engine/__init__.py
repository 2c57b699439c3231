"""EBM Lab's engine: energy-based models trained with exact answers beside every estimate.

>>> from ebm_engine import RunSpec, train
>>> result = train(RunSpec(), updates=2000)
>>> result["final"]["mode_mass"]["model"]

These names stay where they are, whatever moves below: scripts that people keep import them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ebm_engine.spec.edit import parse_spec, with_changes, with_value
from ebm_engine.spec.presets import preset, presets
from ebm_engine.spec.run_spec import RunSpec, SpecError

if TYPE_CHECKING:
    from ebm_engine.files.script import numbers_of
    from ebm_engine.run.headless import train
    from ebm_engine.run.run import Run, prepare_process

__all__ = [
    "Run",
    "RunSpec",
    "SpecError",
    "numbers_of",
    "parse_spec",
    "prepare_process",
    "preset",
    "presets",
    "train",
    "with_changes",
    "with_value",
]
# Imported on first use: the server process must stay free of torch.
LATE = {
    "Run": "ebm_engine.run.run",
    "numbers_of": "ebm_engine.files.script",
    "prepare_process": "ebm_engine.run.run",
    "train": "ebm_engine.run.headless",
}


def __getattr__(name: str) -> Any:
    if name in LATE:
        return getattr(import_module(LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
