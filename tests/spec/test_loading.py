from __future__ import annotations

import os
from pathlib import Path

import pytest

from repype_like.errors import Location, SpecError
from repype_like.spec.loading import Document, load_document, parse_document
from repype_like.spec.source import MAX_BYTES

TEXT = """\
# a comment
scopes:
  seg: "seg/%s.png"
pipeline: [stages.A,
           stages.B]
x: &x {y: 1}
z: *x
"""


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "task.yml"
    path.write_bytes(content)
    return path


def test_places_of_values_and_keys(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT.encode())
    document = load_document(path)
    assert document.location(("scopes", "seg")) == Location(path, 3, 8)
    assert document.key_location(("scopes", "seg")) == Location(path, 3, 3)
    assert document.location(("pipeline", 1)) == document.key_location(("pipeline", 1)) == Location(path, 5, 12)
    assert document.location(("z",)) == Location(path, 7, 4)
    assert document.location(("z", "y")) == Location(path, 6, 11)
    assert document.location(("scopes", "missing", "more")) == document.location(("scopes",)) == Location(path, 3, 3)
    assert document.location() == Location(path, 2, 1)


def test_a_document_that_is_no_file_has_places_too() -> None:
    assert Document(Path("task.yml"), {"a": 1}).location(("a",)) == Location(Path("task.yml"))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"# nothing", b"---\n", b"null"])
def test_an_empty_file_inherits_everything(tmp_path: Path, content: bytes) -> None:
    assert load_document(write(tmp_path, content)).value == {}


@pytest.mark.parametrize(("content", "message"), [
    (b"\n- a", "2:1: the file holds a list"), (b"a b", '1:1: the file holds the value "a b"'), (b"5", '"5"'),
])  # fmt: skip
def test_the_top_level_is_a_mapping(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(SpecError, match=message):
        load_document(path)


def test_size_limit(tmp_path: Path) -> None:
    fits = b"a: 1\n" + b"#" * (MAX_BYTES - 5)
    assert load_document(write(tmp_path, fits)).value == {"a": 1}
    with pytest.raises(SpecError, match="larger than 1 MB"):
        load_document(write(tmp_path, fits + b"#"))


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "loop").symlink_to("loop")
    for name, message in {"fifo": "not a regular file", "directory": "not a regular file", "missing": "does not exist",
                          "dangling": "symbolic link to nothing", "loop": "cannot be read"}.items():
        with pytest.raises(SpecError, match=message) as caught:
            load_document(tmp_path / name)
        (problem,) = caught.value.problems
        assert problem.where == Location(tmp_path / name)
        assert problem.task == tmp_path


def test_parsing_is_a_function_of_bytes() -> None:
    assert parse_document(TEXT.encode(), Path("a")) == parse_document(TEXT.encode(), Path("a"))
