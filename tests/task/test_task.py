"""Every public member of a task, with its documented meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from repype_like.benchmark import Benchmark
from repype_like.config import Config
from repype_like.errors import RepypeError, UsageError
from repype_like.pipeline import Pipeline, StageError
from repype_like.task import NotCompletedError, NotRunnableError, Task

LoadTree = Callable[..., Any]
SPEC: dict[str, Any] = {
    "runnable": True, "pipeline": ["stages.Total", "stages.Scale", "stages.Load"], "input_ids": "1-2",
    "marginal_stages": ["load"], "config": {"scale": {"factor": 3}}, "scopes": {"out": "out/%s.txt"},
}
RUN_ALL = [("load", 1), ("load", 2), ("scale", 1), ("scale", 2), ("total", 1), ("total", 2)]


def plain(data: Any) -> dict[Any, dict[str, Any]]:
    return {input_id: dict(fields) for input_id, fields in data.items()}


# --- the specification ---------------------------------------------------------------------------------------------


def test_a_task_inherits_from_the_tasks_above_it(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": SPEC, "a": {"config": {"scale": {"extra": 1}}}, "a/group/b": {"input_ids": [7]}})
    top, a, b = tasks["."], tasks["a"], tasks["a/group/b"]
    assert (top.parent, a.parent, b.parent) == (None, top, a)
    assert list(b.parents) == [a, top]
    assert b.root is top
    assert b.full_spec == {**SPEC, "input_ids": [7], "config": {"scale": {"factor": 3, "extra": 1}}}
    assert b.spec == {"input_ids": [7]}
    assert b.input_ids == [7]
    assert a.input_ids == [1, 2]
    assert (a.path, a.directory) == (Path("tasks/a"), Path("tasks/a").resolve())


def test_a_changed_specification_is_noticed() -> None:
    parent = Task("anywhere", {"runnable": False, "input_ids": "1-3"})
    child = Task("anywhere/else", {}, parent)
    assert (child.runnable, child.input_ids) == (False, [1, 2, 3])
    parent.spec["runnable"] = True
    child.spec["input_ids"] = ["a", "b"]
    assert (child.runnable, child.input_ids) == (True, ["a", "b"])
    child.full_spec["input_ids"] = []
    assert child.input_ids == ["a", "b"], "the full specification is a copy"


def test_equal_tasks_have_equal_hashes() -> None:
    first, second = Task("a", {"input_ids": 1}), Task("a", {"input_ids": 1})
    assert first == second
    assert hash(first) == hash(second)
    assert first != Task("b", {"input_ids": 1})
    assert first != Task("a", {"input_ids": 2})
    assert first != Task("a", {"input_ids": 1}, parent=second)
    assert repr(first) == '<Task "a">'


def test_hyperparameters_come_from_the_parent_then_the_base_config_then_the_task(load_tree: LoadTree) -> None:
    _, tasks = load_tree({
        ".": {"config": {"x": {"a": 1, "b": 1, "c": 1}}},
        "child": {"base_config_path": "{ROOTDIR}/base.yml", "config": {"x": {"c": 3}}}},
        **{"tasks/base.yml": "x: {b: 2, c: 2}"})
    config = tasks["child"].create_config()
    assert config.entries == {"x": {"a": 1, "b": 2, "c": 3}}
    config["x/a"] = 9
    assert tasks["child"].create_config()["x/a"] == 1, "changes are not reflected in the specification"
    assert tasks["."].create_config().entries == {"x": {"a": 1, "b": 1, "c": 1}}


def test_paths_are_relative_to_the_task_and_have_placeholders(load_tree: LoadTree) -> None:
    project, tasks = load_tree({".": {}, "a/b": {}})
    task = tasks["a/b"]
    root = project.root / "tasks"
    assert task.resolve_path(None) is None
    assert task.resolve_path("x/y") == root / "a/b/x/y"
    assert task.resolve_path("../y") == root / "a/y"
    assert task.resolve_path("{ROOTDIR}/{DIRNAME}.csv") == root / "b.csv"
    assert task.resolve_path("/tmp/x") == Path("/tmp/x")
    assert task.resolve_path("~/x") == Path("~/x").expanduser()


def test_the_specification_with_a_config_and_its_hash(load_tree: LoadTree) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    config = task.create_config()
    assert task.get_full_spec_with_config(config) == SPEC
    assert task.compute_sha() == task.compute_sha(config)
    config["scale/factor"] = 4
    assert task.get_full_spec_with_config(config)["config"] == {"scale": {"factor": 4}}
    assert task.compute_sha(config) != task.compute_sha()


# --- the pipeline --------------------------------------------------------------------------------------------------


def test_the_pipeline_has_the_stages_in_order_and_the_scopes(load_tree: LoadTree) -> None:
    _, tasks = load_tree()
    pipeline = tasks["."].create_pipeline()
    assert [stage.id for stage in pipeline.stages] == ["load", "scale", "total"]
    assert pipeline.resolve("out", 1) == Path("tasks/out/1.txt").resolve()


def test_a_pipeline_may_be_made_by_a_function_that_gets_the_scopes(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "pipeline": "making.make"}}, **{"making.py": """
        from repype_like.pipeline import Pipeline
        from stages import Load

        def make(*args, scopes, **kwargs):
            return Pipeline([Load()], scopes=scopes)
        """})
    pipeline = tasks["."].create_pipeline()
    assert [stage.id for stage in pipeline.stages] == ["load"]
    assert set(pipeline.scopes) == {"out"}


def test_a_task_without_a_pipeline_says_so() -> None:
    with pytest.raises(AssertionError, match="pipeline"):
        Task("a", {"runnable": True}).create_pipeline()


def test_what_fails_when_a_pipeline_is_made_is_named(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "pipeline": "making.make"}},
                         **{"making.py": "def make(scopes):\n    return 1 / 0\n"})
    with pytest.raises(RepypeError, match=r"making.make failed: ZeroDivisionError.*making.py:2"):
        tasks["."].create_pipeline()


def test_marginal_stages_are_named_by_identifier_or_class(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "marginal_stages": ["stages.Load", "scale"]}})
    task = tasks["."]
    assert list(task.marginal_stages) == ["load", "scale"]
    assert task.get_marginal_fields(task.create_pipeline()) == {"image", "size", "scaled"}
    assert task.strip_marginals(task.create_pipeline(), {"input_id": 1, "image": 2, "total": 3}) == {
        "input_id": 1, "total": 3}


def test_overridden_paths_are_honoured(load_tree: LoadTree) -> None:
    class Elsewhere(Task):
        def resolve_path(self, path: Any) -> Path | None:
            return None if path is None else Path("elsewhere", path).absolute()

    project, tasks = load_tree({".": {**SPEC, "base_config_path": "base.yml"}}, Elsewhere,
                               **{"tasks/base.yml": "load: {a: 1}", "elsewhere/base.yml": "load: {a: 2}"})
    assert tasks["."].create_pipeline().resolve("out", 1) == project.root / "elsewhere/out/1.txt"
    assert tasks["."].create_config()["load/a"] == 2


def test_hooks_become_callbacks_once(load_tree: LoadTree) -> None:
    class Hooked(Task):
        def on_load_start(self, **kwargs: Any) -> None:
            """Hear of the beginning."""

        def on_total_after(self, **kwargs: Any) -> None:
            """Hear of the end."""

    _, tasks = load_tree(cls=Hooked)
    pipeline = tasks["."].create_pipeline()
    tasks["."].setup_callbacks(pipeline)
    tasks["."].setup_callbacks(pipeline)
    load, scale, total = pipeline.stages
    assert load.event_callbacks == {"start": [tasks["."].on_load_start]}
    assert scale.event_callbacks == {}
    assert total.event_callbacks == {event: [tasks["."].on_total_after] for event in ("end", "skip")}


# --- running and loading -------------------------------------------------------------------------------------------


def test_run_computes_stores_and_returns_what_is_not_marginal(load_tree: LoadTree, calls: Any) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    pipeline, config = task.create_pipeline(), task.create_config()
    assert task.is_pending(pipeline, config) == "incomplete"
    assert not task.digest
    assert plain(task.run(config)) == {1: {"input_id": 1, "total": 9}, 2: {"input_id": 2, "total": 18}}
    assert calls(task) == RUN_ALL
    assert task.is_pending(pipeline, config) == ""
    assert plain(task.load()) == plain(task.load(pipeline)) == {
        1: {"input_id": 1, "total": 9}, 2: {"input_id": 2, "total": 18}}
    assert task.digest is not None
    assert task.digest["config"] == {"scale": {"factor": 3}}
    with pytest.raises(TypeError):
        cast("dict[str, Any]", task.digest)["config"] = {}
    assert task.data_filepath.is_file()
    assert task.digest_task_filepath.is_file()
    assert task.digest_sha_filepath.is_file()


def test_run_may_keep_the_marginal_fields(load_tree: LoadTree) -> None:
    _, tasks = load_tree()
    data = tasks["."].run(tasks["."].create_config(), strip_marginals=False)
    assert plain(data)[2] == {"input_id": 2, "image": [2, 2, 2], "size": 3, "total": 18}


def test_run_goes_on_from_what_is_there(load_tree: LoadTree, calls: Any) -> None:
    _, tasks = load_tree({".": SPEC, "child": {"config": {"total": {"label": "x"}}}})
    config = tasks["."].create_config()
    tasks["."].run(config)
    calls(tasks["."])
    tasks["."].run(config)
    assert calls(tasks["."]) == []
    tasks["child"].run(tasks["child"].create_config())
    assert calls(tasks["."]) == RUN_ALL, "what the last stage consumes was not kept, and what leads there is marginal"
    tasks["."].run(config, pickup=False)
    assert calls(tasks["."]) == RUN_ALL


def test_times_are_kept_by_stage_and_input(load_tree: LoadTree) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    task.run(task.create_config())
    assert task.times_filepath == Path("tasks/times.csv").resolve()
    assert isinstance(task.times, Benchmark)
    assert all(task.times[stage, input_id] >= 0 for stage in ("load", "scale", "total") for input_id in (1, 2))


def test_a_failing_stage_is_named_and_what_was_finished_is_kept(load_tree: LoadTree, calls: Any) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    config = task.create_config()
    config["total/broken"] = 2
    with pytest.raises(StageError, match="total") as failure:
        task.run(config)
    assert failure.value.stage.id == "total"
    assert "it is broken" in str(failure.value.__cause__)
    assert task.is_pending(task.create_pipeline(), config) == "incomplete"
    calls(task)
    with pytest.raises(StageError):
        task.run(config)
    assert ("total", 1) not in calls(task)


def test_a_template_neither_runs_nor_loads(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "runnable": False}})
    task = tasks["."]
    pipeline, config = task.create_pipeline(), task.create_config()
    with pytest.raises(AssertionError, match="not runnable"):
        task.run(config)
    with pytest.raises(NotRunnableError):
        task.load()
    with pytest.raises(NotRunnableError):
        task.store(pipeline, {}, config, task.times)
    assert task.is_pending(pipeline, config) == ""


def test_load_refuses_results_for_other_inputs_or_fields(load_tree: LoadTree, reload: Any) -> None:
    project, tasks = load_tree()
    with pytest.raises(NotCompletedError, match="no results yet"):
        tasks["."].load()
    tasks["."].run(tasks["."].create_config())
    with pytest.raises(NotCompletedError, match="fields"):
        tasks["."].load(Pipeline(tasks["."].create_pipeline().stages[:2]))
    project.edit("tasks/task.yml", "1-2", "1-3")
    with pytest.raises(AssertionError, match="other inputs"):
        reload()["."].load()


def test_load_knows_that_disabled_stages_have_no_fields(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "config": {"total": {"enabled": False}}, "marginal_stages": []}})
    task = tasks["."]
    task.run(task.create_config())
    assert set(task.load(task.create_pipeline())[1]) == {"input_id", "image", "size"}


def test_store_completes_a_task_with_data_that_was_computed_elsewhere(load_tree: LoadTree, calls: Any) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    pipeline, config = task.create_pipeline(), task.create_config()
    times = Benchmark[float](task.times_filepath)
    times["total", 1] = 2.5
    data = {input_id: pipeline.process(input_id, config)[0] for input_id in task.input_ids}
    task.store(pipeline, data, config, times)
    assert plain(task.load(pipeline)) == {1: {"input_id": 1, "total": 9}, 2: {"input_id": 2, "total": 18}}
    assert task.times["total", 1] == 2.5
    assert task.is_pending(pipeline, config) == ""
    data[1]["total"] = "corrected by hand"
    task.store(pipeline, data, config, times)
    assert task.load()[1]["total"] == "corrected by hand"
    calls(task)
    task.run(config)
    assert calls(task) == []
    with pytest.raises(UsageError, match="inputs"):
        task.store(pipeline, {1: {}}, config, times)


def test_reasons_why_a_task_is_pending(load_tree: LoadTree, reload: Any) -> None:
    project, tasks = load_tree()
    tasks["."].run(tasks["."].create_config())

    def pending() -> str:
        task = reload()["."]
        return str(task.is_pending(task.create_pipeline(), task.create_config()))

    assert pending() == ""
    project.edit("tasks/task.yml", "factor: 3", "factor: 4")
    assert pending() == "specification"
    project.edit("tasks/task.yml", "factor: 4", "factor: 3")
    assert pending() == ""
    project.edit("tasks/task.yml", "1-2", "1-3")
    assert pending() == "specification"
    project.edit("tasks/task.yml", "1-3", "1-2")
    project.remove("tasks/out/1.txt")
    assert pending() == "incomplete"


def test_the_first_diverging_stage(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": SPEC, "empty": {"input_ids": []}})
    task = tasks["."]
    pipeline, config = task.create_pipeline(), task.create_config()
    assert task.find_first_diverging_stage(pipeline, config) is pipeline.stages[0]
    task.run(config)
    assert task.find_first_diverging_stage(pipeline, config) is None
    config["total/label"] = "x"
    assert task.find_first_diverging_stage(pipeline, config) is pipeline.stages[2]
    config["scale/factor"] = 5
    assert task.find_first_diverging_stage(pipeline, config) is pipeline.stages[1]
    empty = tasks["empty"]
    assert empty.find_first_diverging_stage(pipeline, config) is pipeline.stages[0]
    empty.run(config)
    assert empty.find_first_diverging_stage(pipeline, config) is None


def test_the_task_to_pick_up_from(load_tree: LoadTree) -> None:
    _, tasks = load_tree({".": {**SPEC, "marginal_stages": []}, "a": {"config": {"scale": {"factor": 7}}}, "b": {}})
    parent, child = tasks["."], tasks["a"]
    pipeline, config = child.create_pipeline(), child.create_config()
    assert child.find_pickup_task(pipeline, config) == {"task": None, "first_diverging_stage": pipeline.stages[0]}
    parent.run(parent.create_config())
    assert child.find_pickup_task(pipeline, config) == {"task": parent, "first_diverging_stage": pipeline.stages[1]}
    twin = tasks["b"]
    assert twin.find_pickup_task(twin.create_pipeline(), twin.create_config()) == {
        "task": parent, "first_diverging_stage": None}
    child.run(config)
    assert child.find_pickup_task(pipeline, config) == {"task": child, "first_diverging_stage": None}


def test_reset_deletes_results_and_what_the_stages_wrote_and_nothing_else(load_tree: LoadTree) -> None:
    project, tasks = load_tree()
    task = tasks["."]
    before = {path for path in project.root.rglob("*") if "__pycache__" not in path.parts}
    task.run(task.create_config())
    project.write("tasks/out/mine.txt", "written by hand")
    project.write("tasks/out/2.txt", "edited by hand")
    task.reset()
    assert task.digest is None
    assert task.is_pending(task.create_pipeline(), task.create_config()) == "incomplete"
    after = {path for path in project.root.rglob("*") if "__pycache__" not in path.parts}
    assert {path.relative_to(project.root).as_posix() for path in after - before} == {
        "tasks/out", "tasks/out/mine.txt", "tasks/out/2.txt"}
    task.reset()


def test_the_config_may_be_changed_before_a_run(load_tree: LoadTree) -> None:
    _, tasks = load_tree()
    task = tasks["."]
    config = task.create_config()
    config["scale"] = Config({"factor": 10})
    assert task.run(config)[1]["total"] == 30
    assert task.digest is not None
    assert task.digest["config"]["scale"] == {"factor": 10}
    assert task.is_pending(task.create_pipeline(), task.create_config()) == "specification"
