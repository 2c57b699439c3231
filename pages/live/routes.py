"""Routes beside Streamlit: the socket that carries live frames, and the stage's own scripts.

Browser to server: JSON `{"do": …}`, see `read_command`; `{"do": "ack"}` asks for the next frame
and `{"do": "alive"}` renews the lease; `{"do": "scrub", "step": k}` asks for the recorded picture
of update k in place of the newest, until `{"do": "live"}`. What is longer than any of these closes
the socket. Server to browser: binary frames, one in flight at most, so a slow browser gets fewer
frames and never a backlog. Runs that go in lockstep share a socket: each message holds a frame of
all of them, of one update.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from ebm_engine.server.hub.hub import HubFull, RunView, UnknownRun, hub
from pages.live.browser_messages import LONGEST, Allowance, parse, read_command, read_look
from pages.live.frame import pack
from pages.live.packing import bundle

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "stage"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
FRAME_SECONDS = 1 / 30
SLOW_SECONDS = 0.1
FOREIGN_ORIGIN = 4403
UNKNOWN_TOKEN = 4404
TOO_LONG = 1009
TOGETHER = "together"  # what the address of all runs of a group ends with

_viewers: Counter[str] = Counter()


class MessageTooLong(Exception):  # noqa: N818 - a state of affairs, not a fault
    """A browser has sent more than any message of a stage has."""


def make_routes(base_path: str) -> list[BaseRoute]:
    """The socket and the scripts, below `base_path` (st.App does not prefix routes itself)."""
    base = "/" + base_path.strip("/") if base_path.strip("/") else ""
    return [
        WebSocketRoute(f"{base}/api/live/{{token}}", live),
        WebSocketRoute(f"{base}/api/live/{{token}}/{TOGETHER}", live_together),
        Route(f"{base}/api/stage/{{version}}/{{name:path}}", asset),
    ]


@functools.cache
def assets_version() -> str:
    """A hash of the stage's scripts and styles; part of their address, so they never go stale."""
    digest = hashlib.sha256()
    for name, path in sorted(assets().items()):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def assets() -> dict[str, Path]:
    """The stage's scripts and styles by their path below ASSETS, such as "plane/field.js"."""
    files = (path for path in ASSETS.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(ASSETS).as_posix(): path for path in files}


async def asset(request: Request) -> Response:
    """One script or style of the stage; 404 for any other name or version."""
    file = assets().get(request.path_params["name"])
    if file is None or request.path_params["version"] != assets_version():
        return Response("not found", status_code=404)
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(file, media_type=MEDIA_TYPES[file.suffix], headers=forever)


async def live(socket: WebSocket) -> None:
    """Sends the frames of one run and receives its commands until the browser leaves."""
    await _attend(socket, together=False)


async def live_together(socket: WebSocket) -> None:
    """The same for all runs that go in lockstep with one."""
    await _attend(socket, together=True)


async def _attend(socket: WebSocket, *, together: bool) -> None:
    origin, host = socket.headers.get("origin"), socket.headers.get("host")
    if origin and urlparse(origin).netloc != host:
        await _close(socket, FOREIGN_ORIGIN)
        return
    token = socket.path_params["token"]
    await socket.accept()
    try:
        hub().touch(token)
        tokens = hub().mates(token) if together else (token,)
        hub().views(tokens)
    except UnknownRun:
        await _close(socket, UNKNOWN_TOKEN)
        return
    _viewers.update(tokens)
    try:
        await _serve(socket, tokens, together=together)
    finally:
        for one in tokens:
            _viewers[one] -= 1
            if _viewers[one] == 0:
                del _viewers[one]
                with contextlib.suppress(UnknownRun):
                    hub().leave(one)


async def _close(socket: WebSocket, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect):  # the browser may have left by itself
        await socket.close(code)


