"""Values on their way into a store and out of it: small ones inline, large ones as blobs."""

from __future__ import annotations

from pathlib import Path

from repype_like.errors import DamagedError, NotStorableError, RepypeError, text_of
from repype_like.formats import BufferFormat, Format, FormatLike, describe, format_for, format_named, name_of
from repype_like.formats.file import FileFormat, FileResult
from repype_like.hashing import hash_bytes
from repype_like.store.atomic import new_file
from repype_like.store.blobs import adopt_blob, hash_pieces, open_blob, write_blob
from repype_like.store.checkouts import new_checkout
from repype_like.store.failures import explained
from repype_like.store.files import described, restore_files, store_files
from repype_like.store.layout import Layout
from repype_like.store.record import FieldValue
from repype_like.typing import Any

__all__ = ["decode_value", "encode_value", "is_as_stored", "is_safe", "stored_bytes"]

_MOST_INLINE = 1 << 16
"""In bytes; larger values become blobs."""

_LARGEST_INT = 1 << 63


def encode_value(layout: Layout, value: Any, named: FormatLike | None) -> FieldValue:
    """Turn a value into what a record can hold; a large one is written as a blob.

    Raises:
        NotStorableError: If it cannot be stored.
        UsageError: If there is no such format.
        StorageError: If the file system refuses.
    """
    if named is None and _is_small_number(value):
        data = repr(value).encode("ascii")  # what the lines below come to, for what is stored most
        return FieldValue("json", len(data), hash_bytes(data), data, None, {"value": value})
    format_ = format_for(value, named)
    if type(format_) is FileFormat:
        return _encode_files(layout, value)
    format_name, shown = name_of(format_), describe(value)
    if isinstance(format_, BufferFormat):
        pieces = format_.dump(value)
        size = sum(map(len, pieces))
        if size <= _MOST_INLINE:
            data = b"".join(pieces)
            return FieldValue(format_name, size, hash_bytes(data), data, None, shown)
        with explained("write", layout.blobs):
            name, content = write_blob(layout, pieces, format_.suffix)
    else:
        with explained("write", layout.blobs), new_file(layout, f".{format_.suffix}") as aside:
            aside.parent.mkdir(parents=True, exist_ok=True)
            _write(format_, value, aside)
            name, content, size = adopt_blob(layout, aside, format_.suffix)
    return FieldValue(format_name, size, content, None, name, shown)


def _is_small_number(value: Any) -> bool:
    """Tell whether `value` is a number that JSON writes as Python does, and that can be shown as it is."""
    kind = type(value)
    return value - value == 0.0 if kind is float else kind is int and -_LARGEST_INT < value < _LARGEST_INT


def _encode_files(layout: Layout, value: Any) -> FieldValue:
    result = value if isinstance(value, FileResult) else FileResult(Path(value).absolute(), Path(value).name)
    with explained("write", layout.blobs):
        manifest, parts = store_files(layout, result)
        shown, content = described(manifest), hash_bytes(manifest)
        if len(manifest) <= _MOST_INLINE:
            return FieldValue(FileFormat.name, len(manifest), content, manifest, None, shown, parts)
        blob, _ = write_blob(layout, [manifest], FileFormat.suffix)
        return FieldValue(FileFormat.name, len(manifest), content, None, blob, shown, parts)


def _decode_files(layout: Layout, manifest: memoryview) -> Path:
    with explained("write", layout.passing), new_checkout() as folder:
        return restore_files(layout, manifest, folder)


def decode_value(layout: Layout, field: FieldValue) -> Any:
    """Return a value. A blob that turns out not to be what was written is put aside, so that it counts as gone.

    Raises:
        DamagedError: If it is not what was written, or cannot be loaded any more.
        StorageError: If the file system refuses.
    """
    format_, data = format_named(field.format), stored_bytes(layout, field)
    if type(format_) is FileFormat:
        return _decode_files(layout, data)
    if field.blob is None:
        if not isinstance(format_, BufferFormat):
            raise DamagedError(f"{layout.records}: an inline value is not there")
        return _load(format_, data, Path(layout.records))
    path = Path(layout.blob(field.blob))
    with explained("read", path):
        return _load(format_, data, path)


def stored_bytes(layout: Layout, field: FieldValue) -> memoryview:
    """Return a value as it is stored, as memory that can be written to, which never reaches the store.

    Raises:
        DamagedError: If it is not what was written; a blob is put aside then.
        StorageError: If the file system refuses.
    """
    if field.blob is not None:
        with explained("read", layout.blob(field.blob)):
            return open_blob(layout, field.blob, field.size, field.hash)
    if field.inline is None:
        raise DamagedError(f"{layout.records}: an inline value is not there")
    return memoryview(bytearray(field.inline))


def is_safe(layout: Layout, field: FieldValue) -> bool:
    """Tell whether decoding a value runs no code: neither what was stored with it, nor that of a project's format.

    Raises:
        DamagedError: If it is not what was written; a blob is put aside then.
        StorageError: If the file system refuses.
    """
    if ":" in field.format:
        return False
    format_, data = format_named(field.format), stored_bytes(layout, field)
    if type(format_) is FileFormat:
        return True
    if isinstance(format_, BufferFormat):
        return format_.is_safe_data(data)
    return field.blob is not None and format_.is_safe(Path(layout.blob(field.blob)))


def is_as_stored(layout: Layout, field: FieldValue, value: Any) -> bool:
    """Tell whether a value that was read is still what is stored; if it cannot be told, it counts as changed."""
    try:
        format_ = format_named(field.format)
        if isinstance(format_, BufferFormat) and hash_pieces(format_.dump(value)) == field.hash:
            return True
        if format_.name == "sequence":
            return True  # its items belong to those who asked for them
        if type(format_) is FileFormat:
            return False
        # What is dumped once more may have other bytes than at first, as what was read shares other parts.
        stored, plain = decode_value(layout, field), format_for(value)
        return (isinstance(plain, BufferFormat) and type(stored) is type(value)
                and hash_pieces(plain.dump(stored)) == hash_pieces(plain.dump(value)))
    except RepypeError:
        return False


def _write(format_: Format, value: Any, path: Path) -> None:
    try:
        format_.write(value, path)
    except (RepypeError, MemoryError):
        raise
    except Exception as error:  # a format of somebody else may raise anything
        if _is_of_system(error):
            raise
        raise NotStorableError(f'a {type(value).__qualname__} cannot be stored as "{name_of(format_)}": '
                               f"{type(error).__name__}: {text_of(error)}") from error


def _load(format_: Format, data: memoryview, path: Path) -> Any:
    try:
        return format_.load(data) if isinstance(format_, BufferFormat) else format_.read(path)
    except DamagedError as error:
        raise DamagedError(f"{path}: {error}") from error
    except (RepypeError, MemoryError):
        raise
    except Exception as error:  # a format of somebody else may raise anything
        if _is_of_system(error):
            raise
        raise DamagedError(f"{path}: cannot be loaded any more: {type(error).__name__}: {text_of(error)}") from error


def _is_of_system(error: Exception) -> bool:
    """Tell whether the file system has refused something; libraries raise an OSError for what they cannot do, too."""
    return isinstance(error, OSError) and error.errno is not None
