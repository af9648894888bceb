"""Watches a tree with the face that suits those who look."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from repype_like.cli.live.block import BlockFace
from repype_like.cli.live.lines import LineFace
from repype_like.cli.live.stream import JsonFace
from repype_like.cli.terminal import Terminal, err, out
from repype_like.watch import Crew, CycleEnded, Face, News, Options, Watcher

__all__ = ["watch"]

_HELPER = "repype_like.cli.live.helper:main"


def watch(options: Options, *, json: bool = False, notify: bool = False) -> int:
    """Watch until it is over, and return the exit code.

    Arguments:
        options: What is asked for.
        json: Whether the stream for programs is written, rather than what people look at.
        notify: Whether to ring when it goes wrong, and when it is mended.

    Raises:
        UsageError: If there is no such directory.
    """
    terminal = err()
    face: Face
    if json:
        face = JsonFace(sys.stdout)
    elif terminal.interactive:
        face = BlockFace(terminal)
    else:
        face = LineFace(out() if not options.runs else terminal)
    watcher = Watcher(options, _Bell(face, terminal) if notify else face, Crew.of(_HELPER))
    with _signals(watcher):
        if isinstance(face, BlockFace):
            with face:
                return watcher.run()
        return watcher.run()


class _Bell:
    """Rings the bell of a terminal when what was good is not any more, and when it is again."""

    def __init__(self, face: Face, terminal: Terminal):
        self._face = face
        self._terminal = terminal
        self.pressed, self.show = face.pressed, face.show

    @property
    def keys(self) -> int | None:
        return self._face.keys

    def tell(self, news: News) -> None:
        if isinstance(news, CycleEnded) and news.good != (news.before is not False):
            self._terminal.stream.write("\a")
            self._terminal.stream.flush()
        self._face.tell(news)


@contextmanager
def _signals(watcher: Watcher) -> Iterator[None]:
    """Have signals end it in good order, so that the terminal is what it was before."""
    def handle(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            watcher.quit()
        else:
            watcher.end(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
