"""What every format promises, for values of all kinds: type and content come back, writable, from memory and file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from all_values import VALUES, same
from repype_like.formats import BufferFormat, format_for, format_named, map_file


def _through_memory(format_: BufferFormat, value: Any, _: Path) -> Any:
    return format_.load(memoryview(bytearray(b"".join(format_.dump(value)))))


def _through_file(format_: BufferFormat, value: Any, directory: Path) -> Any:
    path = directory / f"value.{format_.suffix}"
    format_.write(value, path)
    return format_.read(path)


@pytest.mark.parametrize("through", [_through_memory, _through_file])
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("format_name", [None, "container"])
def test_type_and_content_come_back(name: str, format_name: str | None, through: Callable[..., Any],
                                    tmp_path: Path) -> None:
    format_ = format_for(VALUES[name], format_name)
    assert isinstance(format_, BufferFormat)
    assert same(through(format_, VALUES[name], tmp_path), VALUES[name])


@pytest.mark.parametrize("name", ["array", "large", "fortran", "strided", "records", "mask", "labels", "0-d", "dates",
                                  "masked"])
@pytest.mark.parametrize("format_name", [None, "container"])
def test_arrays_are_writable_and_the_file_stays_as_it_is(name: str, format_name: str | None, tmp_path: Path) -> None:
    format_ = format_for(VALUES[name], format_name)
    path = tmp_path / "file"
    format_.write(VALUES[name], path)
    before = path.read_bytes()
    array = format_.read(path)
    array[...] = np.zeros((), array.dtype)
    assert path.read_bytes() == before
    assert same(format_.read(path), VALUES[name])


def test_tables_are_writable_and_the_file_stays_as_it_is(tmp_path: Path) -> None:
    path, table = tmp_path / "file", pd.DataFrame(np.random.default_rng(0).random((50_000, 4)), columns=list("abcd"))
    format_named("container").write(table, path)
    loaded = format_named("container").read(path)
    loaded.loc[:, "a"] = 0.0
    loaded["e"] = 1
    assert format_named("container").read(path).equals(table)


@pytest.mark.parametrize(("name", "expected"), [
    ("float", "json"), ("list", "json"), ("long list", "container"), ("tuple", "container"), ("array", "npy"),
    ("mask", "npy.gz"), ("labels", "npy.gz"), ("large", "npy"), ("objects", "container"), ("masked", "container"),
    ("table", "container"), ("metadata", "container"), ("big int", "container"), ("recursive", "container"),
    ("numpy float", "container"), ("int enum", "container"),
])
def test_format_is_chosen_by_type(name: str, expected: str) -> None:
    assert format_for(VALUES[name]).name == expected


@pytest.mark.parametrize("name", VALUES)
def test_equal_values_give_equal_files(name: str) -> None:
    format_ = format_for(VALUES[name])
    assert isinstance(format_, BufferFormat)
    assert b"".join(format_.dump(VALUES[name])) == b"".join(format_.dump(VALUES[name]))


def test_large_arrays_are_not_read_before_they_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "file.npy"
    format_named("npy").write(np.zeros(1 << 20), path)
    assert map_file(path).obj.__class__.__name__ == "mmap"
    assert format_named("npy").read(path).ctypes.data % 64 == 0


def test_npy_files_open_with_numpy(tmp_path: Path) -> None:
    import gzip

    for name in ("array", "fortran", "strided", "records", "0-d", "empty array"):
        path = tmp_path / f"{name}.npy"
        format_named("npy").write(VALUES[name], path)
        assert same(np.load(path), VALUES[name])
    format_named("npy.gz").write(VALUES["mask"], tmp_path / "mask.npy.gz")
    with gzip.open(tmp_path / "mask.npy.gz") as file:
        assert same(np.load(file), VALUES["mask"])
    assert (tmp_path / "mask.npy.gz").stat().st_size < VALUES["mask"].nbytes / 50
