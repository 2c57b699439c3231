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
from typing import TYPE_CHECKING

from ebm_engine.data.own_files import read_only_uploads
from ebm_engine.server.child import Inbox, Send, run_child
from ebm_engine.server.commands import Close, Do, Open, Ready, Seen
from ebm_engine.server.memory import give_back, settle
from ebm_engine.server.worker.lanes import Lanes, Message, is_quick

if TYPE_CHECKING:
    from ebm_engine.server.worker.hosted_run import HostedRun

COMMAND_SLICE = 0.008  # seconds of commands before the runs go on


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
    """The loop: first commands, then reports, then a slice of the next run that is due.

    A run obeys before it goes on or reports, but a costly command of one run makes the others wait
    once at most: before the next one they are given as much time as it took.
    """

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
        self._lanes = Lanes()
        self._owed = 0.0  # seconds that the runs are given before the next costly command

    def serve(self) -> None:
        """Work until the process ends."""
        self._send(Ready())
        while True:
            self._take_messages()
            self._obey()
            self._send_reports()
            self._work()

    def _take_messages(self) -> None:
        """Sort in all that has come; wait for more when there is nothing else to do."""
        wait = self._idle_time()
        try:
            while True:
                self._lanes.add(self._inbox.get(wait != 0, None if math.isinf(wait) else wait))
                wait = 0
        except Empty:
            return

    def _obey(self) -> None:
        """Carry out messages for a slice of time, one costly one at most."""
        start = now = perf_counter()
        while now - start < COMMAND_SLICE:
            message = self._lanes.take(quick=self._owed > 0)
            if message is None:
                return
            before = now
            self._handle(message)
            now = perf_counter()
            if not is_quick(message):
                self._owed = now - before

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
        if self._lanes:
            return 0.0
        self._align()
        times = [min(s.due, s.report_due) for s in self._runs.values()]
        return max(0.0, min(times, default=math.inf) - perf_counter())

    def _handle(self, message: Message) -> None:
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
        now, waiting = perf_counter(), self._lanes.runs()
        obeyed = {run_id: s for run_id, s in self._runs.items() if run_id not in waiting}
        due = [run_id for run_id, s in obeyed.items() if s.report_due <= now]
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
        now, waiting = perf_counter(), self._lanes.runs()
        for run_id, run in self._runs.items():
            if run_id not in waiting and run.due <= now:
                self._marker.put(run_id)
                run.work()
                self._marker.put(0)
                self._runs[run_id] = self._runs.pop(run_id)
                self._owed = max(0.0, self._owed - (perf_counter() - now))
                return
        self._owed = 0.0


def main() -> None:
    """Run a worker with the command line's pipe handle, folder and marker file."""
    folder, marker = Path(sys.argv[2]), Path(sys.argv[3])

    def work(inbox: Inbox, send: Send) -> None:
        from ebm_engine.run.run import prepare_process
        from ebm_engine.server.worker.hosted_run import HostedRun

        read_only_uploads()
        prepare_process()
        settle()
        Worker(inbox, send, folder, Marker(marker), HostedRun).serve()

    # A server that is gone cannot tidy up any more.
    run_child("worker", work, lambda: shutil.rmtree(folder, ignore_errors=True))


if __name__ == "__main__":
    main()
