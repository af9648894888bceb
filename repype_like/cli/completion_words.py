"""What is known of the last completion of a task, in words and as plain data."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from repype_like.cli.words import clean, count
from repype_like.errors import RepypeError
from repype_like.masking import masked, masked_text
from repype_like.store import ACCEPTED, Digest, Store
from repype_like.typing import Any

__all__ = ["accepted_words", "completion_of", "completion_plain", "completion_words", "moment"]

_MOST_NAMED = 3


def completion_of(directory: Path) -> Digest | None:
    """Return the last completion of the task in a directory; None if there was none, or if it cannot be read."""
    try:
        return Store(directory).digest
    except RepypeError:
        return None


def completion_words(digest: Digest) -> Iterator[str]:
    """Yield lines that say when, where, by whom, from what and how a task was completed."""
    known = digest.provenance
    by = f" by {known['user']}" if known.get("user") else ""
    on = f" on {known['host']}" if known.get("host") else ""
    yield clean(f"completed {moment(digest.completed)}{by}{on}")
    if isinstance(git := known.get("git"), Mapping):
        dirty = ", with changes that were not committed" if git.get("dirty") else ""
        yield clean(f"commit {git.get('commit')}{dirty}")
    systems = [f"Python {known['python']}"] if known.get("python") else []
    systems += [f"repype_like {known['repype_like']}"] if known.get("repype_like") else []
    if systems:
        yield clean(", ".join([*systems, str(known.get("platform", ""))]))
    versions = {**(known.get("distributions") or {}), **(known.get("packages") or {})}
    if versions:
        yield clean(", ".join(f"{name} {version}" for name, version in sorted(versions.items())))
    if known.get("command"):
        yield clean(masked_text(shlex.join(map(str, known["command"]))))
    yield from accepted_words(digest)


def accepted_words(digest: Digest) -> Iterator[str]:
    """Yield a line for each stage whose results the user vouched for after an edit."""
    for stage, told in (digest.provenance.get(ACCEPTED) or {}).items():
        changes = [str(piece).partition(":")[2] or str(piece) for piece in told["changes"]]
        more = f" and {len(changes) - _MOST_NAMED} more" if len(changes) > _MOST_NAMED else ""
        what = ", ".join(changes[:_MOST_NAMED]) + more or "its code"
        by = f" by {told['by']}" if told["by"] else ""
        yield clean(f"accepted: {count(told['inputs'], 'result')} of {stage}, although {what} changed "
                    f"({moment(told['time'])}{by})")


def completion_plain(digest: Digest) -> dict[str, Any]:
    """Return the same as plain data; times in seconds since the epoch."""
    plain: dict[str, Any] = masked({**digest.provenance, "completed": digest.completed})
    return plain


def moment(seconds: float) -> str:
    """Return a point in time as people here say it."""
    return datetime.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
