"""Replay buffer: what each scheme keeps, and that none ever grows."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.methods.parts.buffer import PUSHES, draw, empty, push

FRESH = torch.full((7,), -1)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(first: int, count: int) -> torch.Tensor:
    """States whose one coordinate is their number."""
    return torch.arange(first, first + count, dtype=torch.float64)[:, None]


def offered(scheme: str, capacity: int, batch: int, rounds: int, noise: torch.Generator):
    """A buffer after rounds · batch numbered states, none of which was drawn from it."""
    buffer = empty(capacity, numbered(0, 1))
    for k in range(rounds):
        slots = torch.full((batch,), -1)
        buffer = push(buffer, numbered(k * batch, batch), scheme, slots, noise)
        assert len(buffer.x) == capacity
        assert buffer.filled <= capacity
    return buffer


@pytest.mark.parametrize("scheme", PUSHES)
def test_capacity_is_never_exceeded(scheme):
    """10 000 slots and batches of 128 end at 10 000; the public reservoir ends at 10 112."""
    buffer = offered(scheme, 10_000, 128, 100, rng())
    assert (buffer.filled, buffer.seen) == (10_000, 12_800)
    assert len(buffer.x.unique()) == 10_000


@pytest.mark.parametrize("scheme", PUSHES)
def test_a_buffer_that_is_not_full_holds_everything(scheme):
    """Three batches of 7 in 50 slots: the states 0 … 20, in some order."""
    buffer = offered(scheme, 50, 7, 3, rng())
    assert buffer.filled == 21
    assert torch.equal(buffer.x[:21, 0].sort().values, numbered(0, 21)[:, 0])


def test_fifo_keeps_the_newest():
    """Capacity 10 after 0 … 27 holds 18 … 27, after a batch longer than itself its last 10."""
    buffer = offered("fifo", 10, 7, 4, rng())
    assert buffer.x[:, 0].sort().values.tolist() == list(range(18, 28))
    buffer = push(buffer, numbered(100, 25), "fifo", torch.full((25,), -1), rng())
    assert buffer.x[:, 0].sort().values.tolist() == list(range(115, 125))
    buffer = push(buffer, numbered(200, 1), "fifo", FRESH[:1], rng())
    assert 115.0 not in buffer.x
    assert buffer.x[:, 0].sort().values.tolist() == [*range(116, 125), 200]


def test_a_reservoir_is_a_uniform_subset_of_all_history():
    """Each of 60 states stays with probability 10/60, within 5 s.e. of 2000 reservoirs.

    With a fixed replacement probability, or the newest winning always, old states would be rarer.
    """
    noise, kept, trials = rng(1), torch.zeros(60, dtype=torch.float64), 2000
    for _ in range(trials):
        kept[offered("reservoir", 10, 12, 5, noise).x[:, 0].long()] += 1
    assert kept.sum() == 10 * trials
    error = math.sqrt(1 / 6 * 5 / 6 / trials)
    assert ((kept / trials - 1 / 6).abs() < 5 * error).all()


def test_a_reservoir_filled_at_once_equals_one_filled_one_by_one():
    """The law of what stays is the same for one batch of 40: 8/40 each, within 5 s.e."""
    noise, kept, trials = rng(2), torch.zeros(40, dtype=torch.float64), 4000
    for _ in range(trials):
        kept[offered("reservoir", 8, 40, 1, noise).x[:, 0].long()] += 1
    assert ((kept / trials - 0.2).abs() < 5 * math.sqrt(0.2 * 0.8 / trials)).all()


def test_same_slot_writes_a_state_where_it_was_drawn():
    """What comes back is what was written; other slots do not change."""
    buffer = offered("same-slot", 20, 20, 1, rng())
    x, slots = draw(buffer, 7, rng(3))
    assert torch.equal(x, buffer.x[slots])
    before = buffer.x.clone()
    after = push(buffer, x + 100, "same-slot", slots, rng(4))
    assert torch.equal(after.x[slots], x + 100)
    others = torch.ones(20, dtype=torch.bool)
    others[slots] = False
    assert torch.equal(after.x[others], before[others])
    assert after.filled == 20


def test_fresh_chains_take_free_slots_first_then_idle_ones():
    """12 of 16 slots are in use; 4 fresh states fill the rest, and 2 more replace idle states."""
    buffer = offered("same-slot", 16, 12, 1, rng())
    slots = torch.tensor([3, -1, 5, -1, -1, -1, -1, -1])
    buffer = push(buffer, numbered(100, 8), "same-slot", slots, rng(5))
    held = buffer.x[:, 0]
    assert buffer.filled == 16
    assert (held[3], held[5]) == (100, 102)
    assert held[12:].tolist() == [101, 103, 104, 105]
    assert {106.0, 107.0} <= set(held.tolist())
    assert len(held.unique()) == 16


def test_draws_are_different_states_and_uniform():
    """No slot twice in a draw, and each of 10 with probability 3/10, within 5 s.e."""
    buffer, noise, seen = offered("fifo", 10, 10, 1, rng()), rng(6), torch.zeros(10)
    for _ in range(4000):
        x, slots = draw(buffer, 3, noise)
        assert len(slots.unique()) == 3
        seen[x[:, 0].long()] += 1
    assert ((seen / 4000 - 0.3).abs() < 5 * math.sqrt(0.3 * 0.7 / 4000)).all()


@pytest.mark.parametrize("scheme", PUSHES)
def test_a_buffer_shares_no_memory_with_the_states(scheme):
    """Changing what was pushed or drawn leaves the buffer alone, and the values are exact."""
    buffer, x = empty(7, numbered(0, 1)), numbered(0, 7) + math.pi
    buffer = push(buffer, x, scheme, FRESH, rng())
    held = buffer.x.clone()
    assert torch.equal(held.sort(0).values, x)
    x.zero_()
    draw(buffer, 7, rng())[0].zero_()
    assert torch.equal(buffer.x, held)


def test_impossible_buffers_are_refused():
    """No slots, more draws than states, more chains than slots: value and limit in one sentence."""
    with pytest.raises(ValueError, match="0 slots"):
        empty(0, numbered(0, 1))
    with pytest.raises(ValueError, match="3 states are wanted, the replay buffer holds 0"):
        draw(empty(5, numbered(0, 1)), 3, rng())
    with pytest.raises(ValueError, match="7 chains need a slot each, the replay buffer has 5"):
        push(empty(5, numbered(0, 1)), numbered(0, 7), "same-slot", FRESH, rng())
