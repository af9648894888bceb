"""Follows the runs of others by the logs that they write."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from repype_like.events import Event, RunFinished, from_json
from repype_like.status import run_logs
from repype_like.store import Holder, holders
from repype_like.watch.state import LiveRun

__all__ = ["Following"]

_MOST = 8
"""How many of the latest logs are looked at."""

_SLACK = 2.0
"""Seconds by which a log may seem to begin before its run held the tree."""


class Following:
    """The runs that go on in a tree."""

    def __init__(self) -> None:
        self._logs: dict[Path, _Log] = {}
        self._over: set[Path] = set()

    @property
    def runs(self) -> list[LiveRun]:
        """What they have done so far."""
        return [log.run for log in self._logs.values()]

    def poll(self, tops: Iterable[Path]) -> tuple[list[Event], bool]:
        """Return what has happened since the last time, and whether a run has ended."""
        found: list[Event] = []
        ended = False
        alive = {top: holders(top) for top in tops}
        for top, holding in alive.items():
            if holding:
                self._find(top, holding)
        for path, log in list(self._logs.items()):
            found.extend(log.read())
            if log.run.state.finished is not None or not alive.get(log.top):
                ended = True
                log.run.state.running.clear()
                self._over.add(path)
                del self._logs[path]
        return found, ended

    def _find(self, top: Path, holding: Iterable[Holder]) -> None:
        since = min(holder.since for holder in holding) - _SLACK
        try:
            logs = run_logs(top)
        except OSError:  # there is nothing to be followed
            return
        for path in logs[:_MOST]:
            if path not in self._logs and path not in self._over:
                log = _Log(path, top)
                if log.begins_after(since):
                    self._logs[path] = log
                else:
                    self._over.add(path)


class _Log:
    def __init__(self, path: Path, top: Path):
        self.path = path
        self.top = top
        self.run = LiveRun({})
        self._read = 0

    def begins_after(self, since: float) -> bool:
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                first = from_json(file.readline())
                whole = [event for line in file if isinstance(event := from_json(line), RunFinished)]
        except OSError:
            return False
        return (first is None or first.time >= since) and not whole

    def read(self) -> list[Event]:
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except OSError:
            return []
        complete = data[:data.rfind(b"\n") + 1]
        self._read += len(complete)
        found = [event for line in complete.decode(errors="replace").splitlines() if (event := from_json(line))]
        for event in found:
            self.run.state.feed(event)
        self.run.tasks = dict.fromkeys(self.run.state.tasks, "")
        return found
