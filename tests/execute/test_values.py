"""Values from stage to stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chains import stage, stages
from project import Project
from repype_like.execute.values import Fields, Slot
from repype_like.store import Store

MakeProject = Callable[[Mapping[str, Any]], Project]


@pytest.mark.parametrize("marginal", [[], ["a"]], ids=["kept", "marginal"])
@pytest.mark.parametrize("made", ["[3, 1, 2]", "np.arange(30000)[::-1].copy()"], ids=["list", "array"])
def test_a_stage_may_change_its_inputs_in_place(make_project: MakeProject, marginal: list[str], made: str) -> None:
    project = make_project({
        "stages.py": "import numpy as np\n" + stages(
            stage("A", "", "a", made), stage("B", "a", "b", "a.sort()\nint(a[0])"),
            stage("C", "a", "c", "int(a[0])"), stage("D", "a b", "d", "a.sort()\n[int(a[0]), config.get('x', 0)]")),
        "tasks/task.yml": {"pipeline": [f"stages.{name}" for name in "ABCD"], "input_ids": [1], "runnable": True,
                           "marginal_stages": marginal}})
    mode = "--serial" if marginal else "-j2"
    project.run("run", "tasks", mode).ok()
    fresh = project.results("tasks")[1]
    assert fresh["b"] < fresh["c"]
    project.write("tasks/v/task.yml", {"config": {"d": {"x": 1}}})
    project.run("run", "tasks", mode).ok()
    assert project.results("tasks/v")[1]["d"] == [fresh["b"], 1]


def test_what_a_stage_returns_belongs_to_nobody_else(make_project: MakeProject) -> None:
    """A stage that returns an object of its module does not have it changed by those that read it."""
    source = stages(stage("A", "", "a", "COMMON"), stage("B", "a", "b", "a.append(input_id)\nlen(a)"))
    project = make_project({
        "stages.py": source + "\n\nCOMMON = [0]\n",
        "tasks/task.yml": {"pipeline": ["stages.A", "stages.B"], "input_ids": "1-3", "runnable": True}})
    project.run("run", "tasks", "--serial").ok()
    assert {number: fields["b"] for number, fields in project.results("tasks").items()} == {1: 2, 2: 2, 3: 2}


def test_every_reader_of_a_slot_gets_a_value_of_its_own() -> None:
    value = [1, [2]]
    slot = Slot(value, None, readers=3)
    value.append("changed later")
    first, second = slot.read(), slot.peek()
    first[1].append(3)
    assert second == [1, [2]] == slot.read() == slot.read()
    with pytest.raises(LookupError, match="all stages that read it have run"):
        slot.peek()


def test_stored_values_are_read_from_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    value = np.arange(100_000)
    slot = Slot(value, (store, store.encode(value)), readers=1)
    value[:] = 0
    assert slot.read()[5] == 5
    assert slot.peek()[5] == 5


def test_what_cannot_be_frozen_is_shared() -> None:
    generator = (number for number in range(3))
    slot = Slot(generator, None, readers=2)
    assert slot.read() is generator
    assert slot.read() is generator


def test_fields_are_loaded_when_asked_for_and_writing_stays_local() -> None:
    calls: list[str] = []

    def load() -> int:
        calls.append("a")
        return 1

    fields = Fields({"a": load, "b": lambda: 2})
    assert sorted(fields) == ["a", "b"]
    assert not calls
    assert fields["a"] + fields["a"] == 2
    assert calls == ["a"]
    fields["c"] = 3
    del fields["b"]
    assert dict(fields) == {"a": 1, "c": 3}
    assert len(fields) == 2
