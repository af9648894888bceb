"""When it is time to look."""

from __future__ import annotations

from repype_like.watch.settling import HALF_WRITTEN, LONGEST, PATIENCE, QUIET, Settling


def test_nothing_is_due_if_nothing_has_happened() -> None:
    assert Settling().due(half_written=False) is None


def test_a_look_follows_when_it_is_quiet() -> None:
    settling = Settling()
    for moment in (10.0, 10.1, 10.15):
        settling.note(moment, counts=True)
    assert settling.due(half_written=False) == 10.15 + QUIET
    assert settling.due(half_written=True) == 10.15 + HALF_WRITTEN
    settling.clear()
    assert settling.due(half_written=False) is None


def test_files_without_a_say_hold_up_nothing_for_long() -> None:
    settling = Settling()
    settling.note(0.0, counts=True)
    for step in range(1, 101):
        settling.note(step / 10, counts=False)
    assert settling.due(half_written=False) == PATIENCE


def test_not_even_those_with_a_say_do_so_for_ever() -> None:
    settling = Settling()
    for step in range(1001):
        settling.note(step / 10, counts=True)
    due = settling.due(half_written=False)
    assert due is not None
    assert due <= LONGEST
