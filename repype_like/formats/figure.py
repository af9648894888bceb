"""Figures of matplotlib: a picture that everybody can look at, with the figure itself in it."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats.base import Format, type_name
from repype_like.formats.container import ContainerFormat
from repype_like.formats.mapping import map_file
from repype_like.typing import Any

__all__ = ["FigureFormat", "is_figure", "render"]

_CHUNK = b"rpFg"
"""The type of the part of the PNG that holds the figure: by its letters, programs that do not know it skip it."""

_FRAME = 12
"""A chunk has its length, its type and a checksum around its content, four bytes each."""

_SIGNATURE = 8


def is_figure(value: Any) -> bool:
    """Tell whether `value` is a figure of matplotlib."""
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def render(figure: Any, path: Path) -> None:
    """Draw a figure into a file, in the form that the suffix of `path` names.

    Raises:
        NotStorableError: If matplotlib does not know that form.
    """
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in kinds:
        raise NotStorableError(f'matplotlib draws no "{path.suffix}" files, but {", ".join(sorted(kinds))}')
    figure.savefig(path)


class FigureFormat(Format):
    """A figure of matplotlib as a PNG, which holds the pickled figure as well, so that it comes back as one."""

    name = "figure"
    suffix = "png"
    needs = ("matplotlib",)
    extra = "figures"

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a figure."""
        return is_figure(value)

    def write(self, value: Any, path: Path) -> None:
        """Draw the figure, and add its pickle."""
        content = zlib.compress(b"".join(ContainerFormat().dump(value)), 1)
        render(value, path)
        data = path.read_bytes()
        end = len(data) - _FRAME  # the last chunk is empty
        chunk = struct.pack(">I", len(content)) + _CHUNK + content + struct.pack(">I", zlib.crc32(_CHUNK + content))
        path.write_bytes(data[:end] + chunk + data[end:])

    def read(self, path: Path) -> Any:
        """Return the figure. It is not one of those that pyplot manages, even if it was."""
        data = map_file(path)
        position = _SIGNATURE
        while position + _FRAME <= data.nbytes:
            length, kind = struct.unpack_from(">I4s", data, position)
            if kind == _CHUNK:
                content = zlib.decompress(data[position + 8:position + 8 + length])
                return ContainerFormat().load(memoryview(bytearray(content)))
            position += length + _FRAME
        raise DamagedError("the picture holds no figure")

    def export(self, value: Any, path: Path) -> None:
        """Draw the figure."""
        if not is_figure(value):
            raise NotStorableError(f"a {type_name(value)} is no figure of matplotlib")
        render(value, path)
