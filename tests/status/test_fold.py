"""The state of a run, folded from its events."""

from __future__ import annotations

from repype_like import events
from repype_like.status import RunState

A = dict(task="a", input_id="x")


def fold(*happened: events.Event) -> RunState:
    state = RunState()
    for event in happened:
        state.feed(event)
    return state


def started(stages: int = 4) -> list[events.Event]:
    return [
        events.RunStarted(run="r", root="/tree", command=("repype", "run"), tasks=2, inputs=2, stages=stages),
        *(events.TaskStarted(task=task, pending="incomplete", first_stage="load", pickup=None, inputs=1)
          for task in ("a", "b")),
    ]


def start(stage: str, worker: int = 0, tasks: tuple[str, ...] = ("a",)) -> events.Event:
    return events.StageStarted(task="a", stage=stage, input_id="x", tasks=tasks, worker=worker)


def finish(stage: str, seconds: float, tasks: tuple[str, ...] = ("a",)) -> events.Event:
    return events.StageFinished(task="a", stage=stage, input_id="x", tasks=tasks, seconds=seconds)


def test_a_stage_that_is_shared_counts_once_for_the_run_and_for_each_task() -> None:
    state = fold(*started(), start("load", tasks=("a", "b")), finish("load", 1.0, ("a", "b")))
    assert (state.done, state.total) == (1, 4)
    assert {name: (task.computed, task.outcome) for name, task in state.tasks.items()} == {
        "a": (1, "running"), "b": (1, "running")}
    assert not state.running


def test_running_stages_show_their_progress_until_the_iteration_is_over() -> None:
    progress = events.Progress(task="a", stage="load", input_id="x", step=3, total=10, details="tiles")
    state = fold(*started(), start("load"), progress)
    [running] = state.running.values()
    assert (running.step, running.total, running.details) == (3, 10, "tiles")
    state.feed(events.Message(task="a", stage="load", input_id="x", content=None, intermediate=True))
    assert (running.step, running.total) == (None, None)


def test_failures_and_warnings_are_collected_once() -> None:
    failure = events.StageFailed(task="a", stage="load", input_id="x", tasks=("a", "b"), error="e", traceback="t",
                                 output="")
    state = fold(*started(), start("load"), failure, *[events.Warned(message="w", task="a")] * 3)
    assert state.failures == [failure]
    assert [task.failed for task in state.tasks.values()] == [1, 1]
    assert len(state.warnings) == 1
    assert state.done == 1


def test_the_remaining_time_is_estimated_by_the_mean_of_each_stage() -> None:
    assert fold(*started()).remaining_seconds is None
    # Of 8 executions 2 stages have 4 each: 2 times load and 3 times fit are left.
    done = [finish("load", 1.0), finish("load", 3.0), finish("fit", 10.0)]
    assert fold(*started(8), start("load"), *done).remaining_seconds == 2 * 2.0 + 3 * 10.0
    assert fold(*started(8), start("load", 0), start("fit", 1), *done).remaining_seconds == 17.0, "two workers"
    assert fold(*started(2), start("load"), finish("load", 1.0), finish("fit", 1.0)).remaining_seconds == 0.0


def test_more_work_than_foreseen_moves_the_total() -> None:
    state = fold(*started(1), finish("load", 1.0), finish("fit", 1.0))
    assert (state.done, state.total) == (2, 2)


def test_the_end_of_a_task_and_of_the_run() -> None:
    state = fold(
        *started(), start("load"),
        events.StageTaken(task="b", stage="load", input_id="x", source="a", seconds=2.0),
        events.TaskFinished(task="b", outcome="completed", computed=0, taken=1, sources=("a",), seconds=0.0, saved=2.0),
        events.RunFinished(outcome="interrupted", completed=1, failed=0, up_to_date=0, computed=0, taken=1, seconds=0.1,
                           saved=2.0))
    assert state.outcomes == {"running": 1, "completed": 1}
    assert (state.tasks["b"].sources, state.tasks["b"].saved, state.taken) == (("a",), 2.0, 1)
    assert state.finished is not None
    assert not state.running
