"""``python -m repype_like`` is the command ``repype``."""

from __future__ import annotations

import sys

from repype_like.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
