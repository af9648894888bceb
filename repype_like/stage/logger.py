"""The loggers of stages."""

from __future__ import annotations

import logging
import sys

from repype_like.typing import IO, TYPE_CHECKING

__all__ = ["stage_logger"]


if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[IO[str]]
else:
    _StreamHandler = logging.StreamHandler  # not to be subscripted before Python 3.11


class _Printer(_StreamHandler):
    """Writes to what is stderr at the moment: workers have it captured."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def stage_logger(stage_id: str) -> logging.Logger:
    """Return the logger ``repype.STAGE``. Everything from INFO on is written, unless the program has set it up."""
    top = logging.getLogger("repype")
    if not top.handlers:
        top.addHandler(_Printer())
        top.propagate = False
        if top.level == logging.NOTSET:
            top.setLevel(logging.INFO)
    return top.getChild(stage_id)
