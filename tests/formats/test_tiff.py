from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from repype_like.errors import NotStorableError
from repype_like.formats import format_named

random = np.random.default_rng(0)

KEPT: dict[str, np.ndarray[Any, Any]] = {
    "float64": random.random((20, 30)), "stack": random.random((5, 20, 30)).astype(np.float32),
    "half": random.random((20, 30)).astype(np.float16), "big-endian": random.random((20, 30)).astype(">f8"),
    "mask": random.random((20, 30)) > 0.5, "masks": random.random((3, 20, 30)) > 0.5,
    "int64": np.arange(-300, 300).reshape(20, 30), "uint16": np.arange(600, dtype=np.uint16).reshape(20, 30),
    "colour": random.integers(0, 256, (20, 30, 3), np.uint8), "five axes": random.random((1, 2, 1, 7, 8)),
    "line": np.arange(5.0), "fortran": np.asfortranarray(random.random((20, 30))), "one": np.ones((1, 1, 1)),
    "labels": np.repeat(np.arange(64, dtype=np.int32), 4096).reshape(512, 512),
}


@pytest.mark.parametrize("name", KEPT)
def test_image_type_and_shape_come_back(name: str, through: Callable[..., Any], tmp_path: Path) -> None:
    loaded = through("tiff", KEPT[name])
    assert (loaded.dtype, loaded.shape) == (KEPT[name].dtype, KEPT[name].shape)
    assert loaded.tobytes() == KEPT[name].tobytes()
    loaded[...] = 0
    assert np.array_equal(np.squeeze(tifffile.imread(tmp_path / "value.tif")), np.squeeze(KEPT[name]))


def test_label_images_take_a_fraction(through: Callable[..., Any], tmp_path: Path) -> None:
    through("tiff", KEPT["labels"])
    assert (tmp_path / "value.tif").stat().st_size < KEPT["labels"].nbytes / 20


@pytest.mark.parametrize(("array", "words"), [
    (np.ones(3, complex), "bools, integers and floats"), (np.ones(3, np.longdouble), "up to 64 bits"),
    (np.zeros((0, 3)), "no empty images"), (np.array(1), "single numbers"), (np.array(["a"]), "bools, integers"),
])
def test_what_a_tiff_does_not_hold_is_refused(array: np.ndarray[Any, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(NotStorableError, match=words):
        format_named("tiff").write(array, tmp_path / "a.tif")


def test_images_of_others_are_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "theirs.tif", KEPT["uint16"])
    assert np.array_equal(format_named("tiff").read(tmp_path / "theirs.tif"), KEPT["uint16"])
