"""In the worker of Dask: keeps agents, in which the stages run, and passes on what they say.

There is one agent for each thread of the worker. It is a fresh interpreter, made when it is needed and kept for the
run. What a stage does to its process, it does to an agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from repype_like.execute.budget import Needs
from repype_like.execute.dask.job import MismatchError, read_job
from repype_like.execute.dask.protocol import Done, Open, Order, Ready, Refused, Run, Said, begin_once, send, sibling
from repype_like.execute.dask.room import Room
from repype_like.execute.threads import VARIABLES
from repype_like.typing import Any

__all__ = ["AGENT", "MOST_SENT", "order", "probe", "run_batch"]

AGENT = "repype_like.batch.agent"

MOST_SENT = 1 << 16
"""Bytes that go through the scheduler in one piece; what is larger goes through a file."""

_LOOK_SECONDS = 0.1
_GRACE_SECONDS = 3.0

_lock = threading.Lock()
_rooms: dict[str, Room] = {}
"""By the address of the worker: in tests, and where Dask runs in one process, there are several."""
_idle: dict[Path, list[_Agent]] = {}
_busy: dict[Path, dict[int, _Agent]] = {}
"""By run, and by batch, the agents that are at work."""


class _Agent:
    """An agent, ready for a run."""

    def __init__(self, job: Path, check: bool):
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", AGENT, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, env=_environment(), start_new_session=True)
        self._pipe = Connection(ours.detach())
        self._lock = threading.Lock()
        self.tell(Open(job, check))

    def tell(self, message: object) -> bool:
        """Tell it something, and whether it is there."""
        with self._lock:
            return send(self._pipe, message)

    def hear(self, seconds: float) -> Any:
        """Return what it says next, or None if it says nothing for that long.

        Raises:
            EOFError, OSError: If it is dead.
        """
        return pickle.loads(self._pipe.recv_bytes()) if self._pipe.poll(seconds) else None

    def answer(self) -> str:
        """Wait until it is ready for the run, and return why not if it is not."""
        try:
            while True:
                message = self.hear(60.0)
                if isinstance(message, Ready):
                    return ""
                if isinstance(message, Refused):
                    return message.reason
        except (EOFError, OSError):
            return f"the process for the stages ended with exit code {self._process.wait()} while it loaded their code"

    @property
    def is_alive(self) -> bool:
        """Whether it can be given work."""
        return self._process.poll() is None

    def close(self, kill: bool = False) -> int:
        """End it, and return its exit code."""
        if kill:
            self.tell(Order("kill"))
        with contextlib.suppress(OSError):
            self._pipe.close()
        try:
            return self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


# --- what the coordinator calls --------------------------------------------------------------------------------------

async def probe(job: Path, expected: str) -> str:
    """Find out whether this worker can take part in a run, and return why not if it cannot.

    Arguments:
        job: The job file.
        expected: The hash of its content.
    """
    try:
        await asyncio.to_thread(read_job, job, expected)
    except (OSError, MismatchError):
        return (f"it does not see {job.parent} as this machine does; the tasks have to lie on a file system that all "
                "workers share, at the same path")
    try:
        sibling(job, f"seen-{os.getpid()}-{socket.gethostname()}").touch()
    except OSError as error:
        return f"it cannot write to {job.parent}: {error.strerror}"
    agent = await asyncio.to_thread(_Agent, job, True)
    reason = await asyncio.to_thread(agent.answer)
    if reason:
        await asyncio.to_thread(agent.close)
    else:
        with _lock:
            _idle.setdefault(job, []).append(agent)
    return reason


def order(job: Path, word: str, batches: Sequence[int] | None = None) -> None:
    """Tell the agents of a run something; ``end`` ends those that are idle, too."""
    with _lock:
        chosen = [agent for batch, agent in _busy.get(job, {}).items() if batches is None or batch in batches]
        idle = _idle.pop(job, []) if word == "end" else []
    for agent in chosen:
        agent.tell(Order("kill" if word == "end" else word))
    for agent in idle:
        threading.Thread(target=agent.close, daemon=True).start()  # this is the thread that Dask lives in


def run_batch(job: Path, plan: int, batch: int, topic: str, units: bytes, needs: Needs) -> None:
    """Run units; what happens is sent to `topic`, and at the end what came of it.

    That is a mapping, with ``seconds``; ``again``: whether the batch had been begun before, by a worker that was lost;
    ``refused``: why nothing was run; ``died``: how the agent ended, if it did.

    Arguments:
        job: The job file.
        plan: The number of the plan.
        batch: The number of the batch.
        topic: The name under which the coordinator hears of events.
        units: The units, pickled.
        needs: What each of them needs.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    with _room(worker).place(batch, needs, lambda: _is_given_up(worker, key)) as place:
        if place is not None:
            work = Run(batch, units, plan, place.memory, place.devices)
            _run_batch(job, work, _Post(worker, topic, job, batch), lambda: _is_given_up(worker, key))


