"""The frame of a child process: the other end of `process.WorkerProcess`.

The server starts a child with the number of its end of the pipe as its first argument. A thread
passes the server's messages on and ends the process at once, in the middle of whatever it does,
when it is told to stop or the server is gone.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing import connection
from queue import SimpleQueue
from typing import Any

from ebm_engine.server.commands import Stop

Inbox = SimpleQueue[Any]
Send = Callable[[Any], None]


def run_child(
    name: str, work: Callable[[Inbox, Send], None], orphaned: Callable[[], None] | None = None
) -> None:
    """Do the work of the child, for good; `name` stands before each line of its log.

    work(inbox, send) first loads what takes long, as the process can be stopped from then on;
    orphaned() is called before the end when the server has gone without a word.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(format=f"{name} %(process)d: %(levelname)s: %(message)s")
    handle, windows = int(sys.argv[1]), sys.platform == "win32"
    pipe = connection.PipeConnection(handle) if windows else connection.Connection(handle)
    inbox: Inbox = SimpleQueue()
    receiver = threading.Thread(target=_receive, args=(pipe, inbox, orphaned), daemon=True)
    receiver.start()
    try:
        work(inbox, pipe.send)
    except (BrokenPipeError, ConnectionResetError):
        receiver.join()  # it ends the process


def _receive(
    pipe: connection.Connection, inbox: Inbox, orphaned: Callable[[], None] | None
) -> None:
    try:
        while not isinstance(message := pipe.recv(), Stop):
            inbox.put(message)
    except (EOFError, OSError):
        if orphaned is not None:
            orphaned()
    finally:
        os._exit(0)
