"""Runs units in long-lived processes of this machine.

A worker that dies costs the unit that it was running and nothing else: the others go on, and a new one takes its
place. That is why this is not a pool of the standard library, which dies whole when one of its processes does.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from repype_like import events
from repype_like.execute.messages import Happened, Message, UnitDone
from repype_like.execute.unit import with_worker
from repype_like.execute.worker import Note, serve, tail
from repype_like.execute.workplace import Workplaces
from repype_like.plan import Unit
from repype_like.typing import IO, cast

__all__ = ["LocalExecutor"]

_BATCH_SECONDS = 0.02
"""Units are handed out in batches of about this duration, so that small ones do not pay for the way."""

_MOST_BATCHED = 256


@dataclass
class _Worker:
    number: int
    process: BaseProcess
    pipe: Connection
    note: Note
    output: IO[bytes]
    """What its stages print."""
    assigned: deque[int] = field(default_factory=deque)
    """Units handed out and not reported as done."""
    since: float = 0.0


class LocalExecutor:
    """Runs units in `workers` processes; see :class:`repype_like.execute.run.Executor`."""

    def __init__(self, workers: int):
        self._count = workers
        self._workers: list[_Worker] = []
        self._stopped = False
        self._seconds_per_unit = 1.0

    def run(self, units: Sequence[Unit], workplaces: Workplaces) -> Iterator[Message]:
        """Yield what happens while `units` run, in the order in which it happens."""
        waiting = deque(range(len(units)))
        try:
            self._workers = [_start(number, units, workplaces) for number in range(min(self._count, len(units)))]
            while (waiting and not self._stopped) or any(worker.assigned for worker in self._workers):
                for worker in self._workers:
                    if not worker.assigned and waiting and not self._stopped:
                        self._hand_out(worker, waiting)
                busy = [worker for worker in self._workers if worker.assigned]
                ready = wait([item for worker in busy for item in (worker.pipe, worker.process.sentinel)])
                for worker in busy:
                    if worker.pipe in ready or worker.process.sentinel in ready:
                        yield from self._receive(worker, waiting, units, workplaces)
        finally:
            self._end()

    def stop(self) -> None:
        """Start no further unit; those that run are finished."""
        self._stopped = True

    def kill(self) -> None:
        """End all workers now."""
        self._stopped = True
        for worker in self._workers:
            worker.process.kill()

    def _hand_out(self, worker: _Worker, waiting: deque[int]) -> None:
        fair = max(1, len(waiting) // (2 * len(self._workers)))
        count = min(fair, _MOST_BATCHED, max(1, int(_BATCH_SECONDS / max(self._seconds_per_unit, 1e-6))))
        worker.assigned.extend(waiting.popleft() for _ in range(min(count, len(waiting))))
        worker.since = time.monotonic()
        try:
            worker.pipe.send(tuple(worker.assigned))
        except OSError:  # it died idle; its end is noticed by its sentinel
            pass

    def _receive(self, worker: _Worker, waiting: deque[int], units: Sequence[Unit],
                 workplaces: Workplaces) -> Iterator[Message]:
        try:
            messages = worker.pipe.recv() if worker.pipe.poll() else None
        except (EOFError, OSError):
            messages = None
        for message in messages or ():
            if isinstance(message, UnitDone):
                worker.assigned.remove(message.unit)
                now = time.monotonic()
                self._seconds_per_unit += 0.2 * (now - worker.since - self._seconds_per_unit)
                worker.since = now
                yield message
            elif isinstance(message, Happened):
                yield Happened(with_worker(message.event, worker.number))
            else:
                yield message
        if messages is None and not worker.process.is_alive():
            yield from self._bury(worker, waiting, units, workplaces)

    def _bury(self, worker: _Worker, waiting: deque[int], units: Sequence[Unit],
              workplaces: Workplaces) -> Iterator[Message]:
        """Report the unit that a dead worker was running, put back what it had not begun, and replace it."""
        worker.process.join()
        if worker.assigned:
            position, stage = worker.note.read()
            if position not in worker.assigned:  # it died before it could begin; it would do so again
                position, stage = worker.assigned[0], None
            worker.assigned.remove(position)
            yield Happened(_report_of_death(units[position], stage, _cause(worker.process.exitcode), tail(worker.output)))
            yield UnitDone(position, True)
        waiting.extendleft(reversed(worker.assigned))
        worker.assigned.clear()
        worker.pipe.close()
        worker.output.close()
        if not self._stopped:
            self._workers[self._workers.index(worker)] = _start(worker.number, units, workplaces)

    def _end(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            if worker.assigned or self._stopped:
                worker.process.kill()
            worker.process.join()
            worker.output.close()


def _start(number: int, units: Sequence[Unit], workplaces: Workplaces) -> _Worker:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    note, output = Note(), cast("IO[bytes]", tempfile.TemporaryFile())
    process = context.Process(target=_main, args=(here, there, note, output, units, workplaces, os.getpid()), daemon=True,
                              name=f"repype-worker-{number}")
    with warnings.catch_warnings():
        # The coordinator has no threads of its own; those of a numerics library are at rest, since it has not computed.
        warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
        sys.stdout.flush()
        sys.stderr.flush()
        process.start()
    there.close()
    return _Worker(number, process, here, note, output)


def _main(here: Connection, there: Connection, note: Note, output: IO[bytes], units: Sequence[Unit],
          workplaces: Workplaces, parent: int) -> None:
    here.close()
    serve(there, note, output, units, workplaces, parent)


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = " (maybe out of memory)" if -exit_code == signal.SIGKILL else ""
        return f"crashed: killed by {name}{hint}"
    return f"crashed: the process ended with exit code {exit_code}"


def _report_of_death(unit: Unit, stage: events.StageStarted | None, cause: str, output: str) -> events.StageFailed:
    """Return what is said of a worker that died while it ran `unit`, in a stage that it had started, if any."""
    if stage is not None:
        return events.StageFailed(task=stage.task, stage=stage.stage, input_id=stage.input_id, tasks=stage.tasks,
                                  error=cause, traceback="", output=output)
    if unit.nodes:
        node = unit.nodes[0]
        return events.StageFailed(task=node.tasks[0], stage=node.stage, input_id=node.input_id, tasks=node.tasks,
                                  error=cause, traceback="", output=output)
    task = unit.opaque or unit.skips[0].task
    return events.StageFailed(task=task, stage="", input_id="", tasks=(task,), error=cause, traceback="", output=output)
