"""Where records are found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repype_like.plan import Catalogue, TaskView
from repype_like.store import Record, Store


def view(path: Path, *ancestors: Path, records: Sequence[str] = ("r",)) -> TaskView:
    """Return a task with records of one stage and pre-key."""
    store = Store(path)
    path.mkdir(parents=True, exist_ok=True)
    store.append([Record(name.encode().hex().ljust(32, "0"), "0" * 32, "s", 1, "", {}, {}) for name in records])
    return TaskView(path, path.name, (), (1,), {}, lambda *_: {}, lambda *_: None, store, {}, ancestors=ancestors)


def test_the_nearest_task_comes_first(tmp_path: Path) -> None:
    top = view(tmp_path)
    parent = view(tmp_path / "p", tmp_path)
    sibling = view(tmp_path / "p/a", tmp_path / "p", tmp_path)
    own = view(tmp_path / "p/z", tmp_path / "p", tmp_path, records=["1", "2"])
    stranger = view(tmp_path / "0")
    catalogue = Catalogue(lambda: [stranger, sibling, own, parent, top])
    found = list(catalogue.candidates(own, "0" * 32, pick_up=True))
    assert [source for source, _ in found] == [own, own, parent, top, stranger, sibling]
    assert [record.id[:2] for _, record in found[:2]] == ["32", "31"], "the newest first"


def test_whoever_holds_all_that_is_asked_for_is_found(tmp_path: Path) -> None:
    first, second = (view(tmp_path / name) for name in "ab")
    catalogue = Catalogue(lambda: [first, second])
    record = next(iter(first.store.records))
    gone = frozenset({"never stored"})
    assert catalogue.holder(first, "0" * 32, record, gone, pick_up=True) is None
    assert catalogue.holder(second, "0" * 32, record, gone, pick_up=True) is None
    assert catalogue.holder(first, "0" * 32, record, frozenset(), pick_up=True) == (first, record)


def test_others_are_looked_at_only_if_need_be(tmp_path: Path) -> None:
    own = view(tmp_path)
    asked: list[int] = []

    def neighbours() -> Sequence[TaskView]:
        asked.append(1)
        return [own]

    catalogue = Catalogue(neighbours)
    assert len(list(catalogue.candidates(own, "0" * 32, pick_up=False))) == 1
    assert next(iter(catalogue.candidates(own, "0" * 32, pick_up=True)))[0] is own
    assert not asked
    assert not catalogue.neighbours_read()
    assert len(list(catalogue.candidates(own, "0" * 32, pick_up=True))) == 1
    assert not list(catalogue.candidates(own, "1" * 32, pick_up=True))
    assert asked == [1]


def test_a_damaged_digest_is_told_apart_from_none(tmp_path: Path) -> None:
    own, broken = view(tmp_path / "own"), view(tmp_path / "broken")
    broken.store.digest_path.write_text("{}")
    broken.store.refresh()
    catalogue = Catalogue(list)
    assert catalogue.digest(own) is catalogue.digest(broken) is None
    assert catalogue.damage(own) == ""
    assert "is not what was written" in catalogue.damage(broken)
    assert catalogue.completed_record(own, "s", 1) is None
    assert not catalogue.names_record(own, "s", 1)
