"""numpy arrays as numpy's own files, see :mod:`numpy.lib.format`; loaded by mapping, without reading."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.base import Buffer, BufferFormat, type_name
from repype_like.formats.compression import compress, expand
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CompressedNpyFormat", "NpyFormat", "array_bytes", "is_plain_array"]

_START = b"\x93NUMPY"


class NpyFormat(BufferFormat):
    """An array of numbers, dates, strings or records."""

    name = "npy"
    suffix = "npy"
    safe = True

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a plain array without Python objects in it, of a type that such files can name."""
        return is_plain_array(value)

    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return the header, which ends at a multiple of 64 bytes, and the data; only scattered data is copied."""
        if not is_plain_array(value):
            raise NotStorableError(f"a {type_name(value)} cannot be stored as npy: it is no plain array")
        return [_header(value.dtype, value.shape, _is_fortran(value)), array_bytes(value)]

    def load(self, data: memoryview) -> Any:
        """Return an array that works on `data` itself."""
        import numpy as np

        try:
            start, shape, order, dtype = _parsed(bytes(data[:_header_size(data)]))
            if data.nbytes == start:
                return np.empty(shape, dtype, order)
            return np.ndarray(shape, dtype, data, start, order=order)
        except (ValueError, TypeError, KeyError, SyntaxError) as error:
            raise DamagedError(f"not a npy file: {error}") from None


    def export(self, value: Any, path: Path) -> None:
        """Write an array, or what can be seen as one."""
        import numpy as np

        array = np.asarray(value)
        if not is_plain_array(array):
            raise NotStorableError(f"a {type_name(value)} has no form as npy: it would be an array of {array.dtype}")
        self.write(array, path)


class CompressedNpyFormat(BufferFormat):
    """An array that gets much smaller by compression, such as a mask: a ``.npy`` file in a ``.gz`` file."""

    name = "npy.gz"
    suffix = "npy.gz"
    safe = True

    _plain = NpyFormat()

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a plain array, of less than 4 GB."""
        return is_plain_array(value) and value.nbytes < 1 << 32

    def dump(self, value: Any) -> Sequence[Buffer]:
        """Return the compressed file."""
        return [compress(self._plain.dump(value))]

    def load(self, data: memoryview) -> Any:
        """Return the array."""
        return self._plain.load(expand(data))


def is_plain_array(value: Any) -> bool:
    """Tell whether `value` is an array, not of a subclass, whose type a npy file can name exactly."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and _can_name(value.dtype)


def _can_name(dtype: np.dtype[Any]) -> bool:  # not to be cached: equal types may differ in alignment and metadata
    from numpy.lib.format import descr_to_dtype, dtype_to_descr

    if dtype.hasobject or dtype.metadata or not dtype.itemsize:
        return False
    if dtype.isbuiltin == 1:
        return True
    if dtype.fields and any(part[0].metadata for part in dtype.fields.values()):
        return False
    try:
        named = descr_to_dtype(dtype_to_descr(dtype))
    except (ValueError, TypeError, UserWarning):
        return False
    return bool(named == dtype) and named.isalignedstruct == dtype.isalignedstruct and named.type is dtype.type


def _is_fortran(array: np.ndarray[Any, Any]) -> bool:
    return array.flags.f_contiguous and not array.flags.c_contiguous


def array_bytes(array: np.ndarray[Any, Any]) -> memoryview:
    """Return the data of a plain array in its order in the file; only scattered data is copied."""
    import numpy as np

    ordered = array.T if _is_fortran(array) else np.ascontiguousarray(array)
    return ordered.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")


@lru_cache(maxsize=1024)
def _header(dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool) -> bytes:
    from numpy.lib.format import dtype_to_descr, write_array_header_1_0, write_array_header_2_0

    file = io.BytesIO()
    description = {"descr": dtype_to_descr(dtype), "fortran_order": fortran, "shape": shape}
    try:
        write_array_header_1_0(file, description)
    except (ValueError, UnicodeEncodeError):  # more fields than fit, or names that are not Latin
        file = io.BytesIO()
        try:
            write_array_header_2_0(file, description)
        except (ValueError, UnicodeEncodeError) as error:
            raise NotStorableError(f"an array of type {dtype} cannot be stored as npy: {error}") from None
    return file.getvalue()


def _header_size(data: memoryview) -> int:
    """Return where the data starts."""
    start = bytes(data[:12])
    if len(start) < 12 or start[:6] != _START:
        raise ValueError("the first bytes are others")
    return 10 + int.from_bytes(start[8:10], "little") if start[6] == 1 else 12 + int.from_bytes(start[8:12], "little")


@lru_cache(maxsize=1024)
def _parsed(header: bytes) -> tuple[int, tuple[int, ...], Literal["C", "F"], np.dtype[Any]]:
    from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic

    file = io.BytesIO(header)
    read = read_array_header_1_0 if read_magic(file) == (1, 0) else read_array_header_2_0
    shape, fortran, dtype = read(file)
    return file.tell(), shape, "F" if fortran else "C", dtype
