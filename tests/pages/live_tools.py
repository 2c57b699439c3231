"""For the tests of the live stage: a small snapshot, a decoder of frames, a socket without server.

The decoder is written from the description of the frame, not from its code.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ebm_engine.run.snapshot import HISTORY, ModeMasses, Snapshot
from ebm_engine.server.hub.hub import RunView, UnknownRun
from ebm_engine.spec.run_spec import RunSpec

BOX = (-9.0, 9.0, -6.0, 12.0)


def small_snapshot(n: int = 50, **changes: Any) -> Snapshot:
    """A snapshot of made-up numbers, all inside the box."""
    rng = np.random.default_rng(0)
    steps = np.arange(7.0)
    history = {name: steps * (1 + i) / 10 for i, name in enumerate(HISTORY)} | {"step": steps}
    two = np.array([0.25, 0.75])
    masses = ModeMasses(two, two, two, two, 0.01 * two, two, 0.02 * two)
    values = {
        "spec": RunSpec(),
        "step": 6,
        "playing": True,
        "updates_per_second": 321.5,
        "device": "cpu",
        "positions": rng.uniform(-6, 9, (n, 2)).astype(np.float32),
        "log_w": rng.normal(size=n).astype(np.float32),
        "energies": rng.uniform(0, 20, n).astype(np.float32),
        "trails": rng.uniform(-6, 9, (3, 60, 2)).astype(np.float32),
        "crossings": 2,
        "data": rng.uniform(-6, 9, (40, 2)).astype(np.float32),
        "box": BOX,
        "field": rng.uniform(-3, 30, (20, 20)).astype(np.float32),
        "log_z_plane": 0.0,
        "target_density": np.zeros((20, 20), np.float32),
        "history": history,
        "mass_history": np.tile(two, (7, 1)),
        "resampled_at": np.array([2, 5]),
        "marks": ((3, "Step size h: 0.1 → 0.2"),),
        "mode_mass": masses,
        "means": np.array([[-5.0, 0.0], [5.0, 0.5]]),
        "target_means": np.array([[-5.0, 0.0], [5.0, 0.0]]),
        "target_stds": np.array([1.0, 1.0]),
        "mode_centres": np.array([[-5.0, 0.0], [5.0, 0.0]]),
        "ess_ceiling": 0.99,
        "log_z_exact": 0.0,
        "log_z_estimate": None,
        "log_z_witness": None,
    }
    return Snapshot(**values | changes)


def view_of(snapshot: Snapshot | None, **changes: Any) -> RunView:
    """The view of a run that plays."""
    return replace(RunView(snapshot, 1, RunSpec(), True, 0, ""), **changes)


def unpack(frame: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a frame, quantised ones as floats with NaN."""
    magic, version, _, length, _ = struct.unpack_from("<4sHHII", frame)
    assert (magic, version) == (b"EBMF", 1)
    header = json.loads(frame[16 : 16 + length])
    arrays = {}
    for a in header["arrays"]:
        start = 16 + length + a["offset"]
        assert start % 8 == 0
        count = int(np.prod(a["shape"]))
        values = np.frombuffer(frame, a["dtype"], count, start).reshape(a["shape"])
        if a["dtype"] == "uint16":
            scaled = a["low"] + (a["high"] - a["low"]) * values / 65534
            values = np.where(values == 65535, np.nan, scaled)
        arrays[a["name"]] = values
    return header, arrays


def from_box(shares: np.ndarray, box: tuple[float, float, float, float] = BOX) -> np.ndarray:
    """Points of the plane from shares of the box."""
    return np.array([box[0], box[2]]) + shares * np.array([box[1] - box[0], box[3] - box[2]])


class StubHub:
    """A hub of one run that notes what is asked of it."""

    def __init__(self, view: RunView) -> None:
        self.now = view
        self.commands: list[Any] = []
        self.touches = 0
        self.left = 0

    def _check(self, token: str) -> None:
        if token != "known":
            raise UnknownRun(token)

    def view(self, token: str) -> RunView:
        self._check(token)
        return self.now

    def views(self, tokens: Sequence[str]) -> list[RunView]:
        return [self.view(token) for token in tokens]

    def touch(self, token: str) -> None:
        self._check(token)
        self.touches += 1

    def command(self, token: str, command: Any) -> None:
        self._check(token)
        self.commands.append(command)

    def leave(self, token: str) -> None:
        self._check(token)
        self.left += 1


class Browser:
    """The other end of a socket route, driven in-process."""

    def __init__(self, app: Callable[..., Awaitable[None]], path: str, **headers: str) -> None:
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        pairs = [(k.encode(), v.encode()) for k, v in ({"host": "lab:8501"} | headers).items()]
        scope = {"type": "websocket", "path": path, "headers": pairs, "query_string": b""}
        self._in.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(app(scope, self._in.get, self._out.put))

    async def hears(self, seconds: float = 2.0) -> dict[str, Any]:
        """The next event from the server."""
        return await asyncio.wait_for(self._out.get(), seconds)

    async def frame(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The next frame from the server, unpacked."""
        event = await self.hears()
        assert event["type"] == "websocket.send", event
        return unpack(event["bytes"])

    async def quiet(self, seconds: float = 0.15) -> bool:
        """Whether the server says nothing for a while."""
        await asyncio.sleep(seconds)
        return self._out.empty()

    def says(self, text: str | dict[str, Any]) -> None:
        """Sends a text, or a message as JSON."""
        text = text if isinstance(text, str) else json.dumps(text)
        self._in.put_nowait({"type": "websocket.receive", "text": text})

    def says_bytes(self, content: bytes) -> None:
        """Sends bytes, which no browser of ours does."""
        self._in.put_nowait({"type": "websocket.receive", "bytes": content})

    async def leaves(self) -> None:
        """Closes the socket and waits for the server to notice."""
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, 2.0)
