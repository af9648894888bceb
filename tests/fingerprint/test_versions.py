from __future__ import annotations

import pytest

from repype_like.fingerprint.versions import version_of


def test_versions_of_distributions() -> None:
    assert version_of("pytest") == pytest.__version__
    assert version_of("no-such-distribution") is None
