"""JSON for what is written very often: an encoder is made once, and each call goes straight to its C code."""

from __future__ import annotations

import json
from collections.abc import Callable

from repype_like.typing import Any

__all__ = ["json_encoder"]


def json_encoder(item_separator: str = ",", key_separator: str = ":",
                 default: Callable[[Any], Any] | None = None) -> Callable[[Any], str]:
    """Return a function that writes plain data as JSON in ASCII.

    The json module makes an encoder for each call, which takes longer than using it. What contains itself ends in a
    RecursionError.

    Arguments:
        item_separator: What stands between two items.
        key_separator: What stands between a key and its value.
        default: Makes something plain of what is not; without it, that is a TypeError.
    """
    plain = json.JSONEncoder(separators=(item_separator, key_separator), check_circular=False, default=default)
    make: Callable[..., Any] | None = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return plain.encode
    encoder = make(None, plain.default, json.encoder.encode_basestring_ascii, None, key_separator, item_separator,
                   False, False, True)
    join = "".join
    return lambda value: join(encoder(value, 0))
