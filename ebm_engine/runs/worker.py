"""A worker process: time-slices its runs, takes commands in and sends reports out.

Started by `process.WorkerProcess` with the number of its end of the pipe, the folder of the
checkpoints and the file that tells which run it is working on.
"""

from __future__ import annotations

import logging
import math
import mmap
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing import connection
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ebm_engine.runs.commands import Close, Do, Open, Ready, Seen, Stop

if TYPE_CHECKING:
    from ebm_engine.runs.session import Session


class Marker:
    """The id of the run being worked on, in a file that outlives a killed worker."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    def put(self, run_id: int) -> None:
        """Note the run that gets the next piece of work; 0 = none."""
        self._memory[:] = run_id.to_bytes(8, "little")


class Worker:
    """The loop: first all commands, then reports, then a slice of the next run that is due."""

    def __init__(
        self,
        inbox: SimpleQueue[Any],
        send: Callable[[Any], None],
        folder: Path,
        marker: Marker,
        session: type[Session],
    ) -> None:
        self._inbox = inbox
        self._send = send
        self._folder = folder
        self._marker = marker
        self._session = session
        self._sessions: dict[int, Session] = {}

    def serve(self) -> None:
        """Work until the process ends."""
        self._send(Ready())
        while True:
            self._take_messages()
            self._send_reports()
            self._work()

    def _take_messages(self) -> None:
        """Handle all that has come; wait for more when there is nothing else to do."""
        wait = self._idle_time()
        try:
            while True:
                message = self._inbox.get(wait != 0, None if math.isinf(wait) else wait)
                self._handle(message)
                wait = 0
        except Empty:
            return

    def _idle_time(self) -> float:
        times = [min(s.due, s.report_due) for s in self._sessions.values()]
        return max(0.0, min(times, default=math.inf) - perf_counter())

    def _handle(self, message: Any) -> None:
        self._marker.put(message.run_id)
        if isinstance(message, Open):
            path = self._folder / f"{message.run_id}.safetensors"
            self._sessions[message.run_id] = self._session(message, path)
        elif (session := self._sessions.get(message.run_id)) is not None:
            match message:
                case Do():
                    session.obey(message)
                case Seen():
                    session.seen()
                case Close(keep=keep):
                    del self._sessions[message.run_id]
                    if not keep:
                        session.forget()
        self._marker.put(0)

    def _send_reports(self) -> None:
        for run_id, session in self._sessions.items():
            start = perf_counter()
            if session.report_due <= start:
                self._marker.put(run_id)
                self._send(session.report())
                busy = sum(not math.isinf(s.due) for s in self._sessions.values())
                session.reported(perf_counter() - start, busy)
                self._marker.put(0)

    def _work(self) -> None:
        """A slice for the first run that is due; it then goes behind the others."""
        now = perf_counter()
        for run_id, session in self._sessions.items():
            if session.due <= now:
                self._marker.put(run_id)
                session.work()
                self._marker.put(0)
                self._sessions[run_id] = self._sessions.pop(run_id)
                return


def _receive(pipe: connection.Connection, inbox: SimpleQueue[Any], folder: Path) -> None:
    """Pass messages on; end the process at once, mid-update or not, when told to or orphaned."""
    try:
        while not isinstance(message := pipe.recv(), Stop):
            inbox.put(message)
    except (EOFError, OSError):  # the server is gone and cannot tidy up any more
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main() -> None:
    """Run a worker with the command line's pipe handle, folder and marker file."""
    handle, folder, marker = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(format="worker %(process)d: %(levelname)s: %(message)s")
    windows = sys.platform == "win32"
    pipe = connection.PipeConnection(handle) if windows else connection.Connection(handle)
    inbox: SimpleQueue[Any] = SimpleQueue()
    receiver = threading.Thread(target=_receive, args=(pipe, inbox, folder), daemon=True)
    receiver.start()
    # Only now, because it takes seconds: until here the worker can already be stopped.
    from ebm_engine.runs.run import prepare_process
    from ebm_engine.runs.session import Session

    prepare_process()
    try:
        Worker(inbox, pipe.send, folder, Marker(marker), Session).serve()
    except (BrokenPipeError, ConnectionResetError):
        receiver.join()  # it ends the process


if __name__ == "__main__":
    main()
