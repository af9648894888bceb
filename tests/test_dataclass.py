from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from repype_like.dataclass import dataclass, field
from repype_like.errors import Location


@dataclass(frozen=True)
class Point:
    """A place."""

    x: int
    y: int = 0
    seen: list[int] = field(default_factory=list, compare=False)
    kind: str = field(default="plain", repr=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclass(kw_only=True)
class Base:
    """What others are derived from."""

    time: float = 0.0


@dataclass(kw_only=True)
class Derived(Base):
    """With one field more."""

    name: str


@dataclass(frozen=True, eq=False)
class Alone:
    """Equal to nothing but itself."""

    value: int


class Named(Point):
    def __init__(self, x: int):
        super().__init__(x, kind="named")


def fresh() -> type[Any]:
    """Return a class of which nothing has been made."""
    @dataclass(frozen=True)
    class Fresh:
        """New."""

        one: int
        many: list[int] = field(default_factory=list)

    return Fresh


def test_is_as_a_dataclass() -> None:
    assert repr(Point(1)) == "Point(x=1, y=0, seen=[])"
    assert Point(1) == Point(1, 0, [7]) != Point(2)
    assert hash(Point(1)) == hash(Point(1))
    assert (Point(1, 2).sum, Point.kind, hasattr(Point, "seen")) == (3, "plain", False)
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 0, "seen": [], "kind": "plain"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_fields_are_inherited() -> None:
    assert Derived(name="a", time=1.0) == Derived(name="a", time=1.0) != Derived(name="a")
    assert [item.name for item in dataclasses.fields(Derived)] == ["time", "name"]
    with pytest.raises(TypeError):
        hash(Derived(name="a"))


def test_identity() -> None:
    one = Alone(1)
    assert one == one != Alone(1)
    assert len({one, Alone(1)}) == 2


def test_derived_by_hand() -> None:
    assert (Named(3).x, Named(3).kind) == (3, "named")


@pytest.mark.parametrize("ask", [dataclasses.is_dataclass, dataclasses.fields, lambda cls: cls(1)],
                         ids=["whether", "fields", "call"])
def test_whatever_is_asked_first(ask: Any) -> None:
    cls = fresh()
    ask(cls)
    assert cls(1) == cls(1, [])
    assert cls(1).many is not cls(1).many


def test_what_was_pickled_elsewhere() -> None:
    data = pickle.dumps([Location(Path("a"), 3), Location(Path("a"), 3)]).hex()
    program = ("import pickle, sys; one, other = pickle.loads(bytes.fromhex(sys.argv[1])); "
               "assert one == other and len({one, other}) == 1; print(one)")
    done = subprocess.run([sys.executable, "-c", program, data], capture_output=True, text=True, check=True)
    assert done.stdout == "a:3\n"
    assert copy.copy(Point(1)) == pickle.loads(pickle.dumps(Point(1)))


def test_two_threads_at_once() -> None:
    for _ in range(20):
        cls = fresh()
        found: list[Any] = []
        start = threading.Barrier(4)

        def make(cls: type[Any] = cls, start: threading.Barrier = start, found: list[Any] = found) -> None:
            start.wait()
            found.append(cls(1, many=[2]))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [cls(1, [2])] * 4


def test_costs_no_import() -> None:
    program = ("import sys; from repype_like.dataclass import dataclass; dataclass(type('A', (), {})); "
               "assert 'dataclasses' not in sys.modules")
    subprocess.run([sys.executable, "-c", program], check=True)
