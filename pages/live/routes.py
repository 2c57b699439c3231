"""Routes beside Streamlit: the socket that carries live frames, and the stage's own scripts.

Browser to server: JSON `{"do": …}`, see `read_command`; `{"do": "ack"}` asks for the next frame
and `{"do": "alive"}` renews the lease; `{"do": "scrub", "step": k}` asks for the recorded picture
of update k in place of the newest, until `{"do": "live"}`. What is longer than any of these closes
the socket. Server to browser: binary frames, one in flight at most, so a slow browser gets fewer
frames and never a backlog.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import time
from collections import Counter
from collections.abc import Mapping
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

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "stage"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
FRAME_SECONDS = 1 / 30
SLOW_SECONDS = 0.1
FOREIGN_ORIGIN = 4403
UNKNOWN_TOKEN = 4404
TOO_LONG = 1009

_viewers: Counter[str] = Counter()


class MessageTooLong(Exception):  # noqa: N818 - a state of affairs, not a fault
    """A browser has sent more than any message of a stage has."""


def make_routes(base_path: str) -> list[BaseRoute]:
    """The socket and the scripts, below `base_path` (st.App does not prefix routes itself)."""
    base = "/" + base_path.strip("/") if base_path.strip("/") else ""
    return [
        WebSocketRoute(f"{base}/api/live/{{token}}", live),
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
    origin, host = socket.headers.get("origin"), socket.headers.get("host")
    if origin and urlparse(origin).netloc != host:
        await _close(socket, FOREIGN_ORIGIN)
        return
    token = socket.path_params["token"]
    await socket.accept()
    try:
        hub().touch(token)
        hub().view(token)
    except UnknownRun:
        await _close(socket, UNKNOWN_TOKEN)
        return
    _viewers[token] += 1
    try:
        await _serve(socket, token)
    finally:
        _viewers[token] -= 1
        if _viewers[token] == 0:
            del _viewers[token]
            with contextlib.suppress(UnknownRun):
                hub().leave(token)


async def _close(socket: WebSocket, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect):  # the browser may have left by itself
        await socket.close(code)


async def _serve(socket: WebSocket, token: str) -> None:
    watch = Watch()
    watch.credit.set()
    gone, reason = False, UNKNOWN_TOKEN
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_send_frames(socket, token, watch))
            both.create_task(_listen(socket, token, watch))
    except* WebSocketDisconnect:
        gone = True
    except* MessageTooLong:
        reason = TOO_LONG
    except* UnknownRun:
        pass
    if not gone:
        await _close(socket, reason)


async def _send_frames(socket: WebSocket, token: str, watch: Watch) -> None:
    sent = Sent()
    while True:
        await watch.credit.wait()
        frame = sent.next_frame(*watch.look(token), time.monotonic())
        if frame is not None:
            watch.credit.clear()
            await socket.send_bytes(frame)
        await asyncio.sleep(FRAME_SECONDS)


def looked_at(token: str, step: int | None, notice: str) -> tuple[RunView, bool]:
    """What a browser looks at: the run, or its recorded picture of an update; and which of both.

    A `notice` that is not "" takes the place of the run's. Raises UnknownRun.
    """
    view = hub().view(token)
    view = replace(view, notice=notice) if notice else view
    recorded = hub().recorded(token, step) if step is not None else None
    return (replace(view, snapshot=recorded), True) if recorded is not None else (view, False)


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

    def look(self, token: str) -> tuple[RunView, bool]:
        """What this browser looks at, see `looked_at`."""
        return looked_at(token, self.step, self.allowance.notice)


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
