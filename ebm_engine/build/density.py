"""From a target block to the true density it declares."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, cast

from ebm_engine.data.densities import Density
from ebm_engine.spec.blocks import PointTarget
from ebm_engine.spec.run_spec import SpecError


def density_of(target: PointTarget) -> Density:
    """The density on the plane of a target.

    Raises SpecError when own points cannot be read or a shape is too thin for its extent.
    """
    try:
        # An own file may change between two runs; every other block says it all.
        return target.density() if target.own_file else _known_density_of(cast(Hashable, target))
    except ValueError as error:
        raise SpecError(f"target: {error}") from None


@lru_cache(maxsize=16)
def _known_density_of(target: Any) -> Density:
    """Made once: a rewind and a reset of a run need it again, and a curve takes half a second."""
    return target.density()
