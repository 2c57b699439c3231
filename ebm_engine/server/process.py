"""A worker process as the server sees it: start it, send to it, hear from it, notice its end.

Workers are started as `python -m ebm_engine.server.worker.worker` (or another module of ours, such
as the helper for background jobs), not as `multiprocessing.Process`. The spawn method of
multiprocessing runs the parent's main module again in each child, and under Streamlit that module
is the command line or, during a script run, the page itself. A plain command has no such tie. What
the child needs is one end of a `multiprocessing.Pipe`, inherited by number: a socket pair on Linux
and macOS, a named pipe on Windows. When the server dies in whatever way, the system closes the
other end, and the worker ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ebm_engine.server.commands import Stop

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
WORKER = "ebm_engine.server.worker.worker"


class WorkerProcess:
    """One running worker; two threads keep the pipe moving, so that sending never blocks.

    on_message(message) and on_end() are called from a thread of this object. The module is started
    with the number of its end of the pipe, and with folder and marker where they are given.
    """

    def __init__(
        self,
        folder: Path | None,
        marker: Path | None,
        on_message: Callable[[Any], None],
        on_end: Callable[[], None],
        module: str = WORKER,
    ) -> None:
        self._connection, theirs = Pipe()
        files = [str(path) for path in (folder, marker) if path is not None]
        self._process = _start(theirs.fileno(), module, files)
        theirs.close()  # else the end of the worker would go unnoticed
        self._marker = marker
        self._outbox: SimpleQueue[Any] = SimpleQueue()
        for loop in (lambda: self._receive(on_message, on_end), self._transmit):
            threading.Thread(target=loop, name=f"worker-{self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Put a message on its way; what a dead worker does not read is lost."""
        self._outbox.put(message)

    def busy_with(self) -> int:
        """The id of the run that the worker works on, or worked on when it died; 0 = none."""
        if self._marker is None or not self._marker.exists():
            return 0
        return int.from_bytes(self._marker.read_bytes(), "little")

    def join(self, timeout: float) -> bool:
        """Wait for the end of the worker, in seconds; tell whether it has come."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def terminate(self) -> None:
        """Ask the system to end the worker."""
        self._process.terminate()

    def kill(self) -> None:
        """End the worker without asking."""
        self._process.kill()

    def _receive(self, on_message: Callable[[Any], None], on_end: Callable[[], None]) -> None:
        try:
            while True:
                on_message(self._connection.recv())
        except (EOFError, OSError):
            self._outbox.put(Stop())  # lets the other thread end
            self._process.wait()
            on_end()

    def _transmit(self) -> None:
        try:
            while True:
                message = self._outbox.get()
                self._connection.send(message)
                if isinstance(message, Stop):
                    return
        except OSError:
            return  # the worker is gone, as the other thread learns by itself


def _start(handle: int, module: str, files: list[str]) -> subprocess.Popen:
    # A group of its own: Ctrl-C in the terminal is the server's business.
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        inherit = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        options = {"startupinfo": inherit, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        options = {"pass_fds": [handle], "process_group": 0}
    search = os.pathsep.join(filter(None, [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
    # -P: a file in the current folder must not take the place of a module.
    command = [sys.executable, "-P", "-m", module]
    return subprocess.Popen(
        [*command, str(handle), *files],
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": search},
        **options,
    )
