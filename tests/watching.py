"""A program that watches, as a test sees it: what it streams is waited for, never slept for."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from project import Project

__all__ = ["DEADLINE", "News", "Watching", "watching"]

DEADLINE = 150.0
"""Seconds after which what is waited for is taken to never come."""

News = dict[str, Any]


class Watching:
    """``repype watch --json`` in a process of its own."""

    def __init__(self, child: subprocess.Popen[str]):
        self.child = child
        self.seen: list[News] = []
        """All that it has streamed so far and was waited for."""
        self._queue: queue.Queue[News | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def until(self, wanted: str | Callable[[News], bool], **fields: Any) -> News:
        """Return the next item that is wanted, by its name and fields or by a predicate."""
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                item = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited in vain for {wanted} {fields}\n{self}") from None
            if item is None:
                raise AssertionError(f"it ended before {wanted} {fields}\n{self}")
            self.seen.append(item)
            if callable(wanted):
                if wanted(item):
                    return item
            elif item["event"] == wanted and all(item.get(key) == value for key, value in fields.items()):
                return item

    def cycle(self) -> list[News]:
        """Return what is streamed up to the end of the next cycle."""
        start = len(self.seen)
        self.until("CycleEnded")
        return self.seen[start:]

    def rest(self) -> list[News]:
        """Return what was streamed since, and was not waited for."""
        found: list[News] = []
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                self.seen += found
                return found
            if item is not None:
                found.append(item)

    def end(self, number: int = signal.SIGINT) -> int:
        """Have it end by a signal, and return its exit code."""
        self.child.send_signal(number)
        return self.child.wait(DEADLINE)

    def __str__(self) -> str:
        lines = [json.dumps(item) for item in self.seen[-40:]]
        if self.child.poll() is not None and self.child.stderr is not None:
            lines += ["--- stderr", self.child.stderr.read()]
        return "\n".join(lines)


@contextmanager
def watching(project: Project, *args: str, env: dict[str, str] | None = None) -> Iterator[Watching]:
    """Watch a project while the context is entered."""
    found = Watching(project.start("watch", "tasks", "--json", *args, env=env))
    try:
        yield found
    finally:
        if found.child.poll() is None:
            found.end(signal.SIGTERM)
        assert found.child.stderr is not None
        assert "Traceback" not in found.child.stderr.read()


def began(news: list[News]) -> list[str]:
    """Return the tasks that were begun, in order, each as often as it was."""
    return [task for item in news if item["event"] == "RunBegan" for task in item["tasks"]]


def computed(news: list[News]) -> list[tuple[str, str, Any]]:
    """Return what was computed: task, stage, input."""
    return sorted((item["task"], item["stage"], item["input_id"]) for item in news if item["event"] == "StageFinished")


def errors(news: list[News]) -> list[str]:
    """Return everything wrong that was told."""
    found = [item["text"] for item in news if item["event"] == "Notice" and item["error"]]
    for item in news:
        if item["event"] == "Status":
            found += [task["error"] for task in item["tasks"] if task["error"]] + item["problems"]
    return found
