"""A worker process: time-slices its runs, takes commands in and sends reports out.

Started by `process.WorkerProcess` with the number of its end of the pipe, the folder of the
checkpoints and the file that says which run it is working on.
"""

from __future__ import annotations

import math
import mmap
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from queue import Empty
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ebm_engine.server.child import Inbox, Send, run_child
from ebm_engine.server.commands import Close, Do, Open, Ready, Seen, Together
from ebm_engine.server.memory import give_back, settle

if TYPE_CHECKING:
    from ebm_engine.server.worker.hosted_run import HostedRun


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
        inbox: Inbox,
        send: Send,
        folder: Path,
        marker: Marker,
        host: type[HostedRun],
    ) -> None:
        self._inbox = inbox
        self._send = send
        self._folder = folder
        self._marker = marker
        self._host = host
        self._runs: dict[int, HostedRun] = {}

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

    def _align(self) -> None:
        """Runs of a group go in lockstep: the ones behind follow, the ones ahead wait.

        One that cannot go on any more does not count.
        """
        groups = defaultdict(list)
        for run in self._runs.values():
            if run.group and not run.stopped:
                groups[run.group].append(run)
        for members in groups.values():
            steps = [run.step for run in members]
            for run in members:
                run.align(min(steps), max(steps))

    def _idle_time(self) -> float:
        self._align()
        times = [min(s.due, s.report_due) for s in self._runs.values()]
        return max(0.0, min(times, default=math.inf) - perf_counter())

    def _handle(self, message: Any) -> None:
        if isinstance(message, Together):
            for each in message.messages:
                self._handle(each)
            return
        self._marker.put(message.run_id)
        if isinstance(message, Open):
            path = self._folder / f"{message.run_id}.safetensors"
            parent = self._runs.get(message.fork.parent) if message.fork else None
            self._runs[message.run_id] = self._host(message, path, parent)
        elif (run := self._runs.get(message.run_id)) is not None:
            match message:
                case Do():
                    run.obey(message)
                case Seen():
                    run.seen()
                case Close(keep=keep):
                    del self._runs[message.run_id]
                    if not keep:
                        run.forget()
                    del run
                    give_back()
        self._marker.put(0)

    def _send_reports(self) -> None:
        for run_id in self._due_reports():
            run = self._runs[run_id]
            start = perf_counter()
            self._marker.put(run_id)
            self._send(run.report())
            busy = sum(s.busy for s in self._runs.values())
            run.reported(perf_counter() - start, busy)
            self._marker.put(0)

    def _due_reports(self) -> list[int]:
        """The runs whose report is due; a group reports as one, when all stand at one update."""
        now = perf_counter()
        due = [run_id for run_id, s in self._runs.items() if s.report_due <= now]
        for group in {self._runs[run_id].group for run_id in due} - {""}:
            members = {r: s for r, s in self._runs.items() if s.group == group}
            living = [run_id for run_id, s in members.items() if not s.stopped]
            level = len({members[run_id].step for run_id in living}) <= 1
            others = [run_id for run_id in due if run_id not in living]
            due = others + living if level else [r for r in due if r not in members]
        return due

    def _work(self) -> None:
        """A slice for the first run that is due; it then goes behind the others."""
        self._align()
        now = perf_counter()
        for run_id, run in self._runs.items():
            if run.due <= now:
                self._marker.put(run_id)
                run.work()
                self._marker.put(0)
                self._runs[run_id] = self._runs.pop(run_id)
                return


def main() -> None:
    """Run a worker with the command line's pipe handle, folder and marker file."""
    folder, marker = Path(sys.argv[2]), Path(sys.argv[3])

    def work(inbox: Inbox, send: Send) -> None:
        from ebm_engine.run.run import prepare_process
        from ebm_engine.server.worker.hosted_run import HostedRun

        prepare_process()
        settle()
        Worker(inbox, send, folder, Marker(marker), HostedRun).serve()

    # A server that is gone cannot tidy up any more.
    run_child("worker", work, lambda: shutil.rmtree(folder, ignore_errors=True))


if __name__ == "__main__":
    main()
