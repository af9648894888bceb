"""What the tests of single formats share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repype_like.formats import Format, format_named


@pytest.fixture
def through(tmp_path: Path) -> Callable[[str, Any], Any]:
    """Return a function that writes a value in a format, and returns what is read."""

    def write_and_read(name: str, value: Any) -> Any:
        format_: Format = format_named(name)
        path = tmp_path / f"value.{format_.suffix}"
        path.unlink(missing_ok=True)
        assert format_.can_store(value)
        format_.write(value, path)
        return format_.read(path)

    return write_and_read
