"""A small data set in the files of MNIST, and a server that gives good and bad copies of it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.data import mnist
from ebm_engine.data.mnist import FILES, load_mnist

COUNT = 12


def idx_bytes(values: np.ndarray) -> bytes:
    header = np.array(values.shape, dtype=">u4").tobytes()
    return bytes([0, 0, 8, values.ndim]) + header + values.tobytes()


IMAGES = np.random.default_rng(0).integers(0, 256, (COUNT, 28, 28), dtype=np.uint8)
LABELS = np.arange(COUNT, dtype=np.uint8) % 10
PLAIN = dict(zip(FILES["train"], (idx_bytes(IMAGES), idx_bytes(LABELS)), strict=True))
HASHES = {name: sha256(content).hexdigest() for name, content in PLAIN.items()}
PACKED = {name: gzip.compress(content, mtime=0) for name, content in PLAIN.items()}
IMAGE_FILE, LABEL_FILE = FILES["train"]


class Mirror(BaseHTTPRequestHandler):
    """Serves /<kind>/<name>.gz, good or bad in one way; `asked` keeps every path."""

    asked: tuple[str, ...] = ()
    released = threading.Event()

    def do_GET(self) -> None:
        Mirror.asked += (self.path,)
        _, kind, name = self.path.split("/")
        content = PACKED[name.removesuffix(".gz")]
        if kind == "missing":
            self.send_error(404)
            return
        if kind == "corrupted":
            content = content[:50] + bytes([content[50] ^ 1]) + content[51:]
        self.send_response(200)
        if kind != "unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if kind in ("truncated", "silent"):
            content = content[: len(content) // 2]
        if kind == "trickling":
            self.trickle(content)
        else:
            self.wfile.write(content)
            self.wfile.flush()
        if kind == "silent":
            self.released.wait(10)

    def trickle(self, content: bytes) -> None:
        """One byte every hundredth of a second."""
        for byte in content:
            if self.released.wait(0.01):
                break
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:  # the other side has hung up, as it should
                break

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def mirror(monkeypatch) -> Iterator[str]:
    """The address of a server on this machine; the environment names no data."""
    monkeypatch.delenv(mnist.VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(mnist, "LONGEST_SILENCE", 0.3)
    Mirror.asked, Mirror.released = (), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    Mirror.released.set()
    server.shutdown()
    server.server_close()


def load(cache: Path, *mirrors: str, download: bool = True, progress=None):
    return load_mnist(
        "train", download, progress, mirrors=mirrors, hashes=HASHES, cache=cache / "cache"
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (folder / "cache").rglob("*") if p.is_file()}


GOOD_CACHE = {f"{name}.gz": content for name, content in PACKED.items()}
