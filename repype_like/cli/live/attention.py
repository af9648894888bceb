"""Notes what planning looks at: all files that it opens and directories that it lists have a say.

What code of the user's looks at is noted apart, since what it has made of it stays in memory.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from types import FrameType

from repype_like.status import STORE_DIRECTORY
from repype_like.typing import Any, Self

__all__ = ["Attention"]

_OURS = str(Path(__file__).resolve().parents[2])
_LIBRARIES = tuple({os.path.join(folder, "") for name in ("stdlib", "platstdlib", "purelib", "platlib")  # noqa: PTH118
                    for path in [sysconfig.get_path(name)] if path
                    for folder in (path, os.path.realpath(path))} | {os.path.join(_OURS, "")})  # noqa: PTH118
_ELSEWHERE = ("/proc/", "/sys/", "/dev/", "/etc/")


class Attention:
    """Takes notes while it is entered as a context. It is there to stay: such a hook cannot be taken away."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.by_code: set[str] = set()
        """Those that code of the user's has opened, modules included."""
        self.folders: set[str] = set()
        self._active = False
        sys.addaudithook(self._hook)

    def __enter__(self) -> Self:
        self._active = True
        return self

    def __exit__(self, *_: object) -> None:
        self._active = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._active or event not in ("open", "os.listdir", "os.scandir"):
            return
        self._active = False
        try:
            self._note(event, arguments[0] if arguments else None, sys._getframe(1))
        finally:
            self._active = True

    def _note(self, event: str, path: Any, frame: FrameType) -> None:
        if path is None:
            path = "."
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  called for every file
        if text.startswith((*_LIBRARIES, *_ELSEWHERE)) or f"{os.sep}{STORE_DIRECTORY}" in text or "__pycache__" in text:
            return
        if f"{text}{os.sep}" in _LIBRARIES:
            return
        if event != "open":
            self.folders.add(text)
            return
        self.files.add(text)
        if _is_asked_for_by_code(frame):
            self.by_code.add(text)


def _is_asked_for_by_code(frame: FrameType | None) -> bool:
    while frame is not None:
        file = frame.f_code.co_filename
        if not (file.startswith(("<", *_LIBRARIES))):
            return True
        frame = frame.f_back
    return False
