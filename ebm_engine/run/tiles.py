"""Walkers as images: tiles in order of weight and their nearest training images.

Pixels are clipped to [0, 1] only here, for the eye.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ebm_engine.build.images import ImageSet
from ebm_engine.core.types import Walkers
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.state import RunState

TILES = 64


def pictures(state: RunState) -> dict[str, Any]:
    """The fields of a Snapshot that hold images; none where the target has no images."""
    images, films, walkers = state.parts.images, state.films, state.walkers.train
    if images is None or films is None:
        return {}
    rows = tile_rows(walkers, weighted=state.spec.method.weighted)
    x = walkers.x[rows]
    nearest = images.nearest.rows(images.space.flat(x))
    log_w = torch.log_softmax(walkers.log_w, 0) + math.log(len(walkers.x))
    return {
        "tiles": shown(images, x),
        "tile_rows": as_numpy(rows, np.int64),
        "tile_log_w": as_numpy(log_w[rows]),
        "tile_energies": as_numpy(walkers.at.energy[rows]),
        "tile_labels": as_numpy(images.classes().of(x), np.int64),
        "tile_nearest": _grey(images.nearest.pixels[nearest], images.size),
        "tile_distance": as_numpy(images.nearest.distances(images.decode(x), nearest)),
        "films": shown(images, films.positions(walkers)),
        "class_names": images.class_names,
    }


def tile_rows(walkers: Walkers, *, weighted: bool) -> Tensor:
    """The rows (m ≤ 64,) of walkers spread evenly over their order by weight, heaviest first, or
    by energy, lowest first.
    """
    key = -walkers.log_w if weighted else walkers.at.energy
    order = torch.sort(key, stable=True).indices
    places = torch.linspace(0, len(order) - 1, min(TILES, len(order)), dtype=torch.float64)
    return order[places.round().long().to(order.device)]


def shown(images: ImageSet, x: Tensor) -> np.ndarray:
    """Points (…, d) as grey images (…, h, w) uint8; black where a point is not finite."""
    pixels = images.decode(x.reshape(-1, x.shape[-1]))
    return _grey(pixels, images.size).reshape(*x.shape[:-1], *images.size)


def _grey(pixels: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Pixels (n, h·w) as grey images (n, h, w) uint8."""
    grey = (255 * torch.nan_to_num(pixels.float(), nan=0.0).clamp(0, 1)).round().to(torch.uint8)
    return grey.reshape(-1, *size).cpu().numpy()
