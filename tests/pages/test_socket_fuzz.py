"""Broken messages at the live socket of a real server: a closed socket at most, no traceback."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.browser.server import serve
from tests.pages.viewer import Viewer, visit

SOCKETS = 300
HUGE = 20_000_000
WHOLE = ['{"do":"reset"}', '{"do":"step","count":10}', '{"do":"scrub","step":3}', '{"do":"live"}',
         '{"do":"speed","value":60}', '{"do":"rewind","count":50}', '{"do":"ack"}']  # fmt: skip


def broken(rng: random.Random) -> str | bytes:
    """A message with up to three bytes changed, or of another length or kind."""
    content = bytearray(rng.choice(WHOLE).encode())
    for _ in range(rng.randrange(4)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    number = "9" * rng.randrange(1, 980)
    length = rng.choice([999, 1000, 1001, 100_000])
    return rng.choice(
        [
            *[content.decode("latin1")] * 6,
            bytes(content),
            f'{{"do":"scrub","step":{number}}}',
            "[" * length,
        ]
    )


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def socket_of(viewer: Viewer) -> connect:
    url = f"{viewer.address.replace('http', 'ws', 1)}/{viewer.path}"
    return connect(url, origin=viewer.address, max_size=None)


async def talk(socket: ClientConnection, rng: random.Random) -> None:
    """Say up to five things and leave, with or without a word."""
    with suppress(ConnectionClosed):
        for _ in range(rng.randrange(1, 6)):
            await socket.send(broken(rng))
    if rng.random() < 0.3:
        socket.transport.abort()


async def closed_for_length(viewer: Viewer) -> bool:
    """Whether a huge message closes its socket."""
    async with socket_of(viewer) as socket:
        try:
            await socket.send("[" * HUGE)
            while True:
                await socket.recv()
        except ConnectionClosed as error:
            return error.rcvd is not None and error.rcvd.code == 1009


def test_broken_messages_cost_at_most_their_socket(tmp_path):
    """The same run of another tab obeys afterwards; a huge message costs less than three times its
    size; the log of the server holds nothing of all this.
    """

    async def session(address: str, pid: int) -> None:
        rng = random.Random(0)
        async with visit(address, "gaussian-mixtures", "preset=two-modes&seed=1") as viewer:
            await viewer.until(lambda now: now.get("step", 0) > 20)
            for _ in range(SOCKETS):
                async with socket_of(viewer) as socket:
                    await talk(socket, rng)
            before = resident(pid)
            assert await closed_for_length(viewer)
            assert resident(pid) - before < 3 * HUGE
            await viewer.says(do="play")
            step = viewer.now["step"]
            await viewer.until(lambda now: now["step"] != step)

    log = tmp_path / "log"
    with serve(log=log, EBM_WORKERS="1") as (address, process):
        asyncio.run(session(address, process.pid))
    assert "Traceback" not in log.read_text(encoding="utf-8")
