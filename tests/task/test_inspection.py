from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from repype_like.pipeline import Pipeline
from repype_like.task import Task, UserCodeError
from repype_like.task.inspection import neighbours, views_of, workplace_of

LoadTree = Callable[..., Any]
SPEC: dict[str, Any] = {"runnable": True, "pipeline": ["stages.Load", "stages.Scale"], "input_ids": "1-2"}


def view_of(task: Task, pipeline: Pipeline | None = None) -> Any:
    return workplace_of(task, pipeline or task.create_pipeline(), task.create_config()).view


def test_a_view_has_what_planning_needs(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "marginal_stages": ["load"], "packages": ["pytest", "nothing"]}, "a": {}})
    view = view_of(tasks["a"])
    assert (view.path, view.input_ids, view.ancestors) == (tasks["a"].directory, (1, 2), (tasks["."].directory,))
    assert [(stage.id, stage.inputs, stage.outputs, stage.kept) for stage in view.stages] == [
        ("load", frozenset(), {"image", "size"}, frozenset()), ("scale", {"image"}, {"scaled"}, {"scaled"})]
    assert view.packages == {"pytest": pytest.__version__, "nothing": "not installed"}
    assert not view.opaque
    assert view.verdict is None


def test_defaults_that_create_config_has_asked_for_are_in_force(load_tree: LoadTree) -> None:
    class Asking(Task):
        def create_config(self) -> Any:
            config = super().create_config()
            config["load/twice"] = 2 * config.get("scale/factor", 5)
            return config

    _, tasks = load_tree({".": SPEC}, Asking)
    assert view_of(tasks["."]).config == {"scale": {"factor": 5}, "load": {"twice": 10}}


def test_the_configuration_is_adapted_to_each_input(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "pipeline": ["adapting.Adapted"]}}, **{"adapting.py": """
        from repype_like.stage import Stage

        class Adapted(Stage):
            def configure(self, pipeline, input_id):
                return {"radius": (input_id, 10)}
        """})
    view = view_of(tasks["."])
    assert view.config == {}
    assert view.configure(2, None) == {"adapted": {"AF_radius": 10, "radius": 20}}
    assert view.configure(3, "adapted") == {"adapted": {"AF_radius": 10, "radius": 30}}
    assert view.configure(3, "other") == {}


def test_what_fails_in_overriding_methods_is_named(load_tree: LoadTree) -> None:
    class Failing(Task):
        @property
        def input_ids(self) -> list[Any]:
            raise LookupError("no inputs today")

    _, tasks = load_tree({".": SPEC}, Failing)
    with pytest.raises(UserCodeError, match=r"Failing, tasks failed: LookupError: no inputs today \(.*test_inspection"):
        view_of(tasks["."])


def test_the_code_of_a_pipeline_class_counts_for_its_stages(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": SPEC})
    task = tasks["."]

    class Own(Pipeline):
        pass

    stages = task.create_pipeline().stages
    plain, own = view_of(task, Pipeline(stages)), view_of(task, Own(stages))
    assert all(a.fingerprint != b.fingerprint for a, b in zip(plain.stages, own.stages, strict=True))


@pytest.mark.parametrize("name", ["run", "store", "load", "strip_marginals", "find_pickup_task",
                                  "find_first_diverging_stage"])
def test_a_task_that_replaces_how_it_runs_is_opaque(load_tree: LoadTree, name: str) -> None:
    def same(self: Task, *args: Any, **kwargs: Any) -> Any:
        return getattr(Task, name)(self, *args, **kwargs)

    cls = type("Own", (Task,), {name: same})
    _, tasks = load_tree({".": SPEC}, cls)
    assert view_of(tasks["."]).opaque
    assert tasks["."].overrides(name)
    assert not tasks["."].overrides("create_config")


def test_its_own_verdict_may_ask_the_base_class(load_tree: LoadTree) -> None:
    class Asking(Task):
        def is_pending(self, pipeline: Any, config: Any) -> Any:
            return "pipeline" if super().is_pending(pipeline, config) == "incomplete" else ""

    _, tasks = load_tree({".": SPEC}, Asking)
    assert view_of(tasks["."]).verdict == "pipeline"


def test_neighbours_are_the_runnable_tasks_of_the_tree(load_tree: LoadTree) -> None:
    project, tasks = load_tree({".": {**SPEC, "runnable": False}, "a": {"runnable": True}, "b": {"runnable": True}})
    assert {task.directory.name for task in neighbours(tasks["a"])} == {"a", "b"}
    assert views_of(neighbours(tasks["a"])) == []
    tasks["b"].run(tasks["b"].create_config())
    assert [view.path.name for view in views_of(neighbours(tasks["a"]))] == ["b"]
    project.write("tasks/b/task.yml", {"runnable": True, "pipeline": ["stages.Nothing"]})
    assert views_of(neighbours(tasks["a"])) == [], "what is wrong with a neighbour is not the business of this task"
