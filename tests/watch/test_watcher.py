"""What is run again after an edit, and what is not."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chains import stage, stages
from project import Project
from watching import began, computed, errors, watching

MakeProject = Callable[[Mapping[str, Any]], Project]

def test_exactly_the_tasks_that_an_edit_touches_are_run_again(tree: Project) -> None:
    with watching(tree) as watch:
        first = watch.cycle()
        assert sorted(began(first)) == ["a", "b", "b/c"]
        assert first[-1]["good"] is True, str(watch)

        tree.write("tasks/b/c/task.yml", {"config": {"scale": {"plus": 6}}})
        assert computed(watch.cycle()) == [("b/c", "scale", 1), ("b/c", "scale", 2)]
        tree.write("tasks/b/task.yml", {"runnable": True, "config": {"scale": {"minus": 1}},
                                        "base_config_path": "../../base.yml"})
        assert sorted(began(watch.cycle())) == ["b", "b/c"]
        tree.write("base.yml", {"scale": {"plus": 4}})
        assert began(watch.cycle()) == ["b"], "the other states its own"
        tree.write("raw/1.txt", "uno\n")
        assert {input_id for _, _, input_id in computed(watch.cycle())} == {1}
        tree.edit("deeper.py", "return text", "return text.upper()")
        news = watch.cycle()
        assert sorted(began(news)) == ["a", "b", "b/c"]
        assert {stage_id for _, stage_id, _ in computed(news)} == {"scale"}
        tree.write("tasks/new/task.yml", {"runnable": True, "config": {"scale": {"plus": 9}}})
        assert began(watch.cycle()) == ["new"]
        tree.move("tasks/new", "tasks/moved")
        tree.edit("tasks/moved/task.yml", "9", "8")
        assert computed(watch.cycle()) == [("moved", "scale", 1), ("moved", "scale", 2)]
        shutil.copytree(tree.root / "tasks/moved", tree.root / "tasks/copied")
        tree.edit("tasks/copied/task.yml", "8", "7")
        assert began(watch.cycle()) == ["copied"]
        tree.remove("tasks/copied")
        watch.until(lambda item: item["event"] == "Status" and "copied" not in {
            task["task"] for task in item["tasks"]})
        assert not errors(watch.seen)
        assert watch.end() == 0
    assert tree.results("tasks/b")[1]["scaled"] == "UNOUNO4"


def test_saving_without_a_change_runs_nothing(tree: Project) -> None:
    with watching(tree) as watch:
        watch.cycle()
        for path in ("tasks/b/c/task.yml", "stages.py", "raw/1.txt"):
            os.utime(tree.root / path)
            tree.write(path, (tree.root / path).read_bytes())
        tree.edit("stages.py", "class Scale", "# a comment\nclass Scale")
        watch.until("Changed", paths=[str(tree.root / "stages.py")])
        tree.write("tasks/a/task.yml", {"runnable": True, "config": {"scale": {"plus": 1}}})
        assert began(watch.cycle()) == ["a"]
        assert [item for item in watch.seen if item["event"] == "CycleEnded"] == [
            item for item in watch.seen if item["event"] == "CycleEnded"][:2]


def test_a_failure_is_tried_again_when_something_it_depends_on_has_changed(tree: Project) -> None:
    tree.write("tasks/a/task.yml", {"runnable": True, "config": {"scale": {"fail": 2}}})
    with watching(tree) as watch:
        first = watch.cycle()
        assert first[-1] == {**first[-1], "good": False, "failed": 1}
        tree.write("tasks/b/c/task.yml", {"config": {"scale": {"plus": 6}}})
        news = watch.cycle()
        assert began(news) == ["b/c"]
        assert news[-1]["good"] is False
        tree.write("raw/1.txt", "uno\n")
        assert {input_id for _, _, input_id in computed(watch.cycle())} == {1}, "the other input has failed"
        tree.write("raw/2.txt", "due\n")
        news = watch.cycle()
        assert [item["task"] for item in news if item["event"] == "StageFailed"] == ["a"]
        tree.write("tasks/a/task.yml", {"runnable": True})
        news = watch.cycle()
        assert computed(news) == [("a", "scale", 1), ("a", "scale", 2)]
        assert news[-1]["good"] is True
        assert watch.end() == 0


def test_a_stage_that_failed_reading_a_file_is_tried_again_when_the_file_changes(make_project: MakeProject) -> None:
    read = stage("Read", "", "number", 'int(open(pipeline.track(f"raw/{input_id}.txt")).read())')
    project = make_project({"stages.py": stages(read), "raw/1.txt": "1", "raw/2.txt": "two", "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.Read"], "input_ids": [1, 2]}})
    with watching(project) as watch:
        assert watch.cycle()[-1]["failed"] == 1
        project.write("raw/unrelated.txt", "3")
        project.write("raw/2.txt", "2")
        news = watch.cycle()
        assert computed(news) == [(".", "read", 2)]
        assert news[-1]["good"] is True


def test_a_task_that_changes_while_it_runs_is_begun_again_and_the_others_go_on(make_project: MakeProject) -> None:
    wait = stage("Wait", "ready", "done", """
        while not Path(os.environ["GATE"] + str(config["gate"])).exists():
            time.sleep(0.01)
        return {"done": config["gate"]}
    """)
    project = make_project({
        "stages.py": stages(stage("Quick", "", "ready", "input_id"), wait),
        "tasks/task.yml": {"pipeline": ["stages.Quick", "stages.Wait"], "input_ids": [1]},
        "tasks/a/task.yml": {"runnable": True, "config": {"quick": {"own": 1}, "wait": {"gate": "a"}}},
        "tasks/b/task.yml": {"runnable": True, "config": {"quick": {"own": 2}, "wait": {"gate": "b"}}}})
    gate = project.home / "gate-"
    with watching(project, "-j", "2", env={"GATE": str(gate)}) as watch:
        for _ in range(2):
            watch.until("StageStarted", stage="wait")
        project.edit("tasks/a/task.yml", "gate: a", "gate: again")
        assert watch.until("RunBegan")["again"] == ["a"]
        watch.until("StageStarted", stage="wait", task="a")
        Path(f"{gate}b").touch()
        watch.until("TaskFinished", task="b", outcome="completed")
        Path(f"{gate}again").touch()
        watch.until("TaskFinished", task="a", outcome="completed")
        assert watch.until("CycleEnded")["good"] is True
        assert not [item for item in watch.seen if item["event"] == "StageFailed"]
        done = computed(watch.seen)
        assert done == [("a", "quick", 1), ("a", "wait", 1), ("b", "quick", 1), ("b", "wait", 1)]
    assert project.results("tasks/a")[1]["done"] == "again"


def test_a_shared_stage_in_flight_goes_on_for_those_that_still_want_it(make_project: MakeProject) -> None:
    wait = stage("Wait", "", "ready", """
        while not Path(os.environ["GATE"]).exists():
            time.sleep(0.01)
        return {"ready": input_id}
    """)
    project = make_project({
        "stages.py": stages(wait, stage("Quick", "ready", "done", 'config.get("plus", 0)')),
        "tasks/task.yml": {"pipeline": ["stages.Wait", "stages.Quick"], "input_ids": [1, 2, 3], "runnable": True},
        "tasks/a/task.yml": {"config": {"quick": {"plus": 1}}}})
    gate = project.home / "gate"
    with watching(project, "-j", "2", env={"GATE": str(gate)}) as watch:
        watch.until("StageStarted", stage="wait")
        project.edit("tasks/a/task.yml", "plus: 1", "plus: 2")
        watch.until("RunBegan", again=["a"])
        gate.touch()
        assert watch.until("CycleEnded")["good"] is True
    assert project.results("tasks/a")[3]["done"] == 2
    assert project.results("tasks")[3]["done"] == 0


def test_mistakes_are_told_once_and_the_others_are_kept_up_to_date(tree: Project) -> None:
    with watching(tree) as watch:
        watch.cycle()
        tree.write("tasks/a/task.yml", "runnable: true\nconfig: {scale: [\n")
        news = watch.cycle()
        assert len(errors(news)) == 1
        assert "tasks/a/task.yml:3" in errors(news)[0]
        assert news[-1]["good"] is False
        tree.write("tasks/b/c/task.yml", {"config": {"scale": {"plus": 6}}})
        news = watch.cycle()
        assert began(news) == ["b/c"]
        code = tree.read("used.py")
        tree.write("used.py", "def twice(text:\n")
        watch.until(lambda item: any("used.py:1" in error for error in errors([item])))
        tree.write("tasks/a/task.yml", {"runnable": True})
        tree.write("used.py", code)
        news = watch.cycle()
        assert news[-1]["good"] is True
        assert not began(news), "all is as it was before"
        assert watch.end() == 0


def test_a_checkout_of_many_files_is_one_batch(make_project: MakeProject) -> None:
    add = stage("Add", "", "sum", 'input_id + config["plus"]')
    project = make_project({"stages.py": stages(add), "tasks/task.yml": {"pipeline": ["stages.Add"], "input_ids": [1]}})
    for number in range(100):
        project.write(f"tasks/{number}/task.yml", {"runnable": True, "config": {"add": {"plus": number}}})
    with watching(project) as watch:
        watch.cycle()
        for number in range(1000):
            if number < 100:
                project.write(f"tasks/{number}/task.yml", f"runnable: true\nconfig: {{add: {{plus: {-number - 1}}}}}\n")
            else:
                project.write(f"tasks/{number % 100}/notes/{number}.txt", str(number))
        news = watch.cycle()
        assert len([item for item in news if item["event"] == "RunBegan"]) == 1
        assert len(computed(news)) == 100


def test_what_stages_write_does_not_wake_it(make_project: MakeProject) -> None:
    write = stage("Write", "", "done", """
        pipeline.resolve("out", input_id).write_text(str(config.get("plus", 0)))
        Path(os.environ["TREE"], "tasks", f"log-{input_id}.txt").write_text("not asked for")
        return {"done": 1}
    """)
    project = make_project({"stages.py": stages(write), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.Write"], "input_ids": [1, 2], "scopes": {"out": "out-%s.txt"}}})
    with watching(project, env={"TREE": str(project.root)}) as watch:
        watch.cycle()
        project.write("tasks/nobody.txt", "cares")
        project.edit("tasks/task.yml", "- 2", "- 2\n- 3")
        assert computed(watch.cycle()) == [(".", "write", 3)]
        (project.root / "tasks/out-1.txt").write_text("edited")
        assert computed(watch.cycle()) == [(".", "write", 1)], "somebody else has changed it"
        assert len([item for item in watch.seen if item["event"] == "RunBegan"]) == 3
        assert watch.end() == 0


@pytest.mark.parametrize("poll", [[], ["--poll"]], ids=["told", "polling"])
def test_a_tree_that_vanishes_and_comes_back(tree: Project, poll: list[str]) -> None:
    with watching(tree, *poll) as watch:
        watch.cycle()
        tree.move("tasks", "elsewhere")
        watch.until("Notice", error=True)
        tree.move("elsewhere", "tasks")
        watch.until("Notice", error=False, text="tasks is back")
        tree.write("tasks/b/c/task.yml", {"config": {"scale": {"plus": 6}}})
        assert began(watch.cycle()) == ["b/c"]


def test_polling_sees_two_edits_within_a_second(tree: Project) -> None:
    with watching(tree, "--poll") as watch:
        assert watch.until("Notice")["text"] == "polling"
        watch.cycle()
        path = tree.root / "tasks/b/c/task.yml"
        for number in (7, 8):
            path.write_text(f"config: {{scale: {{plus: {number}}}}}\n")
            os.utime(path, (1_000_000_000, 1_000_000_000))  # a file system that counts whole seconds
            assert computed(watch.cycle()) == [("b/c", "scale", 1), ("b/c", "scale", 2)]
    assert tree.results("tasks/b/c")[1]["scaled"].endswith("8")


def test_once_and_exit_codes(tree: Project) -> None:
    tree.run("watch", "tasks", "--once").ok()
    answer = tree.run("watch", "tasks", "--once").ok()
    assert "3 tasks, 3 up to date" in answer.err
    assert "all up to date" in answer.err
    tree.write("tasks/a/task.yml", {"runnable": True, "config": {"scale": {"fail": 2}}})
    answer = tree.run("watch", "tasks", "--once").exits(1)
    assert "a scale 2: ValueError: bad" in answer.err
    assert "no such directory" in tree.run("watch", "task").exits(2).err


def test_it_waits_for_the_first_change_if_it_is_asked_to(tree: Project) -> None:
    with watching(tree, "--postpone") as watch:
        watch.until("Status")
        tree.write("tasks/b/c/task.yml", {"config": {"scale": {"plus": 6}}})
        watch.until("Changed")
        assert sorted(began(watch.cycle())) == ["a", "b", "b/c"]
        assert watch.end(signal.SIGTERM) == 143


def test_two_that_run_the_same_tree_wait_for_each_other(make_project: MakeProject) -> None:
    wait = stage("Wait", "", "done", """
        while not Path(os.environ["GATE"]).exists():
            time.sleep(0.01)
        return {"done": 1}
    """)
    project = make_project({"stages.py": stages(wait), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.Wait"], "input_ids": [1]}})
    gate = project.home / "gate"
    with watching(project, env={"GATE": str(gate)}) as watch:
        watch.until("StageStarted")
        answer = project.run("run", "tasks").exits(4)
        assert "is running this tree (repype watch tasks --json)" in answer.err
        with watching(project, env={"GATE": str(gate)}) as other:
            assert "is running this tree" in other.until("Notice")["text"]
            gate.touch()
            watch.cycle()
            assert not computed(other.cycle())


def test_what_modules_read_while_they_are_imported_and_modules_that_come(make_project: MakeProject) -> None:
    add = stage("Add", "", "sum", "input_id + TABLE + extra.MORE")
    project = make_project({
        "stages.py": stages(add).replace("\n\n\n", '\nimport extra\n\nTABLE = json.load(open("table.json"))\n\n\n', 1),
        "table.json": "10", "tasks/task.yml": {"runnable": True, "pipeline": ["stages.Add"], "input_ids": [1]}})
    with watching(project) as watch:
        assert any("extra" in error for error in errors(watch.cycle()))
        project.write("extra/__init__.py", "MORE = 100\n")
        watch.until("CycleEnded", good=True)
        project.write("table.json", "20")
        watch.until("CycleEnded")
        project.write("extra/__init__.py", "MORE = 200\n")
        watch.until("CycleEnded")
        assert watch.end() == 0
    assert project.results("tasks")[1]["sum"] == 221
    project.run("status", "tasks", "--check").ok()


def test_code_that_changes_while_it_runs(make_project: MakeProject) -> None:
    wait = stage("Wait", "", "done", """
        while not Path(os.environ["GATE"]).exists() and "old" == "old":
            time.sleep(0.01)
        return {"done": "old"}
    """)
    project = make_project({"stages.py": stages(wait), "tasks/task.yml": {
        "runnable": True, "pipeline": ["stages.Wait"], "input_ids": [1, 2, 3]}})
    with watching(project, env={"GATE": str(project.home / "gate")}) as watch:
        watch.until("StageStarted")
        project.write("stages.py", project.read("stages.py").replace('"old"', '"new"').replace('== "new"', '== ""'))
        assert watch.until("RunBegan")["again"] == ["."]
        assert watch.until("CycleEnded")["good"]
    assert {fields["done"] for fields in project.results("tasks").values()} == {"new"}
