"""Files and folders that a stage has written itself."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from repype_like.errors import NotStorableError
from repype_like.formats.base import Format, type_name
from repype_like.typing import Any

__all__ = ["FileFormat", "FileResult"]


@dataclass(frozen=True)
class FileResult:
    """A file or folder on its way into a store."""

    path: Path
    name: str
    """What it is called when it is given back."""
    moves: bool = False
    """Whether it is nobody else's, and can be moved rather than copied."""


class FileFormat(Format):
    """A file or a folder that the stage writes, and whose path it returns.

    Whoever reads the field gets the path of a copy, with the name, the modes and the relative links of the original.
    The store sees to that: the content is a blob, or one for each file of a folder.
    """

    name = "file"
    suffix = "json"  # what the store keeps in a single file is the list of those that there are
    safe = True

    def can_store(self, value: Any) -> bool:
        """Tell whether `value` is a path."""
        return isinstance(value, (str, os.PathLike, FileResult))

    def write(self, value: Any, path: Path) -> None:
        """Raise an error: only the store keeps files.

        Raises:
            NotStorableError: Always.
        """
        raise NotStorableError('files are stored as the value of a field, formats={"field": "file"}, and not inside of '
                               "another value; return a folder with all of them")

    def read(self, path: Path) -> Any:
        """Raise an error, too."""
        raise NotStorableError("only the store gives files back")

    def export(self, value: Any, path: Path) -> None:
        """Copy the file or folder.

        Raises:
            NotStorableError: If it is not a path.
        """
        if not self.can_store(value) or isinstance(value, FileResult):
            raise NotStorableError(f"a {type_name(value)} is no path")
        if Path(value).is_dir():
            shutil.copytree(value, path, symlinks=True)
        else:
            shutil.copy(value, path)
