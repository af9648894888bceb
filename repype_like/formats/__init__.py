"""How a value becomes bytes: one codec per file, chosen by type or by name."""

from __future__ import annotations

from repype_like.formats.base import Buffer, BufferFormat, Format, type_name
from repype_like.formats.describe import describe
from repype_like.formats.mapping import map_file
from repype_like.formats.registry import FormatLike, format_for, format_for_suffix, format_named, name_of

__all__ = ["Buffer", "BufferFormat", "Format", "FormatLike", "describe", "format_for", "format_for_suffix",
           "format_named", "map_file", "name_of", "type_name"]
