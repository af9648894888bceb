"""Edits of projects, and whether a stage has to run again because of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edits import before_and_after, files_of, fingerprint, fingerprint_after_running, table, write_files

CHANGE_RESULTS = {title: text for name in ("that_change_results", "of_modules", "of_data", "of_state", "of_language")
                  for title, text in table(Path(__file__).with_name(f"edits_{name}.txt")).items()}
CHANGE_RESULTS["long integers"] = "=> <<0x1{0}|0x2{0}>>".format("0" * 5000)
CHANGE_NOTHING = table(Path(__file__).with_name("edits_that_change_nothing.txt"))


@pytest.mark.parametrize("text", CHANGE_RESULTS.values(), ids=CHANGE_RESULTS.keys())
def test_an_edit_that_changes_results_is_never_missed(text: str, tmp_path: Path) -> None:
    before, after = before_and_after(tmp_path / "project", text)
    assert before.hash != after.hash
    assert before.parts != after.parts


@pytest.mark.parametrize("text", CHANGE_NOTHING.values(), ids=CHANGE_NOTHING.keys())
def test_an_edit_that_changes_nothing_reruns_nothing(text: str, tmp_path: Path) -> None:
    before, after = before_and_after(tmp_path / "project", text)
    assert before.parts == after.parts
    assert before.hash == after.hash


@pytest.mark.parametrize("text", [*CHANGE_RESULTS.values(), *CHANGE_NOTHING.values()],
                         ids=[*CHANGE_RESULTS, *CHANGE_NOTHING])
def test_neither_the_place_nor_a_run_changes_anything_and_all_is_seen(text: str, tmp_path: Path) -> None:
    here, there = (write_files(tmp_path / name, files_of(text, after=True)) for name in ("here", "there/and/deeper"))
    before, after = fingerprint(here), fingerprint_after_running(there)
    assert before.hash == after.hash
    assert before.warnings == ()
