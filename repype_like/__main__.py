"""``python -m repype_like`` is the command ``repype``."""

from __future__ import annotations

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  nothing is imported before this is done
    del sys.path[0]  # Python puts it first, where a project's json.py would be taken for that of the standard library

from repype_like.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
