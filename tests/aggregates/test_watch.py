"""Aggregates in watch mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aggregate_trees import variants
from project import Project
from watching import computed, watching


def test_a_change_in_a_source_runs_the_aggregate_after_it(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    project = make_project(variants(1, 2))
    with watching(project) as watch:
        watch.cycle()
        project.edit("tasks/k=2/task.yml", "k: 2", "k: 5")
        done = computed(watch.cycle())
        assert [name for name, stage, _ in done if stage in ("rank", "best")] == ["compare", "compare"]
        assert sorted(done, key=str)[-4:] == [("k=2", "average", None), ("k=2", "measure", 1), ("k=2", "measure", 2),
                                              ("k=2", "measure", 3)]
        project.edit("tasks/k=2/task.yml", "k: 5", "{k: 5, fail: 1}")
        watch.cycle()
        project.edit("tasks/k=2/task.yml", "{k: 5, fail: 1}", "{k: 6}")
        done = computed(watch.cycle())
        assert ("compare", "rank", None) in done
        assert watch.end() == 0
    assert project.results("tasks/compare")[None]["best"] == "../k=2"
