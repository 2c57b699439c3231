"""From a target block to the true density it names."""

from __future__ import annotations

from functools import lru_cache

import torch

from ebm_engine.data import cloud, curves, densities, shapes
from ebm_engine.data.points import read_points
from ebm_engine.spec import targets
from ebm_engine.spec.fields import Block
from ebm_engine.spec.mixtures import MixtureTarget
from ebm_engine.spec.run_spec import SpecError


def density_of(target: Block) -> densities.Density:
    """The density on the plane of a target.

    Raises SpecError when own points cannot be read or a shape is too thin for its extent.
    """
    # The file of own points may change between two runs; every other block says it all.
    make = _density_of if isinstance(target, targets.Points) else _known_density_of
    try:
        return make(target)
    except ValueError as error:
        raise SpecError(f"target: {error}") from None


@lru_cache(maxsize=16)
def _known_density_of(target: Block) -> densities.Density:
    """Made once: a rewind and a reset of a run need it again, and a curve takes half a second."""
    return _density_of(target)


def _density_of(target: Block) -> densities.Density:
    match target:
        case MixtureTarget():
            means = torch.tensor(target.means, dtype=torch.float64)
            masses = torch.tensor(target.masses, dtype=torch.float64)
            return densities.mixture(means, masses, stds_of(target))
        case targets.Ring():
            return densities.ring(target.modes, target.radius, target.std, target.ratio)
        case targets.Grid():
            return densities.grid(target.side, target.spacing, target.std)
        case targets.Moons():
            return curves.moons(target.upper, target.noise)
        case targets.Spirals():
            return curves.spirals(target.arms, target.turns, target.noise)
        case targets.SwissRoll():
            return curves.swiss_roll(target.noise)
        case targets.Checkerboard():
            return shapes.checkerboard()
        case targets.Pinwheel():
            return shapes.pinwheel(target.arms, target.radial, target.tangential, target.rate)
        case targets.Points():
            return _own_points(target.path)


def stds_of(target: MixtureTarget) -> torch.Tensor:
    """The standard deviations (J,) float64 of a mixture's modes, 1 where none are given."""
    return torch.tensor(target.stds or [1.0] * len(target.means), dtype=torch.float64)


def _own_points(path: str) -> densities.Density:
    if not path:
        raise ValueError("path is empty, and own points need a CSV file of two columns")
    return cloud.points(torch.from_numpy(read_points(path)))
