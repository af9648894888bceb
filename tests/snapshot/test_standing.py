"""What is said at a glance is what a look at everything would find, whatever has happened in between."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from snapshots import EDITS, World

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

_PROFILE = settings(
    max_examples=int(os.environ.get("ORACLE_EXAMPLES", "10")), deadline=None, print_blob=True,
    derandomize="CI" in os.environ, phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow])


def test_what_has_not_changed_is_known_at_a_glance(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.at_a_glance() is None, "nothing was found yet"
    world.run()
    assert world.take()
    known = world.at_a_glance()
    assert known is not None
    assert [(task["task"], task["runnable"], task["inputs"]["done"]) for task in known["tasks"]] == [
        (".", False, 0), ("group/one", True, 2), ("group/two", True, 2)]
    assert known == world.in_truth()


def test_whatever_happens_is_seen_at_a_glance(tmp_path: Path) -> None:
    world = World(tmp_path)
    for name, edit in EDITS.items():
        world.mend()
        world.run()
        assert world.take(), name
        edit(world)
        glance, truth = world.at_a_glance(), world.in_truth()
        assert glance in (None, truth), name
        assert glance is not None or name != "nothing"


@_PROFILE
@given(st.lists(st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3), min_size=1, max_size=3))
def test_edits_in_any_order_are_seen(rounds: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory(prefix="snapshot-") as directory:
        world = World(Path(directory))
        for names in rounds:
            world.run()
            if not world.take():
                world.mend()
                world.run()
                assert world.take()
            for name in names:
                EDITS[name](world)
            glance = world.at_a_glance()
            assert glance in (None, world.in_truth())
