"""Replay buffer: past chain states from which new chains start.

Three ways to take in new states, none of which ever holds more than `capacity`:
fifo, the newest overwrite the oldest (Du and Mordatch 2019, arXiv 1903.08689); reservoir, a uniform
subset of everything ever offered (Vitter 1985, Algorithm R: item n replaces a random slot with
probability capacity/n); same-slot, a chain returns to the slot it was drawn from (Grathwohl et al.
2020, arXiv 1912.03263). Rows of x (capacity, d) are written in place, so a buffer is consumed by
`push`; what `draw` returns is always a copy.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from ebm_engine.core.types import Buffer


def empty(capacity: int, like: Tensor) -> Buffer:
    """A buffer without states, rows as wide as `like` (n, d). Raises ValueError below 1 slot."""
    if capacity < 1:
        raise ValueError(f"a replay buffer has {capacity} slots, it needs at least 1")
    return Buffer(torch.zeros(capacity, like.shape[1], dtype=like.dtype, device=like.device))


def draw(buffer: Buffer, count: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """`count` different states (count, d), uniformly, and their slots (count,).

    Raises ValueError when the buffer holds fewer.
    """
    if count > buffer.filled:
        raise ValueError(f"{count} states are wanted, the replay buffer holds {buffer.filled}")
    order = torch.randperm(buffer.filled, generator=rng, device=buffer.x.device)
    slots = order[:count]
    return buffer.x[slots], slots


def push(buffer: Buffer, x: Tensor, scheme: str, slots: Tensor, rng: Generator) -> Buffer:
    """The buffer after taking in x (n, d), a scheme of PUSHES; the old one is used up.

    slots (n,): where each state was drawn, −1 for a fresh chain; only same-slot looks at it.
    """
    return PUSHES[scheme](buffer, x, slots, rng)


def _fifo(buffer: Buffer, x: Tensor, slots: Tensor, rng: Generator) -> Buffer:
    capacity, n = len(buffer.x), len(x)
    newest = x[-capacity:]
    first = buffer.place + n - len(newest)
    places = (first + torch.arange(len(newest), device=x.device)) % capacity
    buffer.x[places] = newest
    filled, place = min(capacity, buffer.filled + n), (buffer.place + n) % capacity
    return buffer._replace(filled=filled, seen=buffer.seen + n, place=place)


def _reservoir(buffer: Buffer, x: Tensor, slots: Tensor, rng: Generator) -> Buffer:
    capacity, n = len(buffer.x), len(x)
    free = min(capacity - buffer.filled, n)
    buffer.x[buffer.filled : buffer.filled + free] = x[:free]
    ranks = buffer.seen + torch.arange(free + 1, n + 1, dtype=torch.float64, device=x.device)
    # Item n falls on each of n places with equal probability; the first `capacity` are the slots.
    uniform = torch.rand(n - free, generator=rng, device=x.device, dtype=torch.float64)
    targets = (uniform * ranks).long()
    hits = targets < capacity
    items = torch.arange(free, n, device=x.device)
    _write_last(buffer.x, targets[hits], x, items[hits])
    return buffer._replace(filled=buffer.filled + free, seen=buffer.seen + n)


def _write_last(rows: Tensor, targets: Tensor, x: Tensor, items: Tensor) -> None:
    """rows[targets] = x[items], the later item winning, as if they had come one by one."""
    last = torch.full((len(rows),), -1, device=rows.device)
    last.scatter_reduce_(0, targets, items, "amax")
    written = last >= 0
    rows[written] = x[last[written]]


def _same_slot(buffer: Buffer, x: Tensor, slots: Tensor, rng: Generator) -> Buffer:
    capacity, n, filled = len(buffer.x), len(x), buffer.filled
    if n > capacity:
        raise ValueError(f"{n} chains need a slot each, the replay buffer has {capacity}")
    fresh = slots < 0
    wanted = int(fresh.sum())
    free = torch.arange(filled, min(capacity, filled + wanted), device=x.device)
    places = slots.clone()
    if len(free) < wanted:
        idle = torch.ones(filled, dtype=torch.bool, device=x.device)
        idle[slots[~fresh]] = False
        order = torch.randperm(filled, generator=rng, device=x.device)
        free = torch.cat([free, order[idle[order]]])
    places[fresh] = free[:wanted]
    buffer.x[places] = x
    return buffer._replace(filled=min(capacity, filled + wanted), seen=buffer.seen + n)


PUSHES: dict[str, Callable[[Buffer, Tensor, Tensor, Generator], Buffer]] = {
    "fifo": _fifo,
    "reservoir": _reservoir,
    "same-slot": _same_slot,
}
