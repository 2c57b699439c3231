"""Films: the last pictures of a few chains of image runs, through resampling."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

from ebm_engine.core.types import Walkers

CHAINS, FRAMES = 4, 12
FRAME_EVERY = 5  # updates between two frames of a film


class Films:
    """Past positions of the first walkers, following them back through resampling.

    Every fifth update is kept, with the slots that its walkers came from; a film is made only when
    it is asked for.
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
        slots = _back(torch.arange(count, device=walkers.x.device), self._parents)
        film = [walkers.x[:count]]
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
