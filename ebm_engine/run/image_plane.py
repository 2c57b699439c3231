"""The plane that images are shown on: their first two principal components."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ebm_engine.build.images import ImageSet
from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.types import Energy
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.plane import FIELD_EVERY, GRID, WIDER

COARSE = 25  # points of the field along each axis for a convolutional network, a slow one
SELDOM = 5  # times as many updates between two of its fields


class ImagePlane:
    """The square of the first two principal components that holds all training images.

    The field is the energy on that plane, with the other coordinates at 0 in latent space and
    those of the mean image among pixels: a cut, no marginal, so it has no log Z of its own. `slow`
    is for a convolutional network: a coarser field, more seldom.
    """

    def __init__(self, images: ImageSet, *, slow: bool) -> None:
        self._images = images
        self._like = images.x[:0]
        self._every = FIELD_EVERY * (SELDOM if slow else 1)
        self._side = COARSE if slow else GRID
        places = images.space.on_plane(images.x).double().cpu()
        low, high = places.amin(0), places.amax(0)
        (cx, cy), half = ((low + high) / 2).tolist(), WIDER * float((high - low).max()) / 2
        self.box = (cx - half, cx + half, cy - half, cy + half)
        axes = [torch.linspace(c - half, c + half, self._side) for c in (cx, cy)]
        y, x = torch.meshgrid(axes[1], axes[0], indexing="ij")
        self._grid = torch.stack([x, y], -1).reshape(-1, 2)
        self.target_means = np.zeros((0, 2), dtype=np.float32)
        self.target_stds = np.zeros(0, dtype=np.float32)
        self.target_density = np.full((self._side, self._side), np.nan, dtype=np.float32)
        self._centres = as_numpy(images.centres())
        self._field: tuple[int, np.ndarray] | None = None

    def project(self, x: Tensor) -> np.ndarray:
        """Positions (n, 2) float32 on the plane of points (n, d)."""
        return as_numpy(self._images.space.on_plane(x))

    def lift(self, places: Tensor) -> np.ndarray:
        """Places (…, 2) on the plane as they are."""
        return as_numpy(places)

    def field(self, energy: Energy, step: int, *, playing: bool) -> np.ndarray:
        """Energy (g, g) on the plane; while playing, up to 10 updates old, or 50 for a slow one."""
        if playing and self._field and 0 <= step - self._field[0] < self._every:
            return self._field[1]
        points = self._images.space.from_plane(self._grid.to(self._like))
        values = energy.evaluate(points, gradient=False).energy
        self._field = step, as_numpy(values.reshape(self._side, self._side))
        return self._field[1]

    def log_z(self, energy: Energy, verdict: Verdict) -> float:
        """NaN: it is not known."""
        return verdict.log_z

    def mode_centres(self, energy: Energy) -> np.ndarray:
        """The mean place (J, 2) of each class."""
        return self._centres
