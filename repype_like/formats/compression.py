"""Whether compression pays, and how it is done.

Measured data hardly shrinks, and compressing it would cost many times what writing it costs. Masks and label images
shrink to a fraction. So a sample decides.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from repype_like.errors import DamagedError
from repype_like.formats.base import Buffer

__all__ = ["compress", "expand", "is_worthwhile"]

_SMALLEST = 1 << 14
"""In bytes; less is not worth looking at."""

_HALF_SAMPLE = 1 << 15
_GLANCE = 1 << 13
"""In bytes, divided by the factor that is asked for: the more repetition there must be, the sooner it shows."""
_FEW_WORDS = 32
"""If so many groups of 8 bytes, from each half, are all different, there are no patches."""

_GZIP = 31
"""What zlib calls the gzip format, which ordinary tools can open."""

_LARGEST = 1 << 32
"""In bytes; a gzip file does not know how large more is."""

_STEP = 1 << 16


def is_worthwhile(data: memoryview, factor: int = 4) -> bool:
    """Tell from 64 kB, half from the start and half from the middle, whether `data` gets `factor` times smaller.

    What has patches, as masks and label images do, is quickly compressed. Random ones of a few values, as in columns of
    categories, take a hundred times as long as writing them; so more should be asked of these.
    """
    size = data.nbytes
    if not _SMALLEST <= size < _LARGEST:
        return False
    half = min(_HALF_SAMPLE, size // 2) & ~7
    middle = size // 2
    few = _GLANCE // factor
    glance = bytes(data[:few]) + bytes(data[middle:middle + few])
    words = memoryview(glance).cast("Q")
    if len({*words[:_FEW_WORDS], *words[-_FEW_WORDS:]}) == 2 * _FEW_WORDS or len(set(words)) * 2 > len(words):
        return False  # hardly any 8 bytes occur twice: found out a hundred times faster than by compressing
    if len(zlib.compress(glance, 1)) * factor > 2 * len(glance):
        return False  # not even nearly
    sample = bytes(data[:half]) + bytes(data[middle:middle + half])
    return len(zlib.compress(sample, 1)) * factor <= len(sample)


def compress(pieces: Sequence[Buffer]) -> bytes:
    """Return the gzip file of `pieces`; equal pieces give equal files."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    compressed = [compressor.compress(piece) for piece in pieces]
    return b"".join((*compressed, compressor.flush()))


def expand(data: memoryview, size: int | None = None) -> memoryview:
    """Return what :func:`compress` was given, as writable memory.

    Arguments:
        data: The gzip file.
        size: How many bytes to expect, if that is known.

    Raises:
        DamagedError: If it is no gzip file, or expands to another size.
    """
    limit = size if size is not None else int.from_bytes(data[-4:], "little") if data.nbytes > 18 else 0
    content, position = memoryview(bytearray(limit)), 0
    decompressor = zlib.decompressobj(_GZIP)
    try:
        for start in range(0, data.nbytes, _STEP):
            piece = decompressor.decompress(data[start:start + _STEP])
            content[position:position + len(piece)] = piece
            position += len(piece)
    except (zlib.error, ValueError) as error:
        raise DamagedError(f"the compressed data is not what was written: {error}") from None
    if position != limit or not decompressor.eof:
        raise DamagedError("the compressed data is cut short")
    return content
