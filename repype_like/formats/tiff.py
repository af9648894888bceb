"""Images and stacks of numbers as TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from repype_like.errors import NotStorableError
from repype_like.formats.base import Format, type_name
from repype_like.formats.compression import is_worthwhile
from repype_like.formats.npy import array_bytes, is_plain_array
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TiffFormat"]

_KEY = "repype_array"
"""The entry of the description of the image that says which type and shape the array had."""


class TiffFormat(Format):
    """An array of bools, integers or floats, with any number of axes; compressed if that makes it much smaller."""

    name = "tiff"
    suffix = "tif"
    safe = True
    needs = ("numpy", "tifffile")
    extra = "images"

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a plain array."""
        return is_plain_array(value)

    def write(self, value: Any, path: Path) -> None:
        """Write the image."""
        import numpy as np
        import tifffile

        described = f"an array of type {value.dtype} and shape {value.shape} cannot be stored as tiff"
        if value.dtype.kind not in "buif" or value.dtype.itemsize > 8:
            raise NotStorableError(f"{described}: it holds bools, integers and floats of up to 64 bits")
        if not value.size or not value.ndim:
            raise NotStorableError(f"{described}: it holds no empty images, and no single numbers")
        pixels = np.atleast_2d(value.view(np.uint8) if value.dtype.kind == "b" else value)
        is_colour = value.ndim == 3 and value.shape[2] in (3, 4) and value.dtype in (np.uint8, np.uint16)
        tifffile.imwrite(path, np.ascontiguousarray(pixels), photometric="rgb" if is_colour else "minisblack",
                         byteorder=_order(value.dtype),
                         compression="zlib" if is_worthwhile(array_bytes(value)) else None,
                         metadata={_KEY: [value.dtype.str, list(value.shape)]})

    def read(self, path: Path) -> np.ndarray[Any, Any]:
        """Return the array."""
        import tifffile

        with tifffile.TiffFile(path) as file:
            array: np.ndarray[Any, Any] = file.asarray()
            described = (file.shaped_metadata or [{}])[0].get(_KEY)
        if described is None:
            return array
        dtype, shape = described
        array = array.reshape(shape)
        return array.view(dtype) if dtype == "|b1" else array.astype(dtype, copy=False)

    def export(self, value: Any, path: Path) -> None:
        """Write an image."""
        if not is_plain_array(value):
            raise NotStorableError(f"a {type_name(value)} has no form as tiff: it is no array")
        self.write(value, path)


def _order(dtype: np.dtype[Any]) -> Literal["<", ">"] | None:
    return "<" if dtype.byteorder == "<" else ">" if dtype.byteorder == ">" else None