async def _serve(socket: WebSocket, tokens: tuple[str, ...], *, together: bool) -> None:
    watch = Watch()
    watch.credit.set()
    gone, reason = False, UNKNOWN_TOKEN
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_send_frames(socket, tokens, watch, together=together))
            both.create_task(_listen(socket, tokens[0], watch))
    except* WebSocketDisconnect:
        gone = True
    except* MessageTooLong:
        reason = TOO_LONG
    except* UnknownRun:
        pass
    if not gone:
        await _close(socket, reason)


async def _send_frames(
    socket: WebSocket, tokens: tuple[str, ...], watch: Watch, *, together: bool
) -> None:
    sent = [Sent() for _ in tokens]
    while True:
        await watch.credit.wait()
        looks, now = watch.look(tokens), time.monotonic()
        frames = [one.next_frame(*look, now) for one, look in zip(sent, looks, strict=True)]
        if any(frames):
            watch.credit.clear()
            await socket.send_bytes(bundle(frames) if together else frames[0] or b"")
        await asyncio.sleep(FRAME_SECONDS)


def looked_at(tokens: Sequence[str], step: int | None, notice: str) -> list[tuple[RunView, bool]]:
    """What a browser looks at: of each run the newest picture, or the recorded one of an update;
    and which of both.

    A `notice` that is not "" takes the place of the runs'. Raises UnknownRun.
    """
    looks = []
    for token, now in zip(tokens, hub().views(tokens), strict=True):
        view = replace(now, notice=notice) if notice else now
        recorded = hub().recorded(token, step) if step is not None else None
        seen = (view, False) if recorded is None else (replace(view, snapshot=recorded), True)
        looks.append(seen)
    return looks


async def _listen(socket: WebSocket, token: str, watch: Watch) -> None:
    while True:
        event = await socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1000))
        message = _read(event)
        hub().touch(token)
        if message == {"do": "ack"}:
            watch.credit.set()
        elif look := read_look(message):
            (watch.step,) = look
        elif (command := read_command(message)) and watch.allowance.admits(command):
            with contextlib.suppress(HubFull):  # the next view's notice says so
                hub().command(token, command)
        await asyncio.sleep(watch.allowance.listen())


def _read(event: Mapping[str, Any]) -> Any:
    """The JSON that a browser has sent, None for anything else. Raises MessageTooLong."""
    text = event.get("text") or ""
    if max(len(text), len(event.get("bytes") or b"")) > LONGEST:
        raise MessageTooLong
    return parse(text)


@dataclass
class Watch:
    """What one browser wants: may it be sent a frame, and a recorded update or None for live."""

    credit: asyncio.Event = field(default_factory=asyncio.Event)
    step: int | None = None
    allowance: Allowance = field(default_factory=Allowance)

    def look(self, tokens: Sequence[str]) -> list[tuple[RunView, bool]]:
        """What this browser looks at, see `looked_at`."""
        return looked_at(tokens, self.step, self.allowance.notice)


class Sent:
    """What one browser has been sent, to leave out of a frame what it already holds."""

    def __init__(self) -> None:
        self.shown = (-1, -1, "")  # version of the view, recorded update or −1, and notice
        self.step = -1
        self.slow_at = -1.0
        self.data: np.ndarray | None = None

    def next_frame(self, view: RunView, recorded: bool, now: float) -> bytes | None:
        """The frame to send at time `now` (seconds), or None when nothing is new."""
        snapshot = view.snapshot
        version = (-1, snapshot.step) if recorded and snapshot else (view.version, -1)
        shown = (*version, view.notice)
        if shown == self.shown:
            return None
        self.shown = shown
        if snapshot is None:
            return pack(view, with_static=False)
        static = self.data is None or not np.array_equal(snapshot.data, self.data)
        back = snapshot.step < self.step
        slow = static or back or recorded or not view.playing or now - self.slow_at >= SLOW_SECONDS
        if slow:
            self.slow_at = now
        self.step, self.data = snapshot.step, snapshot.data
        return pack(view, with_static=static, with_slow=slow, recorded=recorded)
