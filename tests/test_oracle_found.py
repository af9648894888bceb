"""What the master oracle has found: each row is the shortest sequence of edits that showed a mistake, now mended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from oracle_play import play
from oracle_world import Edit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

_FOUND: dict[str, list[Edit]] = {
    "a stage that gets marginal has its values left out": [("run", 0, 0, 0), ("marginal", 0, 63, 0)],
    "an output file is restored from the store of another task": [
        ("marginal", 6, 9, 12), ("run", 0, 0, 0), ("base_path", 30, 11, 0), ("run", 0, 0, 0), ("output", 0, 0, 0)],
    "a flipped byte in the log is seen without reading it": [("run", 0, 0, 0), ("flip", 37, 6, 0)],
    "a worker that dies loses nothing that was finished": [("run_failing", 0, 8, 38)],
    "files that are shared are in place before the next stage reads them": [
        ("code", 59, 42, 42), ("pipeline", 0, 31, 0)],
    "there is no room for temporary files": [("run", 4, 22, 56), ("output", 53, 0, 0), ("run_full", 0, 0, 3)],
    "a damaged blob does not stand in the way of a sound one": [
        ("run_partly", 1, 13, 0), ("marginal", 57, 0, 5), ("run", 0, 0, 0), ("flip", 0, 0, 0), ("run", 0, 0, 0)],
    "a marginal stage runs once if those that read it are not wanted": [("run_partly", 21, 61, 0)],
}


@pytest.mark.parametrize("edits", _FOUND.values(), ids=_FOUND.keys())
def test_found(edits: list[Edit], tmp_path: Path) -> None:
    play(tmp_path, edits)
