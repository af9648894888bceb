from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from repype_like.errors import NotStorableError, UsageError
from repype_like.formats import Format, format_for_suffix, format_named, name_of
from repype_like.formats.registry import GROUP, _entries, _registered
from repype_like.formats.sequence import SequenceFormat
from repype_like.store import Store

MODULE = """
from repype_like.formats import Format

class Upper(Format):
    name = "upper"
    suffix = "txt"

    def can_store(self, value):
        return isinstance(value, str)

    def write(self, value, path):
        assert path.suffix == ".txt"
        path.write_text(value.upper() if value else 1)

    def read(self, path):
        return path.read_text()

class Other:
    pass
"""


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution with formats."""
    (tmp_path / "their_formats.py").write_text(MODULE)
    info = tmp_path / "their_formats-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-formats\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nupper = their_formats:Upper\nother = their_formats:Other\nbroken = their_formats:Missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    _entries.cache_clear()
    _registered.cache_clear()
    return tmp_path


def test_formats_of_others_are_found_by_name(distribution: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "task")
    value = store.encode("abc", "upper")
    assert value.blob is not None
    assert (store.directory / ".repype/blobs" / value.blob).read_text() == "ABC"
    assert value.blob.endswith(".txt")
    assert store.decode(value) == "ABC"
    with pytest.raises(NotStorableError, match='a str cannot be stored as "upper": TypeError'):
        store.encode("", "upper")
    with pytest.raises(NotStorableError, match='a int cannot be stored as "upper"'):
        store.encode(1, "upper")


@pytest.mark.parametrize(("name", "words"), [
    ("uper", 'did you mean "upper"'), ("other", "not a subclass"), ("broken", "cannot be imported"), ("xyz",
    "known are"),
])
def test_what_is_wrong_with_a_name_is_said(name: str, words: str, distribution: Path) -> None:
    with pytest.raises(UsageError, match=words):
        format_named(name)


class _Plain(Format):
    suffix = "txt"

    def write(self, value: Any, path: Path) -> None:
        path.write_text(value)

    def read(self, path: Path) -> str:
        return path.read_text()


class Greedy(_Plain):
    needs = ("json", "no_such_library", "nor_this_one")
    extra = "images"


class Particular(_Plain):
    def __init__(self, encoding: str):
        self.encoding = encoding


def test_a_format_may_be_named_by_its_class_or_an_instance(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for named in (Mine, Mine()):
        stored = store.encode("text", named)
        assert stored.format == f"{__name__}:Mine"
        assert format_named(stored.format).__class__ is Mine
        assert store.decode(stored) == "text"
    assert store.encode(np.eye(3, dtype=bool), "png").format == "png"
    assert name_of(SequenceFormat("png")) == "sequence"


class Mine(_Plain):
    """Named by where it is."""


def test_what_is_wrong_with_a_class_is_said() -> None:
    class Local(_Plain):
        pass

    with pytest.raises(UsageError, match="define it in a module"):
        format_named(Local)
    with pytest.raises(UsageError, match="cannot be made without arguments"):
        format_named(Particular)
    with pytest.raises(UsageError, match="by its name or its class, or by functions, and not by 5"):
        format_named(cast("Any", 5))
    with pytest.raises(UsageError, match=r"needs no_such_library and nor_this_one, which are not installed: "
                                         r"pip install 'repype_like\[images\]'"):
        format_named(Greedy)


@pytest.mark.parametrize(("suffix", "name"), [("png", "png"), ("TIFF", "tiff"), ("npy.gz", "npy.gz"), ("svg", "figure"),
                                              ("xyz", None)])
def test_formats_are_found_by_the_suffix_of_a_file(suffix: str, name: str | None) -> None:
    found = format_for_suffix(suffix)
    assert (found.name if found is not None else None) == name


def test_heavy_libraries_are_not_imported() -> None:
    code = ("import sys; from repype_like.formats import format_for; "
            "[format_for(v).dump(v) for v in (1, 'a', (2,), {3})]; "
            "print(sorted({'numpy', 'pandas', 'dill', 'importlib.metadata', 'asyncio'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
