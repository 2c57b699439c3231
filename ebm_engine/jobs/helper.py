"""The helper process: works through one job after the other, for the server's job queue.

Started by `process.WorkerProcess` with the number of its end of the pipe. It gives way to the
workers of the live runs: lower priority, one thread.
"""

from __future__ import annotations

import logging
import os
from queue import Empty

from ebm_engine.data.own_files import read_only_uploads
from ebm_engine.jobs.messages import Begin, Drop, Ended, Progress
from ebm_engine.jobs.tasks import TASKS
from ebm_engine.server.child import Inbox, Send, run_child
from ebm_engine.server.commands import Ready
from ebm_engine.server.memory import give_back, settle

NICENESS = 5

log = logging.getLogger(__name__)


class Helper:
    """The loop: wait for a job, do it step by step, look for a Drop between the steps."""

    def __init__(self, inbox: Inbox, send: Send) -> None:
        self._inbox = inbox
        self._send = send

    def serve(self) -> None:
        """Work until the process ends."""
        self._send(Ready())
        while True:
            message = self._inbox.get()
            if isinstance(message, Begin):  # a Drop that comes now is late: its job is over
                self._send(Ended(message.job_id, self._error_of(message)))
                give_back()

    def _error_of(self, job: Begin) -> str:
        """Do the job; what went wrong, as one sentence, or ""."""
        try:
            for share, result in TASKS[job.name].run(job.arguments):
                self._send(Progress(job.job_id, share, result))
                if self._dropped(job.job_id):
                    return "cancelled"
        except ValueError as error:
            return str(error).splitlines()[0]
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # a bug or no memory: the next job has its chance
            log.exception("job %d, %s, stops", job.job_id, job.name)
            reason = (str(error) or type(error).__name__).splitlines()[0]
            return f"stopped by an error: {reason[:200]}"
        return ""

    def _dropped(self, job_id: int) -> bool:
        dropped = False
        try:
            while True:
                dropped |= self._inbox.get_nowait() == Drop(job_id)
        except Empty:
            return dropped


def main() -> None:
    """Serve with the command line's pipe handle."""

    def work(inbox: Inbox, send: Send) -> None:
        import torch

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        if hasattr(os, "nice"):  # a person waits for the start, so only what follows gives way
            os.nice(NICENESS)
        settle()
        read_only_uploads()
        Helper(inbox, send).serve()

    run_child("helper", work)


if __name__ == "__main__":
    main()
