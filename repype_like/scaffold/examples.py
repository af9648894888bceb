"""The example trees, laid out somewhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import repype_like
from repype_like.errors import UsageError

__all__ = ["EXAMPLES", "lay_out_example"]

EXAMPLES = {"digits": "read handwritten digits", "images": "segment and measure five images",
            "tables": "compare classifiers on three tables"}
"""What there is, in words."""

_OURS = ("task.yml", "*.py")
"""All else is what stages have written."""


def lay_out_example(name: str, directory: Path) -> list[Path]:
    """Copy an example to `directory`, without results, and return the files.

    Raises:
        UsageError: If the directory holds anything, or cannot be written.
    """
    source = _folder() / name
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory}: is there already, and not empty; nothing was written")
    copied = []
    try:
        for pattern in _OURS:
            for file in sorted(source.rglob(pattern)):
                relative = file.relative_to(source)
                if not any(part.startswith(".") for part in relative.parts):
                    target = directory / relative
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, target)
                    copied.append(target)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    return copied


def _folder() -> Path:
    """Return where the examples are: in the installed package, or beside it in a checkout."""
    package = Path(repype_like.__file__).parent
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "tasks"
