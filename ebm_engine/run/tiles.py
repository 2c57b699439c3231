"""Walkers as images: tiles in order of weight, their nearest training images, and films of chains.

Pixels are clipped to [0, 1] only here, for the eye.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.types import Walkers
from ebm_engine.run.plane import as_numpy

if TYPE_CHECKING:
    from ebm_engine.build.images import ImageSet
    from ebm_engine.run.run import Run

TILES = 64
CHAINS, FRAMES = 4, 12
FRAME_EVERY = 5  # updates between two frames of a film


class Films:
    """Past positions of the first walkers, following them back through resampling.

    Every fifth update is kept, with the slots that its walkers came from: a film is made only when
    somebody looks.
    """

    def __init__(self) -> None:
        self._frames: deque[tuple[Tensor, Tensor | None]] = deque(maxlen=FRAMES)
        self._parents: Tensor | None = None  # slots at the last kept frame, None: as now
        self._within: Tensor | None = None
        self._seen = 0

    def track(self, walkers: Walkers) -> None:
        """Take in the walkers after an update."""
        self._within = None if walkers.path is None else walkers.path[:, :CHAINS]
        self._parents = _composed(self._parents, walkers.parents)
        if self._seen % FRAME_EVERY == 0:
            self._frames.append((walkers.x, self._parents))
            self._parents = None
        self._seen += 1

    def positions(self, walkers: Walkers) -> Tensor:
        """The film (c, t, d) of the first walkers, oldest first, the present last; NaN before a
        restart. Of chains that start anew at each update, it is their way within the last one.
        """
        if self._within is not None:
            chosen = torch.linspace(0, len(self._within) - 1, min(FRAMES, len(self._within)))
            return self._within[chosen.round().long()].transpose(0, 1)
        count = min(CHAINS, len(walkers.x))
        slots = _composed(torch.arange(count, device=walkers.x.device), None)
        slots, film = _back(slots, self._parents), [walkers.x[:count]]
        current = self._seen % FRAME_EVERY == 1 or FRAME_EVERY == 1
        frames = list(self._frames)
        for index in range(len(frames) - 1, -1, -1):
            x, parents = frames[index]
            if not (current and index == len(frames) - 1):
                film.append(x[slots.clamp_min(0)].masked_fill(slots[:, None] < 0, torch.nan))
            slots = _back(slots, parents)
        return torch.stack(film[:FRAMES][::-1], 1)


def _composed(earlier: Tensor | None, later: Tensor | None) -> Tensor | None:
    """Slots (n,) before both moves of slots; −1 for a walker that was restarted, None for as is."""
    if earlier is None or later is None:
        return later if earlier is None else earlier
    return _back(later, earlier)


def _back(slots: Tensor, parents: Tensor | None) -> Tensor:
    """The slots (m,) that the walkers in `slots` came from, −1 where there is none."""
    if parents is None:
        return slots
    return parents[slots.clamp_min(0)].masked_fill(slots < 0, -1)


def pictures(run: Run) -> dict[str, Any]:
    """The fields of a Snapshot that hold images; none where the target has no images."""
    images, walkers = run.parts.images, run.state.walkers.train
    if images is None:
        return {}
    rows = tile_rows(walkers, weighted=run.spec.method.weighted)
    x = walkers.x[rows]
    nearest = images.nearest.rows(images.space.flat(x))
    log_w = torch.log_softmax(walkers.log_w, 0) + math.log(len(walkers.x))
    return {
        "tiles": shown(images, x),
        "tile_rows": as_numpy(rows, np.int64),
        "tile_log_w": as_numpy(log_w[rows]),
        "tile_energies": as_numpy(walkers.at.energy[rows]),
        "tile_labels": as_numpy(run.parts.regions.of(x), np.int64),
        "tile_nearest": _grey(images.nearest.pixels[nearest], images.size),
        "tile_distance": as_numpy(images.nearest.distances(images.decode(x), nearest)),
        "films": shown(images, run.films.positions(walkers)),
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
