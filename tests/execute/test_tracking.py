"""Which files count, and when they make a stage run again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

READ = stage("Read", "", "text", 'text_of(pipeline.resolve("data", input_id))')
UPPER = stage("Upper", "text", "upper", '(text or "nothing").upper()')


def tree(make_project: MakeProject, *sources: str, inputs: Any = (1, 2), **scopes: str) -> Project:
    """Return a project with these stages in one task, and the files ``data/1.txt`` and ``data/2.txt``."""
    names = [source.split("(")[0].removeprefix("class ") for source in sources]
    return make_project({
        "stages.py": stages(*sources), "tasks/data/1.txt": "one", "tasks/data/2.txt": "two",
        "tasks/task.yml": {"runnable": True, "pipeline": [f"stages.{name}" for name in names],
                           "input_ids": list(inputs), "scopes": {"data": "data/%s.txt", **scopes}}})


def run(project: Project, *args: str) -> list[str]:
    project.run("run", "tasks", "--serial", *args).ok()
    return sorted(f"{stage}{input_id}" for stage, input_id in project.executions().elements())


def test_a_changed_input_file_runs_what_reads_it(make_project: MakeProject) -> None:
    project = tree(make_project, READ, UPPER)
    run(project)
    project.write("tasks/data/2.txt", "other")
    (state,) = project.run("status", "tasks", "--json").ok().json()["tasks"]
    assert state["reasons"][0].endswith("data/2.txt")
    assert "input file changed" in state["reasons"][0]
    assert run(project) == ["read2", "upper2"]
    assert project.results("tasks")[2]["upper"] == "OTHER"


def test_a_touched_file_is_no_reason(make_project: MakeProject) -> None:
    project = tree(make_project, READ)
    run(project)
    os.utime(project.root / "tasks/data/1.txt", (1, 1))
    assert run(project) == []


def test_content_counts_if_size_and_time_are_the_same(make_project: MakeProject) -> None:
    project = tree(make_project, READ)
    file = project.root / "tasks/data/1.txt"
    os.utime(file, ns=(10**18, 10**18))
    run(project)
    run(project)
    file.write_text("eno")
    os.utime(file, ns=(10**18, 10**18))
    assert run(project) == ["read1"]


def test_a_missing_file_that_appears_or_vanishes_is_a_change(make_project: MakeProject) -> None:
    project = tree(make_project, READ, UPPER, inputs=[3])
    assert run(project) == ["read3", "upper3"]
    assert project.results("tasks")[3]["upper"] == "NOTHING"
    project.write("tasks/data/3.txt", "three")
    assert run(project) == ["read3", "upper3"]
    project.remove("tasks/data/3.txt")
    assert run(project) == [], "the results of the first run are still there"
    assert project.results("tasks")[3]["upper"] == "NOTHING"


OPEN = """
    path = Path("tasks/data/common.txt")
    try:
        return {"text": open(path).read()}
    except FileNotFoundError:
        return {"text": None}
    """


def test_a_file_that_is_just_opened_counts_and_is_warned_about_once(make_project: MakeProject) -> None:
    project = tree(make_project, stage("Just", "", "text", OPEN), inputs=range(1, 30))
    project.write("tasks/data/common.txt", "all")
    for jobs in ("--serial", "-j2"):
        answer = project.run("run", "tasks", "--force", jobs).ok()
        warning = 'the stage "just" reads data/common.txt without asking the pipeline for it'
        assert answer.err.count(warning) == 1, "not once for each input"
    project.executions()
    project.write("tasks/data/common.txt", "none")
    assert len(run(project)) == 29


def test_files_of_one_folder_that_are_just_opened_are_warned_about_once(make_project: MakeProject) -> None:
    project = tree(make_project, stage("Just", "", "text", """
        for folder in ("one", "two"):
            Path(f"tasks/{folder}/{input_id}.txt").read_text()
        1
        """), inputs=range(1, 20))
    for folder in ("one", "two"):
        for number in range(1, 20):
            project.write(f"tasks/{folder}/{number}.txt", "x")
    err = project.run("run", "tasks", "--serial").ok().err
    assert err.count("without asking") == 2, "once for each folder"
    assert "reads one/1.txt" in err
    assert "reads two/1.txt" in err
    project.executions()
    project.write("tasks/two/7.txt", "y")
    assert run(project) == ["just7"], "all of them count"


def test_a_file_that_is_looked_for_in_vain_counts_as_well(make_project: MakeProject) -> None:
    project = tree(make_project, stage("Just", "", "text", OPEN), inputs=[1])
    assert run(project) == ["just1"]
    assert project.results("tasks")[1]["text"] is None
    project.write("tasks/data/common.txt", "all")
    assert run(project) == ["just1"]
    assert project.results("tasks")[1]["text"] == "all"


def test_hidden_files_code_and_files_elsewhere_do_not_count(make_project: MakeProject) -> None:
    body = """
        for name in ("tasks/.hidden/settings", "stages.py", "/etc/hostname"):
            if Path(name).exists():
                open(name).read()
        1
        """
    project = tree(make_project, stage("Just", "", "text", body), inputs=[1])
    project.write("tasks/.hidden/settings", "1")
    assert "without asking" not in project.run("run", "tasks", "--serial").ok().err
    project.executions()
    project.write("tasks/.hidden/settings", "2")
    assert run(project) == []


def test_tracked_paths_count(make_project: MakeProject) -> None:
    source = stage("Just", "", "text", 'pipeline.track("tasks/data/1.txt").read_text()')
    project = tree(make_project, source, inputs=[1])
    assert "without asking" not in project.run("run", "tasks", "--serial").ok().err
    project.executions()
    project.write("tasks/data/1.txt", "other")
    assert run(project) == ["just1"]


def test_what_configure_reads_counts(make_project: MakeProject) -> None:
    source = stage("Just", "", "text", 'config["size"]') + """

    def configure(self, pipeline, input_id):
        return {"size": (len(pipeline.resolve("data", input_id).read_text()), 1)}
