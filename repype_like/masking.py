"""Secrets are not shown: values whose key says that they are one."""

from __future__ import annotations

import re
from itertools import pairwise

from repype_like.typing import Any

__all__ = ["MASK", "is_secret", "masked", "masked_text"]

MASK = "***"

_WORDS = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+"
_SECRET = frozenset({"password", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "apikey",
                     "credential", "credentials"})
_SECRET_KEYS = frozenset({"api", "access", "private", "auth", "encryption"})
_KEY = re.compile(r"""(?<![\w.-])(['"]?[\w.-]+['"]?)\s*[:=]\s*""")  # from the start of a word: no word is tried twice
_VALUE = re.compile(r"""'[^']*'|"[^"]*"|[^\s,;}\])]+""")
_CHANGE = re.compile(r"(?P<keys>\S+) (?P<old>.+) -> (?P<new>.+)", re.DOTALL)


def is_secret(key: object) -> bool:
    """Tell whether a key looks like that of a secret: ``api_key``, ``dbPassword``; but not ``max_tokens``."""
    words = [word.lower() for word in re.findall(_WORDS, str(key))]
    return not _SECRET.isdisjoint(words) or any(
        word in _SECRET_KEYS and after in ("key", "keys") for word, after in pairwise(words))


def masked(value: Any, hidden: bool = False) -> Any:
    """Return plain data with the secrets in it replaced."""
    if isinstance(value, dict):
        return {key: masked(item, hidden or is_secret(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, hidden) for item in value]
    return MASK if hidden and value is not None and not isinstance(value, bool) else value


def masked_text(text: str) -> str:
    """Return a text that names keys and values, such as the reason why a task runs, with the secrets replaced."""
    change = _CHANGE.fullmatch(text)
    if change and any(map(is_secret, change["keys"].split("."))):
        return f"{change['keys']} {MASK} -> {MASK}"
    shown, position = [], 0
    while key := _KEY.search(text, position):
        shown.append(text[position:key.end()])
        position = key.end()
        value = _VALUE.match(text, position) if is_secret(key[1]) else None
        if value is not None:
            shown.append(MASK)
            position = value.end()
    return "".join(shown) + text[position:]
