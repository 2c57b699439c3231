"""EBM Lab's engine: energy-based models trained with exact answers beside every estimate.

>>> from ebm_engine import RunSpec, train
>>> result = train(RunSpec(), updates=2000)
>>> result["final"]["mode_mass"]["model"]
"""

from __future__ import annotations

from typing import Any

from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.spec.presets import preset, presets
from ebm_engine.spec.run_spec import RunSpec, SpecError

__all__ = ["RunSpec", "SpecError", "parse_spec", "preset", "presets", "train", "with_value"]


def __getattr__(name: str) -> Any:
    # The server process must stay free of torch, so the trainer is imported on first use.
    if name == "train":
        from ebm_engine.run.headless import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