def _run_batch(job: Path, work: Run, post: _Post, is_given_up: Callable[[], bool]) -> None:
    batch = work.batch
    if not begin_once(job, batch, post.address):
        post.put(result={"again": True})
        return
    agent, reason = _take(job)
    if agent is None:
        post.put(result={"refused": reason})
        return
    post.put()  # so that it is known where the batch is
    with _lock:
        _busy.setdefault(job, {})[batch] = agent
    started = time.monotonic()
    if not work.units:
        work = replace(work, units=sibling(job, f"b{batch}u").read_bytes())
    ended = _attend(agent, work, post, is_given_up)
    with _lock:
        del _busy[job][batch]
        if not ended:
            _idle.setdefault(job, []).append(agent)
    if ended:
        agent.close()
    post.put(result={"seconds": time.monotonic() - started, **ended})


def _attend(agent: _Agent, work: Run, post: _Post, is_given_up: Callable[[], bool]) -> dict[str, str]:
    """Have an agent run units and pass on what it says, until it is done; return how it ended, if it did."""
    agent.tell(work)
    looked = time.monotonic()
    while True:
        try:
            message = agent.hear(_LOOK_SECONDS)
        except (EOFError, OSError):
            return {"died": f"the process for the stages ended with exit code {agent.close()}"}
        if isinstance(message, Said):
            post.put(message.data, message.number)
        elif isinstance(message, Done):
            return {}
        elif isinstance(message, Refused):
            return {"refused": message.reason}
        if time.monotonic() - looked > _LOOK_SECONDS:  # however much it says
            looked = time.monotonic()
            if is_given_up():
                agent.close(kill=True)
                return {"died": "it was given up"}


class _Post:
    """Sends what an agent says to the coordinator, by way of the scheduler."""

    def __init__(self, worker: Any, topic: str, job: Path, batch: int):
        self.address: str = worker.address
        """That of the worker."""
        self._worker = worker
        self._topic = topic
        self._job = job
        self._batch = batch

    def put(self, data: bytes = b"", number: int = 0, result: dict[str, Any] | None = None) -> None:
        """Send messages, packed, and their number; or, last of all, what came of the batch."""
        file = ""
        if len(data) > MOST_SENT:
            path = sibling(self._job, f"b{self._batch}p{number}")
            path.write_bytes(data)
            file, data = path.suffix[1:], b""
        self._worker.log_event(self._topic, {
            "batch": self._batch, "part": number, "data": data, "file": file, "worker": self.address,
            "result": result})


def _take(job: Path) -> tuple[_Agent | None, str]:
    """Return an agent that is ready for a run; or None, and why there is none."""
    while True:
        with _lock:
            agent = _idle[job].pop() if _idle.get(job) else None
        if agent is None:
            break
        if agent.is_alive:
            return agent, ""
        agent.close()
    agent = _Agent(job, check=False)
    reason = agent.answer()
    if reason:
        agent.close()
        return None, reason
    return agent, ""


def _is_given_up(worker: Any, key: object) -> bool:
    """Tell whether nobody waits any more for a task of Dask that runs: its run was killed, or this worker is lost."""
    if worker.status.name not in ("running", "paused", "closing_gracefully"):
        return True
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


def _room(worker: Any) -> Room:
    with _lock:
        if worker.address not in _rooms:
            limit = getattr(getattr(worker, "memory_manager", None), "memory_limit", None)
            _rooms[worker.address] = Room(worker.state.nthreads, int(limit) if limit else None)
        return _rooms[worker.address]


def _environment() -> dict[str, str]:
    """Return the environment of the worker, but for what Dask has put there: how many threads each may have."""
    import dask

    preset = dask.config.get("distributed.nanny.pre-spawn-environ", None) or {}
    return {name: value for name, value in os.environ.items()
            if name not in VARIABLES or value != str(preset.get(name))}
