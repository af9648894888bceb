"""An interpreter of its own that looks at the tree and runs tasks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from repype_like.typing import TYPE_CHECKING
from repype_like.watch.messages import Answer, Order

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Crew", "Helper"]

_TAIL = 4000
"""Characters of what a helper has printed that are shown if it dies."""


class Helper:
    """A process that takes orders, in a session of its own, so that Ctrl-C does not reach it.

    Arguments:
        program: The command that starts it, to which the number of a descriptor is added.
    """

    def __init__(self, program: Sequence[str]):
        from multiprocessing import Pipe

        self.connection: Connection
        self.connection, there = Pipe()
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  it is closed by :meth:`end`
        self._process = subprocess.Popen([*program, str(there.fileno())], pass_fds=[there.fileno()],
                                         stdin=subprocess.DEVNULL, stdout=self._printed, stderr=self._printed,
                                         start_new_session=True)
        there.close()
        self.is_outdated = False
        """Whether code has changed since it loaded any."""

    def send(self, order: Order) -> None:
        """Give an order; that it is dead is noticed when it is listened to."""
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def receive(self) -> Answer | None:
        """Return what it says next, or None if it is dead."""
        try:
            answer: Answer = self.connection.recv()
        except (EOFError, OSError):
            return None
        return answer

    def last_words(self) -> str:
        """Return how it ended, and what it printed at the end."""
        code = self._process.wait()
        self._printed.seek(0)
        text = self._printed.read().decode(errors="replace")[-_TAIL:].strip()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"the process that plans and runs {how}" + (f":\n{text}" if text else "")

    def end(self, patience: float = 0.0) -> None:
        """Have it end, with all that it has started; by force after `patience` (seconds)."""
        self.connection.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._printed.close()


class Crew:
    """The helpers that have nothing to do: one that knows the project as it is now, and one that knows nothing yet.

    Arguments:
        program: The command that starts a helper.
    """

    def __init__(self, program: Sequence[str]):
        self._program = program
        self._loaded: Helper | None = None
        self._spare: Helper | None = None

    @classmethod
    def of(cls, function: str) -> Crew:
        """Return a crew whose helpers call ``module:function`` with the number of their descriptor.

        They find modules where this process does, and nowhere else: not in the working directory first.
        """
        module, _, name = function.partition(":")
        code = f"import sys; sys.path[:] = {sys.path!r}; from {module} import {name}; {name}(int(sys.argv[1]))"
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
        return cls([sys.executable, *flags, "-c", code])

    def take(self) -> Helper:
        """Return a helper that knows no code but that of now."""
        helper, self._loaded = self._loaded, None
        if helper is None:
            helper, self._spare = self._spare, None
        return helper or Helper(self._program)

    def give_back(self, helper: Helper) -> None:
        """Keep a helper that has done its work, if it may be of use again."""
        if helper.is_outdated or self._loaded is not None:
            helper.end()
        else:
            self._loaded = helper

    def have_spare(self) -> None:
        """Start a helper for the next time, so that it is ready by then."""
        if self._spare is None:
            self._spare = Helper(self._program)

    def outdate(self) -> None:
        """Part with the helper that knows the project: code has changed."""
        if self._loaded is not None:
            self._loaded.end()
            self._loaded = None

    def end(self) -> None:
        """End all of them."""
        for helper in filter(None, (self._loaded, self._spare)):
            helper.end()
        self._loaded = self._spare = None
