from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import format_for, format_named

text = format_named("text")


@pytest.mark.parametrize("value", ["", "a\r\nb\rc\n", "grüß\N{GRINNING FACE}", "\0\x1b", "\ufeffx"])
def test_text_comes_back_to_the_letter(value: str, through: Callable[..., Any], tmp_path: Path) -> None:
    assert through("text", value) == value
    assert (tmp_path / "value.txt").read_bytes() == value.encode()


def test_long_text_is_a_text_file_unless_it_is_no_text() -> None:
    assert format_for("x" * 100_000).name == "text"
    assert format_for("x" * 100_000 + "\ud800").name == "container"


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    class Name(str):
        __slots__ = ()

    assert not text.can_store(Name("a"))
    with pytest.raises(NotStorableError, match="no str that UTF-8 can hold"):
        text.write("\ud800", tmp_path / "a.txt")
    (tmp_path / "b.txt").write_bytes(b"\xff")
    with pytest.raises(DamagedError, match="not UTF-8"):
        text.read(tmp_path / "b.txt")


def test_everything_can_be_written_out_as_text(tmp_path: Path) -> None:
    for value, expected in (({1: 2}, b"{1: 2}"), (b"\xff\0", b"\xff\0"), ("\udcff", b"\xff")):
        text.export(value, tmp_path / "a.txt")
        assert (tmp_path / "a.txt").read_bytes() == expected
