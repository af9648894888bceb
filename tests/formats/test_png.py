from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repype_like.errors import NotStorableError
from repype_like.formats import format_named

random = np.random.default_rng(0)

KEPT: dict[str, np.ndarray[Any, Any]] = {
    "mask": random.random((20, 30)) > 0.5, "uint8": random.integers(0, 256, (20, 30), np.uint8),
    "uint16": random.integers(0, 1 << 16, (20, 30), np.uint16), "big-endian": np.arange(60, dtype=">u2").reshape(6, 10),
    "labels": random.integers(0, 300, (20, 30), np.int32), "few labels": np.zeros((4, 5), np.int64),
    "grey and alpha": random.integers(0, 256, (20, 30, 2), np.uint8),
    "colour": random.integers(0, 256, (20, 30, 3), np.uint8), "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "strided": random.integers(0, 256, (40, 60, 4), np.uint8)[::2, ::-3], "one": np.ones((1, 1), np.int8),
}


@pytest.mark.parametrize("name", KEPT)
def test_image_and_type_come_back(name: str, through: Callable[..., Any], tmp_path: Path) -> None:
    loaded = through("png", KEPT[name])
    assert (loaded.dtype, loaded.tolist()) == (KEPT[name].dtype, KEPT[name].tolist())
    assert loaded.tobytes() == KEPT[name].tobytes()
    loaded[...] = 0
    with Image.open(tmp_path / "value.png") as image:
        assert image.size == KEPT[name].shape[1::-1]


@pytest.mark.parametrize(("array", "words"), [
    (random.random((2, 3)), "holds bools and integers only"), (np.array([[-1, 5]]), "from -1 to 5"),
    (np.array([[70_000]]), "a PNG holds 0 to 65535"), (np.zeros((2, 2, 2), bool), r"shape \(2, 2, 2\)"),
    (np.zeros((2, 2, 3), np.uint16), "uint8 with 2, 3 or 4 channels"), (np.zeros((0, 3), bool), "no empty images"),
    (np.array(3), r"\(height, width\)"),
])
def test_what_a_png_does_not_hold_is_refused(array: np.ndarray[Any, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(NotStorableError, match=words):
        format_named("png").write(array, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_images_of_others_are_read_and_large_ones_are_no_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(KEPT["uint8"]).save(tmp_path / "theirs.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert np.array_equal(format_named("png").read(tmp_path / "theirs.png"), KEPT["uint8"])
    assert Image.MAX_IMAGE_PIXELS == 10
