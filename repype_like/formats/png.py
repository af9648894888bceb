"""Masks, label images and pictures as PNG."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from repype_like.errors import NotStorableError
from repype_like.formats.base import Format, type_name
from repype_like.formats.figure import is_figure, render
from repype_like.formats.npy import is_plain_array
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PngFormat"]

_KEY = "repype:dtype"
"""The text in the file that says which type the array had, which may be wider than its values need."""


class PngFormat(Format):
    """An array that a PNG holds exactly.

    These are arrays of bools or integers from 0 to 65535 with two axes (height, width), and such of uint8 with a third
    one for 2, 3 or 4 channels. The type of the array comes back, too.
    """

    name = "png"
    suffix = "png"
    safe = True
    needs = ("numpy", "PIL")
    extra = "images"

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a plain array."""
        return is_plain_array(value)

    def write(self, value: Any, path: Path) -> None:
        """Write the image."""
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text(_KEY, value.dtype.str)
        Image.fromarray(_pixels(value)).save(path, format="PNG", pnginfo=info, compress_level=4)

    def read(self, path: Path) -> np.ndarray[Any, Any]:
        """Return the array."""
        import numpy as np
        from PIL import Image

        with _any_size(), Image.open(path, formats=["PNG"]) as image:
            dtype = image.info.get(_KEY)
            array = np.array(image.convert("L") if image.mode == "1" else image)
            if image.mode == "1":
                array = array != 0
        return array.astype(dtype, copy=False) if dtype is not None else array

    def export(self, value: Any, path: Path) -> None:
        """Write an image, or render a figure of matplotlib."""
        if is_figure(value):
            render(value, path)
        elif is_plain_array(value):
            self.write(value, path)
        else:
            raise NotStorableError(f"a {type_name(value)} has no form as png: it is neither an array nor a figure")


def _pixels(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array in the type that the file is going to have."""
    import numpy as np

    described = f"an array of type {array.dtype} and shape {array.shape} cannot be stored as png"
    if array.dtype.kind not in "bui":
        raise NotStorableError(f'{described}: it holds bools and integers only; use "tiff" or "npy", or scale and '
                               "convert it in the stage")
    is_picture = array.ndim == 3 and array.shape[2] in (2, 3, 4) and array.dtype == np.uint8
    if not is_picture and array.ndim != 2:
        raise NotStorableError(f"{described}: it holds (height, width), and uint8 with 2, 3 or 4 channels")
    if not array.size:
        raise NotStorableError(f"{described}: it holds no empty images")
    if array.dtype.kind == "b" or is_picture:
        return np.ascontiguousarray(array)
    least, most = int(array.min()), int(array.max())
    if least < 0 or most > 0xFFFF:
        raise NotStorableError(f"{described}: its values are from {least} to {most}, and a PNG holds 0 to 65535")
    return np.ascontiguousarray(array, np.uint8 if most <= 0xFF else np.uint16)


@contextlib.contextmanager
def _any_size() -> Iterator[None]:
    """Have Pillow open images of more pixels than it expects of honest people: they are our own."""
    from PIL import Image

    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit
