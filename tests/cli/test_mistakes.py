"""The mistakes that are made most, and the answers: the thing, the place, the mend; no traceback, and nothing runs."""

from __future__ import annotations

import pytest

from project import Project


@pytest.mark.parametrize(("file", "content", "arguments", "answers"), [
    # A word is misspelt.
    ("tasks/base/task.yml", "runable: true\n", ["run", "tasks"],
     ['tasks/base/task.yml:1:1: unknown key "runable"', 'did you mean "runnable"?']),
    ("tasks/base/task.yml", "runnable: true\nconfig:\n  scael: {factor: 2}\n", ["run", "tasks", "-n"],
     ["tasks/base/task.yml:3", 'has no stage "scael"', 'did you mean "scale"?']),
    ("tasks/task.yml", "pipeline: [stages.Load, stages.Scael]\n", ["run", "tasks"],
     ["tasks/task.yml:1:25", 'the module "stages" has no "Scael"', 'did you mean "Scale"?']),
    ("tasks/task.yml", "pipeline: [stage.Load]\n", ["run", "tasks"],
     ["tasks/task.yml:1:12", "stage.Load", 'did you mean "stages"?']),
    # A name is not all there, or its case is another one.
    ("tasks/task.yml", "pipeline: [stages.LOAD]\n", ["run", "tasks"],
     ["tasks/task.yml:1:12", 'has no "LOAD"', 'did you mean "Load"?']),
    ("tasks/task.yml", "pipeline: [stages.Load, scale]\n", ["run", "tasks"],
     ["tasks/task.yml:1:25", '"scale" is no dotted name', 'did you mean "stages.Scale"?']),
    ("tasks/task.yml", "pipeline: stages.Load, stages.Scale\n", ["run", "tasks"],
     ["tasks/task.yml:1:11", "is no dotted name", "several names are a list: [stages.Load, stages.Scale]"]),
    ("tasks/task.yml", "pipeline: Load\n", ["run", "tasks"],
     ["tasks/task.yml:1:11", '"Load" is no dotted name', 'did you mean "stages.Load"?']),
    ("tasks/task.yml", "pipeline: [stages.Load]\ntask_class: Mine\n", ["run", "tasks"],
     ["tasks/task.yml:2:13", '"Mine" is no dotted name', "write the module"]),
    # YAML is not what it seems.
    ("tasks/base/task.yml", "runnable: yes\n", ["run", "tasks"], ["tasks/base/task.yml:1:11", "yes", "true"]),
    ("tasks/base/task.yml", "runnable: true\nconfig:\n\tscale: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:3:1", "tab"]),
    ("tasks/base/task.yml", "runnable: true\nrunnable: false\n", ["run", "tasks"],
     ["tasks/base/task.yml:2:1", "runnable"]),
    ("tasks/base/task.yml", "runnable:true\nconfig: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:2:", "in line 1, write a space after the colon"]),
    ("tasks/base/task.yml", "runnable: true\n config: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:2:", "do not indent it deeper than line 1, which has a value already"]),
    ("tasks/base/task.yml", "config:\n  scale: {}\n load: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:3:2", "indent it like the lines that it belongs to"]),
    ("tasks/base/task.yml", "config: scale: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:1:", 'text that contains ": " must be in quotes']),
    ("tasks/base/task.yml", "input_ids: [1, 2\nconfig: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:2:", "what begins at 1:12 is not closed"]),
    ("tasks/base/task.yml", "input_ids: '1, 2\n", ["run", "tasks"],
     ["tasks/base/task.yml:2:", "what begins at 1:12 is not closed"]),
    ("tasks/base/task.yml", "input_ids:\n  - 1\n  -2\nconfig: {}\n", ["run", "tasks"],
     ["tasks/base/task.yml:4:", 'in line 3, write a space after the "-"']),
    ("tasks/base/task.yml", "scopes:\n  raw: {ROOTDIR}/raw/%s.tif\n", ["run", "tasks"],
     ["tasks/base/task.yml:2:", "put all of the text that begins with { in quotes"]),
    ("tasks/base/task.yml", "input_ids: {glob: *.tif}\n", ["run", "tasks"],
     ["tasks/base/task.yml:1:", 'text that begins with "*" must be in quotes']),
    # The pipeline does not fit together.
    ("tasks/task.yml", "pipeline: stages.Load\ninput_ids: 1-3\n", ["run", "tasks"],
     ["tasks/task.yml:1:11", '"stages.Load" is a stage, not a pipeline: write a list of stages, [stages.Load]']),
    ("tasks/task.yml", "pipeline: stages.trace\ninput_ids: 1-3\n", ["run", "tasks"],
     ["tasks/task.yml:1:11", '"stages.trace" makes no pipeline', "write a list of stages, [stages.trace]"]),
    ("tasks/task.yml", "pipeline: [stages.Scale]\ninput_ids: 1-3\n", ["run", "tasks"],
     ["tasks/task.yml:1", "data"]),
    # The inputs are not there.
    ("tasks/task.yml", "pipeline: [stages.Load]\ninput_ids: raw/*.tif\n", ["run", "tasks"],
     ["tasks/task.yml:2:12", "raw/*.tif", 'for the files that match write {glob: "raw/*.tif"}']),
    ("tasks/task.yml", "pipeline: [stages.Load]\ninput_ids: {glob: 'raw/*.tif'}\n", ["run", "tasks"],
     ["tasks/task.yml:2", "raw/*.tif", "matches nothing"]),
    # Nobody said that a task shall run.
    ("tasks/base/task.yml", "runnable: false\n", ["run", "tasks"], ["no task is runnable", "write `runnable: true`"]),
    # The path is not that of a task.
    ("tasks/base/raw/x.txt", "", ["run", "tasks/base/raw"],
     ["no tasks in this directory or below", "part of the task tasks/base"]),
    ("raw/x.txt", "", ["run", "raw"], ["raw: there are no tasks"]),
    *(("raw/x.txt", "", [*command, "task"], ["task: there is no such directory", 'did you mean "tasks"?'])
      for command in (["run"], ["status"], ["show"], ["table"], ["verify"], ["gc", "-n"], ["reset", "-n"], ["runs"],
                      ["log"], ["diff", "tasks/base"], ["accept", "--stage", "load"], ["watch", "--once"])),
    ("raw/x.txt", "", ["status", "tsaks/base"], ["tsaks/base: there is no such directory", 'did you mean "tasks"?']),
    ("raw/x.txt", "", ["status", "raw/x.txt"], ["raw/x.txt: this is a file; name the directory of a task"]),
    # The flags name what is not there.
    ("raw/x.txt", "", ["run", "tasks", "--only", "tasks/base"], ["--only", "there are base, base/factor=2"]),
    ("raw/x.txt", "", ["run", "tasks", "--input", "7"], ["--input", "there are 1, 2, 3"]),
    ("raw/x.txt", "", ["run", "tasks", "--from", "scalee"], ["--from", 'did you mean "scale"?']),
    ("raw/x.txt", "", ["run", "tasks", "--until", "x"], ["--until", "there are load, scale, total"]),
    ("raw/x.txt", "", ["run", "tasks", "--task-class", "stages.Load"], ["not a class of tasks"]),
])
def test_the_answer_names_thing_place_and_mend(
    tree: Project, file: str, content: str, arguments: list[str], answers: list[str]
) -> None:
    tree.write(file, content)
    answer = tree.run(*arguments)
    if "-n" not in arguments:
        answer.exits(2)
    for text in answers:
        assert text in answer.err, str(answer)
    assert "Traceback" not in answer.err
    assert not tree.executions()


