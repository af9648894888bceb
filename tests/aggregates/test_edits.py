"""Any sequence of edits: results are those of computing everything from nothing, and nothing runs twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import repype_like
from aggregate_trees import STAGES
from project import TRACE_VARIABLE, TRACING
from repype_like.batch import Batch

KS = st.integers(1, 3)
NAMES = st.sampled_from(["k=a", "k=b", "k=c", "other"])
EDITS = st.one_of(
    st.tuples(st.just("set"), NAMES, KS),
    st.tuples(st.just("remove"), NAMES, st.none()),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("inputs"), st.none(), st.sets(st.integers(1, 3), min_size=1)),
    st.tuples(st.just("pattern"), st.sampled_from(["../k=*/", ["../other", "../k=[ab]"]]), st.none()),
)

Done = set[tuple[str, Any]]


class World:
    """A tree, what is written there, and what each task has computed or taken over."""

    def __init__(self, root: Path):
        self.root = root
        self.inputs = [1, 2]
        self.ks = {"k=a": 1}
        self.pattern: Any = "../k=*/"
        self.held: dict[str, Done] = {"compare": set()}

    def edit(self, kind: str, name: Any, value: Any) -> None:
        """Change the tree."""
        if kind == "set":
            self.ks[name] = value
        elif kind == "remove" and name in self.ks:
            del self.ks[name]
            self.held.pop(name, None)
            shutil.rmtree(self.root / name)
        elif kind == "rename" and name in self.ks and value not in self.ks:
            self.ks[value] = self.ks.pop(name)
            self.held[value] = self.held.pop(name, set())
            (self.root / name).rename(self.root / value)
        elif kind == "inputs":
            self.inputs = sorted(value)
        elif kind == "pattern":
            self.pattern = name
        self.write()

    def write(self) -> None:
        """Write the specifications."""
        _write(self.root, {"pipeline": ["stages.average", "stages.measure", "stages.normalise"], "root": True,
                           "input_ids": self.inputs})
        for name, k in self.ks.items():
            _write(self.root / name, {"runnable": True, "config": {"measure": {"k": k}}})
        _write(self.root / "compare", {"runnable": True, "pipeline": ["stages.Rank", "stages.best"],
                                       "config": {"rank": {"tasks": self.pattern}}})

    @property
    def read(self) -> dict[str, int]:
        """The tasks that match, with their k; nothing if one of several patterns matches none."""
        groups = [["k=a", "k=b", "k=c"]] if isinstance(self.pattern, str) else [["other"], ["k=a", "k=b"]]
        found = [{name: self.ks[name] for name in group if name in self.ks} for group in groups]
        return {name: k for group in found for name, k in group.items()} if all(found) else {}

    def wanted(self, name: str) -> Done:
        """Return what has to be there for a task, each thing named by all that it depends on."""
        inputs = tuple(self.inputs)
        if name == "compare":
            key = (*sorted(self.read.items()), inputs)
            return {("rank", key), ("best", key)}
        k = self.ks[name]
        return {("average", (k, inputs)), *(("measure", (k, input_id)) for input_id in inputs),
                *(("normalise", (k, inputs, input_id)) for input_id in inputs)}

    def ranking(self) -> list[Any]:
        """Return what is to come out."""
        mean = sum(self.inputs) / len(self.inputs)
        return sorted(((f"../{name}", k, k * mean, {input_id: k * input_id for input_id in self.inputs})
                       for name, k in sorted(self.read.items())), key=lambda row: row[2])


def _write(directory: Path, spec: dict[str, Any]) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "task.yml").write_text(yaml.safe_dump(spec))


def run(root: Path) -> int:
    """Bring the tree up to date, and return how often a stage was executed."""
    batch = Batch()
    batch.load(root)
    workplaces = batch.workplaces(batch.prepare())
    summary = batch.execute(batch.plan(workplaces), workplaces)
    assert summary.succeeded
    assert not summary.unfinished
    return summary.computed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stages.py").write_text(STAGES)
    (tmp_path / "tracing.py").write_text(TRACING)
    monkeypatch.setenv(TRACE_VARIABLE, os.devnull)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, min_size=1, max_size=6))
@example([("remove", "k=a", None), ("set", "k=a", 1)])
@example([("set", "k=b", 1), ("remove", "k=a", None), ("rename", "k=b", "k=a")])
def test_edits(folder: Path, edits: list[tuple[str, Any, Any]]) -> None:
    shutil.rmtree(folder / "tasks", ignore_errors=True)
    world = World(folder / "tasks")
    world.write()
    for kind, name, value in [("inputs", None, {1, 2}), *edits]:
        world.edit(kind, name, value)
        known: Done = set().union(*world.held.values())
        names = [*world.ks, *(["compare"] if world.read else [])]
        wanted = {name: world.wanted(name) for name in names}
        missing = set().union(*wanted.values()) - known
        if any(wanted[task] & missing for task in world.read):
            # What it reads may come out as it was, as that of a task that was deleted; that is not known before.
            missing |= wanted["compare"]
        assert run(world.root) == len(missing), (kind, name, value)
        for name_, things in wanted.items():
            world.held.setdefault(name_, set()).update(things)
        if world.read:
            found = repype_like.open(world.root / "compare").load()[None]
            assert found["ranking"] == world.ranking()
        assert run(world.root) == 0
