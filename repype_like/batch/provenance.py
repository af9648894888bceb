"""Where, when and how results were computed; kept in the digest."""

from __future__ import annotations

import os
import sys

from repype_like.typing import Any
from repype_like.version import VERSION

__all__ = ["provenance"]


def provenance(command: tuple[str, ...]) -> dict[str, Any]:
    """Return what is known of the present run, as plain data."""
    import getpass  # all that takes a while to import, and is needed only where something is run
    import platform

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        user = ""
    return {"repype_like": VERSION, "python": platform.python_version(), "platform": sys.platform,
            "host": os.uname().nodename, "user": user, "command": list(command)}
