"""A viewer without a browser: a session of its own at the real server, and the socket of its run.

It speaks the two protocols of a browser tab: Streamlit's stream, in which the page tells the
address of its run, and the live socket, on which it acknowledges each frame as the stage does.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PREFIX = struct.Struct("<4sHHII")
LIVE_PATH = "api/live/"
PATIENCE = 60  # seconds for the first run of a page on a busy machine


@dataclass
class Seen:
    """A frame on arrival: seconds of the monotonic clock, its bytes, and its header."""

    at: float
    size: int
    header: dict[str, Any]


@dataclass
class Viewer:
    """One tab: the address of its run and every frame it was sent."""

    address: str
    path: str
    socket: ClientConnection | None = None
    frames: list[Seen] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def now(self) -> dict[str, Any]:
        """The numbers of the newest frame."""
        return self.frames[-1].header

    async def says(self, **message: Any) -> None:
        """Send a message of the stage."""
        await self.socket.send(json.dumps(message))

    async def until(self, shows: Callable[[dict[str, Any]], bool], seconds: float = 30.0) -> Seen:
        """The newest frame as soon as its numbers fulfil a condition."""
        async with asyncio.timeout(seconds):
            while not (self.frames and shows(self.now)):
                self.news.clear()
                await self.news.wait()
        return self.frames[-1]

    async def reacts(self, shows: Callable[[dict[str, Any]], bool], **message: Any) -> float:
        """Seconds from a click to the first frame that shows it."""
        start = time.monotonic()
        await self.says(**message)
        return (await self.until(shows)).at - start

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Viewer]:
        """The live socket, open and read."""
        url = f"{_socket(self.address)}/{self.path}"
        opening = connect(url, origin=self.address, max_size=None)
        async with opening as self.socket, asyncio.TaskGroup() as group:
            reading = group.create_task(self._read())
            yield self
            reading.cancel()

    async def _read(self) -> None:
        async for content in self.socket:
            header = read_header(content)
            numbers = {**self.now, **header} if self.frames else header
            self.frames.append(Seen(time.monotonic(), len(content), numbers))
            self.news.set()
            await self.says(do="ack")


@asynccontextmanager
async def _session(address: str, page: str, query: str) -> AsyncIterator[ClientConnection]:
    """Streamlit's stream of a new tab that has asked for a page."""
    stream = f"{_socket(address)}/_stcore/stream"
    opening = connect(stream, origin=address, subprotocols=["streamlit"], max_size=None)
    async with opening as session:
        wish = ClientState(query_string=query, page_name=page)
        wish.context_info.url = f"{address}/{page}?{query}"
        await session.send(BackMsg(rerun_script=wish).SerializeToString())
        yield session


async def open_page(address: str, page: str, query: str = "") -> list[ForwardMsg]:
    """All that Streamlit sends to a new tab until the page has run once."""
    messages = []
    async with _session(address, page, query) as session, asyncio.timeout(PATIENCE):
        async for content in session:
            messages.append(ForwardMsg.FromString(content))
            if messages[-1].WhichOneof("type") == "script_finished":
                break
    return messages


@asynccontextmanager
async def visit(address: str, page: str, query: str = "") -> AsyncIterator[Viewer]:
    """Open a page of the app at http://… as a new tab, with its stream and its live socket."""
    async with _session(address, page, query) as session:
        async with asyncio.timeout(PATIENCE):
            path = await _path_of_run(session)
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(_drain(session))
            async with Viewer(address, path).watching() as viewer:
                yield viewer
            draining.cancel()


async def _path_of_run(session: ClientConnection) -> str:
    """The address of the live socket, as the page hands it to its stage."""
    async for content in session:
        message = ForwardMsg.FromString(content)
        element = message.delta.new_element
        if message.WhichOneof("type") != "delta" or not element.HasField("bidi_component"):
            continue
        path = json.loads(element.bidi_component.json or "{}").get("path", "")
        if path.startswith(LIVE_PATH):
            return path
    raise ConnectionError("the session ended before its page had a stage")


async def _drain(session: ClientConnection) -> None:
    async for _ in session:
        pass


def read_header(frame: bytes) -> dict[str, Any]:
    """The JSON header of a frame."""
    magic, version, _, length, _ = PREFIX.unpack_from(frame)
    assert (magic, version) == (b"EBMF", 1)
    return json.loads(frame[PREFIX.size : PREFIX.size + length])


def _socket(address: str) -> str:
    """The ws:// address of an http:// one."""
    return address.replace("http", "ws", 1)
