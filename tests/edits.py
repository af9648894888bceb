"""Projects and edits of them in a short notation, for the tests of the fingerprint.

A text is the file ``stages.py``; ``## name`` begins another file. ``<<old|new>>`` stands for `old` before the edit and
for `new` after it. A line ``=> expression`` stands for a stage class ``S`` that computes the expression from the field
``x``.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path
from typing import Any

from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.fingerprint import Fingerprint, Fingerprinter

_STAGE = """
class S(Stage):
    inputs = ["x"]
    outputs = ["y"]

    def process(self, pipeline, config, status=None, x=None):
        return dict(y=({}))
"""


def table(file: Path) -> dict[str, str]:
    """Return the texts in a file by their titles, which are the lines that begin with ``===``."""
    _, *sections = re.split(r"^=== (.*)\n", file.read_text(), flags=re.MULTILINE)
    return dict(zip(sections[::2], sections[1::2], strict=True))


def files_of(text: str, after: bool) -> dict[str, str]:
    """Return the files of a project before or after the edit."""
    text = re.sub(r"<<(.*?)\|(.*?)>>", r"\2" if after else r"\1", text, flags=re.DOTALL)
    text = re.sub(r"^=> (.*)$", lambda match: _STAGE.format(match[1]), text, flags=re.MULTILINE)
    files: dict[str, str] = {}
    name = "stages.py"
    files[name] = "from repype_like.stage import Stage\n"
    for line in text.splitlines(keepends=True):
        if line.startswith("## "):
            name = line[3:].strip()
            files.setdefault(name, "")
        else:
            files[name] += line
    return files


def write_files(root: Path, files: dict[str, str]) -> Path:
    """Write `files` below `root` and nothing else."""
    shutil.rmtree(root, ignore_errors=True)
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def fingerprint(root: Path, dotted: str = "stages.S") -> Fingerprint:
    """Return the fingerprint of a stage of the project in `root`, as a new process would make it."""
    codebase = Codebase(root)
    return Fingerprinter(codebase).stage(stage_of(codebase, dotted))


def fingerprint_after_running(root: Path, dotted: str = "stages.S") -> Fingerprint:
    """Return the fingerprint of a stage of the project in `root`, after the stage has run in this process."""
    codebase = Codebase(root)
    with codebase.activate(), contextlib.suppress(Exception):
        Fingerprinter(codebase).stage(stage_of(codebase, dotted))
        stage_of(codebase, dotted).process(None, {}, x="x")
    return Fingerprinter(codebase).stage(stage_of(codebase, dotted))


def stage_of(codebase: Codebase, dotted: str) -> Any:
    """Load a stage, or the class of one."""
    stage = codebase.load(dotted)
    with codebase.activate():
        return stage() if isinstance(stage, type) else stage


def before_and_after(root: Path, text: str, dotted: str = "stages.S") -> tuple[Fingerprint, Fingerprint]:
    """Return the fingerprints of a project before and after its edit."""
    before = fingerprint(write_files(root, files_of(text, after=False)), dotted)
    after = fingerprint(write_files(root, files_of(text, after=True)), dotted)
    return before, after
