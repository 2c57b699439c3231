"""Files of visitors kept by the server: named by their content, in a private temporary folder.

A spec names such a file by its path. The folder is readable by this user only, belongs to this
process and goes with it; nobody is told what else is in it.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
import threading
from functools import cached_property
from pathlib import Path


class KeptFiles:
    """A folder of files with one suffix, made on first use."""

    def __init__(self, prefix: str, suffix: str) -> None:
        self._prefix = prefix
        self._suffix = suffix
        self._lock = threading.Lock()

    def keep(self, content: bytes, most: int) -> str:
        """The path of the file with this content, which is the same for the same content.

        Of more than `most` files the one used longest ago goes.
        """
        name = f"{hashlib.sha256(content).hexdigest()[:32]}{self._suffix}"
        with self._lock:
            path = self._folder / name
            if path.exists():
                path.touch()
            else:
                path.write_bytes(content)
                self._drop_oldest(most)
        return str(path)

    @cached_property
    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=self._prefix))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _drop_oldest(self, most: int) -> None:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-most]:
            path.unlink()
