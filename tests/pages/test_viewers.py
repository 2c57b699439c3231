"""Eight people at one server with three seats, each with a tab of their own and no browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.browser.server import serve
from tests.pages.viewer import Viewer, visit

SEATS, VIEWERS = 3, 8
PLACES = list(range(1, VIEWERS - SEATS + 1))
LIMITS = {"EBM_WORKERS": "1", "EBM_MAX_PLAYING": str(SEATS), "EBM_TURN_SECONDS": "600"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server whose turns never end within a test."""
    with serve(**LIMITS) as (address, _):
        yield address


@asynccontextmanager
async def class_room(address: str) -> AsyncIterator[list[Viewer]]:
    """Eight tabs that play, opened one after the other; the first three have the seats."""
    async with AsyncExitStack() as room:
        viewers = []
        for seed in range(VIEWERS):
            query = f"preset=two-modes&walkers.count=200&seed={seed}"
            viewer = await room.enter_async_context(visit(address, "gaussian-mixtures", query))
            await viewer.until(lambda now: "step" in now)
            viewers.append(viewer)
        yield viewers


async def queue_is(viewers: list[Viewer], places: list[int]) -> None:
    """Wait until these viewers are shown these places in the queue."""
    for viewer, place in zip(viewers, places, strict=True):
        await viewer.until(lambda now, place=place: now["queue"] == place)


def test_every_viewer_gets_frames_of_a_run_of_its_own_or_a_place_in_the_queue(address):
    """Seats for three: they advance, each with other numbers; the rest are told 1 to 5.

    A server that mixed up two runs would send equal numbers for different seeds.
    """

    async def scenario():
        async with class_room(address) as viewers:
            for viewer in viewers[:SEATS]:
                await viewer.until(lambda now: now["step"] > 50)
                await viewer.reacts(lambda now: not now["playing"], do="pause")
            await queue_is(viewers[SEATS : 2 * SEATS], [0] * SEATS)
            for viewer in viewers[SEATS:]:
                await viewer.until(lambda now: now["queue"] == 0 or now["step"] == 0)
            assert len({viewer.path for viewer in viewers}) == VIEWERS
            assert len({str(viewer.now["means"]) for viewer in viewers[:SEATS]}) == SEATS
            shown = [max(seen.header["queue"] for seen in v.frames) for v in viewers]
            assert shown == [0] * SEATS + PLACES

    asyncio.run(scenario())


def test_a_command_reaches_only_the_run_of_its_viewer(address):
    """One pause and ten updates by hand: nobody else stops, jumps or loses a place."""

    async def scenario():
        async with class_room(address) as viewers:
            await queue_is(viewers, [0] * SEATS + PLACES)
            first = viewers[0]
            await first.reacts(lambda now: not now["playing"], do="pause")
            await queue_is(viewers[1:], [0] * SEATS + PLACES[:-1])
            await asyncio.sleep(0.3)
            stood = first.now["step"]
            await first.reacts(lambda now: now["step"] == stood + 10, do="step", count=10)
            await asyncio.sleep(0.3)
            assert first.now["step"] == stood + 10
            assert [viewer.now["playing"] for viewer in viewers] == [False] + [True] * 7
            assert [viewer.now["step"] for viewer in viewers[SEATS + 1 :]] == [0] * 4

    asyncio.run(scenario())


def test_who_leaves_frees_the_seat_and_finds_the_run_where_it_was(address):
    """At ten updates a second a run that went on for two seconds would be 20 updates ahead."""

    async def scenario():
        async with class_room(address) as viewers:
            leaver = viewers[0]
            await leaver.says(do="speed", value=10)
            await leaver.until(lambda now: now["cap"] == 10)
            await asyncio.sleep(0.5)  # until the worker, too, has heard of it
            await leaver.socket.close()
            left_at = leaver.now["step"]
            await queue_is(viewers[1:], [0] * SEATS + PLACES[:-1])
            await asyncio.sleep(2)
            async with Viewer(leaver.address, leaver.path).watching() as back:
                await back.until(lambda now: now["queue"] == PLACES[-1])
                assert left_at <= back.now["step"] <= left_at + 5
                await asyncio.sleep(0.5)
                assert back.now["step"] <= left_at + 5

    asyncio.run(scenario())
