"""The identifier that the name of a class or function gives a stage."""

from __future__ import annotations

import re
from functools import lru_cache

from repype_like.errors import UsageError

__all__ = ["suggest_stage_id"]


@lru_cache(maxsize=256)  # of a thousand tasks with the same stages, each makes its own
def suggest_stage_id(class_name: str) -> str:
    """Return the identifier of a stage whose class has this name: ``DoGFilterStage`` gives ``do-g-filter``.

    The name is split before capitals and digits and at underscores, adjacent single letters or digits are joined, and
    a final ``stage`` is dropped.

    Raises:
        UsageError: If `class_name` is not an identifier that starts with a letter.
    """
    if not class_name.isidentifier() or not class_name[:1].isalpha():
        raise UsageError(f'"{class_name}" is not the name of a class')
    if not class_name.isascii():  # where capitals mean something else, or nothing
        return "-".join(filter(None, class_name.lower().split("_")))
    tokens: list[str] = []
    run = ""  # "letter" or "digit" while single characters of that kind are being joined
    for token in re.findall(r"[a-zA-Z0-9][^A-Z0-9_]*", class_name):
        kind = "" if len(token) > 1 else "digit" if token.isdigit() else "letter"
        if kind and kind == run:
            tokens[-1] += token
        else:
            tokens.append(token)
        run = kind
    words = [token.lower() for token in tokens]
    return "-".join(words[:-1] if len(words) > 1 and words[-1] == "stage" else words)
