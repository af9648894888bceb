"""What batches hold of one worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dask_cluster import until
from repype_like.execute.budget import Needs
from repype_like.execute.dask.room import Place, Room


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def enter(room: Room, held: ExitStack, batch: int, needs: Needs) -> Place | None:
    """Return the place of a batch if there is one at once."""
    return held.enter_context(room.place(batch, needs, lambda: True))


def test_cores_and_memory_are_shared(held: ExitStack) -> None:
    room = Room(4, 16)
    assert enter(room, held, 1, Needs()) == Place(1, 4)
    assert enter(room, held, 2, Needs(cpus=4)) is None, "three are left"
    assert enter(room, held, 3, Needs(memory=9)) == Place(1, 9)
    assert enter(room, held, 4, Needs()) is None, "less than a share is left"


def test_whoever_is_alone_may(held: ExitStack) -> None:
    room = Room(2, 16)
    assert enter(room, held, 1, Needs(cpus=8, memory=100)) == Place(8, 16)
    assert enter(room, held, 2, Needs()) is None
    assert enter(Room(1, None), held, 1, Needs(memory=5)) == Place(1, None)


def test_who_comes_first_is_first_and_waits_for_as_long_as_it_takes(held: ExitStack) -> None:
    room, entered = Room(2, None), []
    first = ExitStack()
    first.enter_context(room.place(1, Needs(), lambda: False))

    def wait(batch: int, needs: Needs) -> None:
        with room.place(batch, needs, lambda: False):
            entered.append(batch)

    large = threading.Thread(target=wait, args=(2, Needs(cpus=2)))
    large.start()
    until(lambda: len(room._waiting) == 1)
    small = threading.Thread(target=wait, args=(3, Needs()))
    small.start()
    until(lambda: len(room._waiting) == 2)
    assert not entered, "the small one would fit, but that would go on for ever"
    first.close()
    large.join(60)
    small.join(60)
    assert entered == [2, 3]


def test_two_workers_of_one_machine_compute_on_two_gpus(
        held: ExitStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one, other, needs = Room(1, None), Room(1, None), Needs(tokens={"gpus": 1.0})
    with one.place(1, needs, lambda: True) as first, other.place(1, needs, lambda: True) as second:
        assert first is not None
        assert second is not None
        assert (first.devices, second.devices) == (("5",), ("7",))
    with other.place(2, needs, lambda: True) as third:
        assert third is not None
        assert third.devices == ("5",), "it was given back"
    half = Needs(tokens={"gpus": 0.5})
    assert [place.devices for place in (enter(Room(4, None), held, 1, half),) if place] == [("5",)]
