"""Programs as stages."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from project import Project
from repype_like.errors import UsageError
from repype_like.library import Shell

MakeProject = Callable[[Mapping[str, Any]], Project]


def sorting(make_project: MakeProject, **section: Any) -> Project:
    """Return a project that needs no code at all."""
    config = {"command": ["sort", "-k", "{key}", "-o", "{sorted}", "{raw}"], "reads": ["raw"], "writes": ["sorted"],
              "key": "2n", **section}
    return make_project({
        "tasks/task.yml": {
            "runnable": True, "input_ids": ["a"], "pipeline": ["repype_like.library.Shell"],
            "scopes": {"raw": "raw/%s.txt", "sorted": "sorted/%s.txt"}, "config": {"shell": config}},
        "tasks/raw/a.txt": "b 2\na 10\nc 1\n"})


def test_a_program_reads_and_writes_scopes(make_project: MakeProject) -> None:
    project = sorting(make_project)
    project.run("run", "tasks").ok()
    assert project.read("tasks/sorted/a.txt") == "c 1\nb 2\na 10\n"
    assert "up to date" in project.run("status", "tasks").ok().out
    project.write("tasks/raw/a.txt", "y 2\nx 1\n")
    assert "input file changed: tasks/raw/a.txt" in project.run("status", "tasks", "-v").ok().out
    answer = project.run("run", "tasks").ok()
    assert "without asking" not in answer.err
    assert project.read("tasks/sorted/a.txt") == "x 1\ny 2\n"
    project.edit("tasks/task.yml", "key: 2n", "key: 1r")
    assert "shell.key '2n' -> '1r'" in project.run("status", "tasks", "-v").ok().out
    project.run("run", "tasks").ok()
    assert project.read("tasks/sorted/a.txt") == "y 2\nx 1\n"
    project.remove("tasks/sorted/a.txt")
    project.run("run", "tasks").ok()
    assert project.read("tasks/sorted/a.txt") == "y 2\nx 1\n"


@pytest.mark.parametrize(("section", "said"), [
    ({"kye": 1}, 'tasks/task.yml:23:10: config: the stage "shell": the command does not mention "kye"'),
    ({"comand": ["ls"]}, 'did you mean "command"?'),
    ({"command": "sort {raw}"}, '"command": a list of items, each a text or an integer or a number is expected'),
    ({"command": []}, "there is no command"),
    ({"command": ["sort", "{rwa}", "{key}"]}, '"{rwa}": nothing is named "rwa"\n    did you mean "raw"?'),
    ({"command": ["awk", "{x}", "{key}"]}, "the text itself is written {{x}}"),
])
def test_mistakes_are_found_before_anything_runs(make_project: MakeProject, section: Any, said: str) -> None:
    project = sorting(make_project, **section)
    assert said in project.run("run", "tasks").exits(2).err
    assert not (project.root / "tasks/.repype/records").exists()


@pytest.mark.parametrize(("section", "said"), [
    ({"command": ["sort", "{raw}", "{key}-is-missing"]}, "the program ended with exit code 2: sort"),
    ({"command": ["no-such-program", "{key}"]}, '"no-such-program" is not found on the PATH'),
    ({"command": ["./tasks/raw/a.txt", "{key}"]}, "is no program: install it, or write its path"),
    ({"command": ["echo", "{key}"]}, 'the program has not written the scope "sorted": there is no'),
    ({"reads": ["raw", "srted"]}, 'there is no scope "srted"; did you mean "sorted"?'),
    ({"reads": ["raw", "sorted"], "writes": []}, 'the scope "sorted" in reads: there is no'),
    ({"depends": ["lib"]}, "depends: there is no lib, seen from"),
    ({"command": [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)", "{key}"]}, "was ended by signal 9"),
])
def test_a_program_that_fails(make_project: MakeProject, section: Any, said: str) -> None:
    project = sorting(make_project, **section)
    assert said in project.run("run", "tasks").exits(1).err


def test_a_file_that_was_there_and_is_not_written_is_no_output(make_project: MakeProject) -> None:
    project = sorting(make_project, command=["echo", "{key}"])
    project.write("tasks/sorted/a.txt", "from yesterday\n")
    assert "a.txt is as it was before" in project.run("run", "tasks").exits(1).err


def test_other_exit_codes_may_mean_success(make_project: MakeProject) -> None:
    project = sorting(make_project, command=["grep", "{key}", "{raw}"], writes=[], key="nothing")
    project.run("run", "tasks").exits(1)
    project.edit("tasks/task.yml", "key: nothing", "key: nothing\n    exit_codes: [0, 1]")
    project.run("run", "tasks").ok()


FIELDS = """
    from repype_like.library import Shell
    from repype_like.stage import stage
    from tracing import trace

    @stage(outputs=["table", "names"])
    def load(input_id):
        return [[input_id, 1]], ["x", "y z"]

    SCRIPT = '''
    import json, os, sys
    table, names = json.load(open(sys.argv[1])), sys.argv[3:]
    json.dump([*table, *names, os.environ["LEVEL"], "{table}"], open(sys.argv[2], "w"))
    print("done with", sys.stdin.read().strip())
    '''

    extend = Shell(["{python}", "scripts/extend.py", "{table}", "{longer}", "{names}", "{{table}}", "--n={n}"],
                   id="extend", inputs=["table", "names"], outputs=["longer", "said"], stdin="{table}",
                   files={"table": "json", "longer": "json"}, env={"LEVEL": "3"}, default_config={"n": 1})

    @stage
    def look(longer, said):
        trace("look", longer[0][0])
    """

SCRIPT = """
    import json, os, sys
    table, names = json.load(open(sys.argv[1])), sys.argv[3:]
    json.dump([*table, *names, os.environ["LEVEL"]], open(sys.argv[2], "w"))
    print("done with", sys.stdin.read().strip())
    """


def test_fields_are_handed_over(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": FIELDS, "scripts/extend.py": SCRIPT,
        "tasks/task.yml": {"runnable": True, "input_ids": [7],
                           "pipeline": ["stages.look", "stages.extend", "stages.load"]}})
    project.run("run", "tasks").ok()
    found = project.results("tasks")[7]
    assert found["longer"] == [[7, 1], "x", "y z", "{table}", "--n=1", "3"]
    assert found["said"] == "done with [[7,1]]\n"
    project.edit("stages.py", 'id="extend",', 'id="extend", timeout=99, metadata={1: 2}, formats={"said": "text"},')
    assert "up to date" in project.run("status", "tasks").ok().out, "none of these affects what comes out"
    project.executions()
    project.edit("scripts/extend.py", "done with", "ready with")
    assert "input file changed: scripts/extend.py" in project.run("status", "tasks", "-v").ok().out
    project.run("run", "tasks").ok()
    assert project.results("tasks")[7]["said"] == "ready with [[7,1]]\n"
    assert project.executions() == {("look", 7): 1}
    project.edit("stages.py", 'env={"LEVEL": "3"}', 'env={"LEVEL": "4"}')
    project.run("run", "tasks").ok()
    assert project.results("tasks")[7]["longer"][-1] == "4"


def test_a_program_may_make_a_sequence(make_project: MakeProject) -> None:
    project = make_project({"stages.py": """
        from repype_like.library import Shell
        from repype_like.stage import stage


        @stage(outputs=["lines"])
        def load(input_id):
            yield from range(input_id)


        turn = Shell(["cp", "{lines}", "{turned}"], inputs=["lines"], outputs=["turned"],
                     files={"lines": "sequence", "turned": "sequence"})


        @stage(outputs=["total"])
        def add(turned):
            return sum(turned)
        """, "task.yml": {"runnable": True, "input_ids": [4],
                          "pipeline": ["stages.load", "stages.turn", "stages.add"]}})
    project.run("run").ok()
    assert project.results()[4]["total"] == 6
    assert list(project.results()[4]["turned"]) == [0, 1, 2, 3]


def test_a_program_ends_with_what_it_has_started(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": """
            from repype_like.library import Shell

            class Wait(Shell):
                command = ["sh", "-c", "sleep 1000 & echo $! $$ > pids; wait"]
                timeout = 1
            """,
        "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.Wait"]}})
    assert "timed out after 1 s" in project.run("run", "-j1").exits(1).err
    for pid in project.read("pids").split():
        until_gone(Path(f"/proc/{pid}/stat"))


def until_gone(status: Path) -> None:
    deadline = time.monotonic() + 30
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline, f"{status} lives on"
            time.sleep(0.02)


def test_what_a_program_has_made_is_checked_by_whoever_knows_it(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": """
            from repype_like.library import Shell

            class Count(Shell):
                command = ["echo", "{input_id}"]
                outputs = ["count"]

                def validate(self, outputs, paths):
                    if not outputs["count"].strip().isdigit():
                        raise ValueError("this is no number")
            """,
        "task.yml": {"runnable": True, "input_ids": [1, "x"], "pipeline": ["stages.Count"]}})
    assert "this is no number" in project.run("run", "-k").exits(1).err
    project.edit("task.yml", "- x", "")
    project.run("run").ok()
    assert project.results()[1]["count"] == "1\n"


def test_a_program_counts_if_that_is_wanted(make_project: MakeProject) -> None:
    project = make_project({
        "bin/greet": "#!/bin/sh\necho hello\n", "task.yml": {
            "runnable": True, "input_ids": [1], "pipeline": ["repype_like.library.Shell"],
            "config": {"shell": {"command": ["greet"], "track_program": True}}}})
    (project.root / "bin/greet").chmod(0o755)
    env = {"PATH": os.pathsep.join([str(project.root / "bin"), os.environ["PATH"]])}
    project.run("run", env=env).ok()
    project.edit("bin/greet", "hello", "hi")
    assert "input file changed: bin/greet" in project.run("status", "-v").ok().out


@pytest.mark.parametrize(("attributes", "said"), [
    ({"outputs": ["a", "b"]}, "can have one output from stdout, and not a, b"),
    ({"files": {"table": "csv"}, "inputs": ["tabel"]}, 'has no field "table"; did you mean "tabel"?'),
    ({"input": ["a"]}, 'Shell has no attribute "input"; did you mean "inputs"?'),
])
def test_attributes_that_do_not_fit(attributes: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        Shell(["ls"], **attributes)
    assert said in str(raised.value)
