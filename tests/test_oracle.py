"""The master oracle: whatever is done to a project, a run at the end makes what a fresh run of it makes.

A project of two to five tasks is edited at random, run, run in part, interrupted and damaged. Then it is run once
more, and

- every stored field, every output file and every final configuration equals that of a fresh run in another directory;
- nothing is pending, and a second run executes nothing;
- no run has executed what was stored already, as far as a simple model can tell.

``ORACLE_EXAMPLES=2000 pytest tests/test_oracle.py`` hunts for longer. A failure shows the edits; they can be written
down as they are in ``test_oracle_found.py``.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from oracle_play import KINDS, RUNS, play
from oracle_world import Edit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

_NUMBERS = st.integers(0, 63)
_EDITS = st.tuples(st.sampled_from([kind for kind in KINDS if kind not in RUNS]), _NUMBERS, _NUMBERS, _NUMBERS)
_RUNS = st.tuples(st.sampled_from(["run", "run", *RUNS]), _NUMBERS, _NUMBERS, _NUMBERS)
_PROFILE = settings(
    max_examples=int(os.environ.get("ORACLE_EXAMPLES", "40")), deadline=None, print_blob=True,
    derandomize="CI" in os.environ, phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@_PROFILE
@given(st.lists(st.one_of(_EDITS, _EDITS, _RUNS), min_size=1, max_size=9))
def test_a_run_ends_equal_to_a_fresh_run(edits: list[Edit]) -> None:
    note(f"play(directory, {edits})")
    with tempfile.TemporaryDirectory(prefix="oracle-") as directory:
        play(Path(directory), [("run", 0, 0, 0), *edits])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_edit_alone(kind: str, tmp_path: Path) -> None:
    play(tmp_path, [("run", 0, 0, 0), (kind, 1, 1, 1), (kind, 2, 2, 2)])
