"""Where everything lies: the name of every file that is written into a task directory, and the format version.

::

    <task>/.repype/
        digest.json         the completion; written last
        failed.json         what failed in the last run
        records             the log of records
        records.damaged     the log as it was before damaged parts were left out of it
        blobs/<hash>.<ext>  a large value, named by content, never changed
        blobs/<hash>.out    an output file that was superseded
        blobs/*.damaged     a blob whose content is not what its name says
        begun               that a run is writing; deleted when everything is on the disk
        unfinished          the same, and which files its stages may be making
        aside/              files that are being written; those of processes that are gone are deleted
        log/stages.jsonl    what stages printed, and why they failed; the older half in stages.1.jsonl
        passing/            values on their way from stage to stage, and files that stages read, during a run only
        work/<pre-key>/     what a stage that was not finished has left for its next attempt
        lock/               who is running the tree (at the topmost task)
        runs/               the events of the latest runs (at the topmost task)
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from repype_like.errors import DamagedError

__all__ = ["DIGEST", "FAILED", "FOLDER", "FORMAT_VERSION", "NOTES", "Layout"]

FORMAT_VERSION = 1
"""Goes up when a version of this package that knows only the older one could misread what is written."""

FOLDER, DIGEST, FAILED, NOTES = ".repype", "digest.json", "failed.json", ("begun", "unfinished")
"""Names of what is looked for in every task."""

_BLOB = r"[0-9a-f]{32}\.[A-Za-z0-9_.-]+"


class _Inside:
    """The path with a name, as text: there may be thousands of tasks to look into, and a Path takes longer to make."""

    def __init__(self, name: str):
        self._end = f"{os.sep}{name}"

    def __get__(self, layout: Layout, owner: type[Layout]) -> str:
        return layout.directory + self._end


class Layout:
    """The paths inside of one task directory, as texts."""

    digest = _Inside(DIGEST)
    failed = _Inside(FAILED)
    records = _Inside("records")
    damaged_records = _Inside("records.damaged")
    blobs = _Inside("blobs")
    begun = _Inside(NOTES[0])
    unfinished = _Inside(NOTES[1])
    aside = _Inside("aside")
    passing = _Inside("passing")
    work = _Inside("work")
    stage_log = _Inside("log/stages.jsonl")
    older_stage_log = _Inside("log/stages.1.jsonl")
    lock = _Inside("lock")
    runs = _Inside("runs")

    def __init__(self, task: Path):
        self.task = task
        self.directory = f"{task}{os.sep}{FOLDER}"

    @property
    def notes(self) -> tuple[str, str]:
        """Where it says that a run has begun to write, and is not known to be on the disk."""
        return self.begun, self.unfinished

    @property
    def written_in(self) -> tuple[str, str]:
        """The folders that files are written in before they get their names."""
        return self.directory, self.aside

    def blob(self, name: str) -> str:
        """Return the path of a blob.

        Raises:
            DamagedError: If `name` is not the name of a blob, but leads elsewhere.
        """
        if not self.is_blob_name(name):
            raise DamagedError(f"{self.records}: names a blob {name!r}")
        return f"{self.blobs}{os.sep}{name}"

    def output(self, content: str) -> str:
        """Return the path of the copy of an output file with this content."""
        return f"{self.blobs}{os.sep}{content}.out"

    def damaged_blob(self, name: str) -> str:
        """Return where a blob is put whose content is not what its name says."""
        return f"{self.blobs}{os.sep}{name}.damaged"

    @staticmethod
    def is_blob_name(name: str) -> bool:
        """Tell whether a file in the folder of blobs can be one of ours."""
        return re.fullmatch(_BLOB, name) is not None