"""
    project = tree(make_project, source)
    run(project)
    assert project.results("tasks")[1]["text"] == 3
    project.write("tasks/data/1.txt", "longer")
    assert run(project) == ["just1"]
    assert project.results("tasks")[1]["text"] == 6


def test_a_directory_counts_by_all_that_is_in_it(make_project: MakeProject) -> None:
    body = 'sorted(str(path.relative_to(pipeline.resolve("all"))) for path in pipeline.resolve("all").rglob("*"))'
    project = tree(make_project, stage("List", "", "names", body), inputs=[1], all="data")
    run(project)
    assert project.results("tasks")[1]["names"] == ["1.txt", "2.txt"]
    assert run(project) == []
    project.write("tasks/data/below/3.txt", "three")
    assert run(project) == ["list1"]
    project.write("tasks/data/below/3.txt", "tri")
    assert run(project) == ["list1"]
    project.move("tasks/data/below/3.txt", "tasks/data/below/4.txt")
    assert run(project) == ["list1"]


def test_files_made_in_a_directory_are_outputs_and_those_read_there_count(make_project: MakeProject) -> None:
    body = """
        folder = pipeline.resolve("all")
        text = (folder / "1.txt").read_text()
        (folder / f"out{input_id}.txt").write_text(text * 2)
        text
        """
    project = tree(make_project, stage("Make", "", "text", body), all="data")
    assert run(project) == ["make1", "make2"]
    assert run(project) == [], "the files of the other input do not count"
    project.remove("tasks/data/out2.txt")
    assert run(project) == ["make2"]
    project.write("tasks/data/1.txt", "1")
    assert run(project) == ["make1", "make2"]
    assert project.read("tasks/data/out2.txt") == "11"


@pytest.mark.parametrize(("change", "what"), [
    ("path.write_text(text + '!')", "changes"), ("open(path, 'a').write('!')", "changes"),
    ("path.unlink()", "deletes")])
def test_a_stage_must_not_change_what_it_reads(make_project: MakeProject, change: str, what: str) -> None:
    body = f"""
        path = pipeline.resolve("data", input_id)
        text = path.read_text()
        {change}
        text
        """
    project = tree(make_project, stage("Change", "", "text", body), inputs=[1])
    answer = project.run("run", "tasks", "--serial").exits(1)
    assert f"it reads and {what} the file" in answer.err
    assert "data/1.txt" in answer.err
    assert ("The file is gone" if what == "deletes" else "it had 3 bytes, and now has 4 bytes") in answer.err
    assert "Traceback" not in answer.err


WRITE = stage("Write", "", "done", """
    path = pipeline.resolve("made", input_id)
    path.parent.mkdir(exist_ok=True)
    path.write_text(str(config.get("text", "made")))
    True
    """)


@pytest.mark.parametrize("reads", ["done", ""], ids=["also by a field", "only by the file"])
def test_a_file_passes_from_stage_to_stage(make_project: MakeProject, reads: str) -> None:
    later = stage("Later", reads, "text", 'text_of(pipeline.resolve("made", input_id))')
    project = tree(make_project, WRITE, later, inputs=[1], made="made/%s.txt")
    assert run(project) == ["later1", "write1"]
    assert run(project) == []
    spec = {"runnable": True, "pipeline": ["stages.Write", "stages.Later"], "input_ids": [1],
            "scopes": {"made": "made/%s.txt"}}
    project.write("tasks/task.yml", {**spec, "config": {"write": {"text": "new"}}})
    assert run(project) == ["later1", "write1"]
    assert project.results("tasks")[1]["text"] == "new"
    project.remove("tasks/made/1.txt")
    assert run(project) == (["later1", "write1"] if reads else ["write1"]), "the file is the same, so is what reads it"
    project.write("tasks/task.yml", spec)
    assert run(project) == [], "everything comes back"
    assert project.read("tasks/made/1.txt") == "made"
    project.write("tasks/sub/task.yml", {})
    assert run(project) == [], "file and results are picked up"
    assert project.read("tasks/sub/made/1.txt") == "made"


def test_a_file_that_an_earlier_stage_reads_settles(make_project: MakeProject) -> None:
    first = stage("First", "", "seen", 'text_of(pipeline.resolve("made", input_id)) is not None')
    project = tree(make_project, first, WRITE, inputs=[1], made="made/%s.txt")
    project.run("run", "tasks", "--serial").ok()
    assert project.executions() == {("first", 1): 2, ("write", 1): 1}
    assert project.results("tasks")[1]["seen"] is True
    project.run("status", "tasks", "--check").ok()


def test_what_does_not_settle_is_an_error(make_project: MakeProject) -> None:
    first = stage("First", "", "seen", 'text_of(pipeline.resolve("made", input_id))')
    second = stage("Second", "seen", "done", 'pipeline.resolve("made", input_id).write_text((seen or "") + "x")')
    project = tree(make_project, first, second, inputs=[1], made="%s.txt")
    answer = project.run("run", "tasks", "--serial").exits(1)
    assert 'the task does not settle, the stage "first" would run again and again' in answer.err
