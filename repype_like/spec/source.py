"""From a file on disk to text that the YAML parser may see: size, kind of file, encoding, characters."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from yaml.reader import Reader

from repype_like.errors import Location, Problem, SpecError
from repype_like.typing import PathLike

__all__ = ["MAX_BYTES", "decode", "read_bytes"]

MAX_BYTES = 1 << 20
"""No specification is larger than this; what is larger is something else with the wrong name."""

_BOM = "\ufeff"
_LINE_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"


def read_bytes(path: PathLike) -> bytes:
    """Return the content of the regular file at `path`.

    Raises:
        SpecError: If there is no such file, it cannot be read, is no regular file (a FIFO is refused, never waited
            for), or is larger than :data:`MAX_BYTES`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _error(path, "is not a regular file")
            if status.st_size > MAX_BYTES:
                raise _error(path, f"is larger than {MAX_BYTES >> 20} MB ({status.st_size} bytes)")
            data = b""
            while len(data) <= MAX_BYTES and (more := os.read(descriptor, status.st_size + 1)):
                data += more
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        text = "is a symbolic link to nothing" if Path(path).is_symlink() else "does not exist"
        raise _error(path, text) from error
    except OSError as error:
        raise _error(path, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise _error(path, f"is larger than {MAX_BYTES >> 20} MB")
    return data


def decode(data: bytes, path: PathLike) -> str:
    """Return `data` as text: UTF-8, without its byte order mark, of printable characters only.

    Raises:
        SpecError: With the place of the first byte or character that is not allowed.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _error(path, "the file is encoded as UTF-16", "save it as UTF-8", Location(Path(path), 1, 1))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        where = _place(path, data[: error.start].decode("utf-8"))
        raise _error(path, f"byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8", where) from error
    text = text.removeprefix(_BOM)
    found = Reader.NON_PRINTABLE.search(text)  # compiled already, and what PyYAML itself refuses
    if found or _BOM in text:
        at = min(place for place in (found.start() if found else -1, text.find(_BOM)) if place >= 0)
        hint = 'remove it, or write it as an escape in double quotes, such as "\\x1b"'
        raise _error(path, _named(text[at]), hint, _place(path, text[:at]))
    return text


def _named(character: str) -> str:
    if character == _BOM:
        return "a byte order mark (U+FEFF) in the middle of the file"
    if character == "\0":
        return "a NUL character (U+0000)"
    return f"a control character (U+{ord(character):04X})"


def _place(path: PathLike, before: str) -> Location:
    """Return the place that follows the text `before`."""
    lines = re.split(_LINE_BREAK, before.removeprefix(_BOM))
    return Location(Path(path), len(lines), len(lines[-1]) + 1)


def _error(path: PathLike, message: str, hint: str = "", where: Location | None = None) -> SpecError:
    file = Path(path)
    return SpecError([Problem(message, where or Location(file), hint, task=file.parent)])