@pytest.mark.parametrize(("old", "new", "said"), [
    ("from repype_like.stage import Stage", "from repype_like.stage import Stage\nimport numpyy", "numpyy"),
    ("outputs = [", "outputs = ([", "was never closed")])
def test_a_module_that_cannot_be_imported_is_told_once(tree: Project, old: str, new: str, said: str) -> None:
    text = tree.read("stages.py")
    tree.write("stages.py", text.replace(old, new, 1))
    err = tree.run("run", "tasks").exits(2).err
    assert err.count(said) == (2 if said == "numpyy" else 1), "in the mend as well"
    assert 'cannot import "stages.Load" and 2 more: ' in err


def test_a_field_that_no_stage_produces(tree: Project) -> None:
    tree.write("stages.py", tree.read("stages.py").replace('inputs = ["data", ', 'inputs = ["dta", ', 1))
    err = tree.run("run", "tasks").exits(2).err
    assert 'the field "dta", which the stage "scale" reads, is produced by no stage (did you mean "data"?)' in err


def test_started_below_the_stages(tree: Project) -> None:
    err = Project(tree.root / "tasks", tree.home).run("run").exits(2).err
    assert 'cannot import "stages.Load" and 2 more: ' in err
    assert (f"{tree.root}/stages.py is not looked for: start repype in its directory, or write `pythonpath: ..` into "
            "task.yml") in err


@pytest.mark.parametrize("there", ["tasks/stages.py", "tasks/stages/__init__.py", "stages.py"])
@pytest.mark.parametrize("here", ["", "other = 1\n"], ids=["no such module here", "another one here"])
def test_started_in_a_directory_without_the_stages(tree: Project, there: str, here: str) -> None:
    (tree.root / "tree").mkdir()
    tree.move("tasks", "tree/tasks")
    tree.move("stages.py", f"tree/{there}")
    if here:
        tree.write("stages.py", here)
    err = tree.run("run", "tree/tasks").exits(2).err
    entry = "." if there.startswith("tasks/stages.py") or "__init__" in there else ".."
    assert (f"tree/{there} is not looked for: start repype in its directory, or write `pythonpath: {entry}` into "
            "tree/tasks/task.yml") in err
    tree.write("tree/tasks/task.yml", f"{tree.read('tree/tasks/task.yml')}pythonpath: {entry}\n")
    tree.remove("stages.py") if here else None
    tree.run("status", "tree/tasks", "--check").exits(1)
    assert "E" not in tree.run("status", "tree/tasks").ok().out
