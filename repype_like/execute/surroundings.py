"""The state of the process that stages share, put back to what it was when one of them has changed it."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence

from repype_like.execute.devices import VARIABLE, share_of
from repype_like.typing import Any

__all__ = ["Surroundings"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGXFSZ")
_SIGNALS = [int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)]
# That of `signal` makes enumerations of what it returns, at ten times the cost.
_handler = importlib.import_module("_signal").getsignal


class Surroundings:
    """Working directory, environment, umask, signal handlers, filters of warnings and how processes are started.

    What it finds when it is made is what :meth:`restore` puts back. Called for every stage, so it looks before it
    writes. The state of random generators is not among it: a stage whose results depend on that has to seed them.

    Arguments:
        devices: Gives the GPUs that there are for stages in this process which need some; asked when one does.
    """

    def __init__(self, devices: Callable[[], Sequence[str]] = tuple) -> None:
        self._devices = devices
        self._directory = os.getcwd()  # noqa: PTH109  a Path costs more than the rest of it
        self._variables = dict(os.environ)
        # What it wraps can be compared a hundred times faster; private, but there in all versions.
        self._live: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]
        self._environment = self._live.copy()
        self._umask = os.umask(0o022)
        os.umask(self._umask)
        self._handlers = list(map(_handler, _SIGNALS))
        self._filters = list(warnings.filters)
        self._start_method = _start_method()

    def provide(self, gpus: float) -> None:
        """Have the next stage see its share of the GPUs."""
        devices = self._devices()
        if devices:
            os.environ[VARIABLE] = share_of(devices, gpus)

    def restore(self) -> None:
        """Put everything back."""
        if _directory() != self._directory:
            with contextlib.suppress(OSError):  # somebody has deleted it; the next stage will tell
                os.chdir(self._directory)
        if self._live != self._environment:
            os.environ.clear()
            os.environ.update(self._variables)
        os.umask(self._umask)
        if list(map(_handler, _SIGNALS)) != self._handlers:
            self._restore_handlers()
        if warnings.filters != self._filters:
            warnings.resetwarnings()
            warnings.filters.extend(self._filters)  # type: ignore[attr-defined]  # declared as a mere sequence
        if _start_method() != self._start_method:
            sys.modules["multiprocessing"].set_start_method(self._start_method, force=True)

    def _restore_handlers(self) -> None:
        for number, handler in zip(_SIGNALS, self._handlers, strict=True):
            if _handler(number) is not handler and handler is not None:
                with contextlib.suppress(ValueError):  # another thread than the main one cannot have changed it
                    signal.signal(number, handler)


def _directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109  see above
    except FileNotFoundError:  # the stage has deleted it
        return ""


def _start_method() -> Any:
    multiprocessing = sys.modules.get("multiprocessing")
    return None if multiprocessing is None else multiprocessing.get_start_method(allow_none=True)
