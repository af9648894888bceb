"""What the operating system does not tell is found out by sweeping, and that is said."""

from __future__ import annotations

import errno
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from repype_like.watch.eyes import Eyes


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_without_inotify_there_is_polling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    from watchdog.observers.api import BaseObserver

    def schedule(*args: Any, **more: Any) -> None:
        raise OSError(number, "inotify watch limit reached")

    monkeypatch.setattr(BaseObserver, "schedule", schedule)
    eyes = Eyes(lambda path, is_directory: None)
    eyes.open(tmp_path)
    assert "no more inotify watches" in eyes.polling
    (tmp_path / "task.yml").touch()
    assert eyes.due <= time.monotonic()
    assert eyes.sweep() == ([str(tmp_path / "task.yml")], [])
    eyes.close()


def test_a_queue_that_overflows_is_followed_by_a_sweep(tmp_path: Path) -> None:
    eyes = Eyes(lambda path, is_directory: None)
    eyes.open(tmp_path)
    eyes.sweep()
    assert eyes.due > time.monotonic()
    logging.getLogger("watchdog.inotify_c").warning("Inotify queue overflowed; filesystem events were lost")
    assert eyes.due == 0.0
    eyes.sweep()
    assert eyes.due > time.monotonic()
    eyes.close()
