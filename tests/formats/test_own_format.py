"""A format of the user's own, which another distribution brings along, by the commands that meet it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from chains import stage, stages
from project import Project
from repype_like.formats.registry import GROUP

FILES: dict[str, Any] = {
    "lib/words.py": """
        from repype_like.formats import Format

        class Words(Format):
            name, suffix = "words", "txt"

            def write(self, value, path):
                path.write_text(" ".join(value))

            def read(self, path):
                return path.read_text().split(" ")
        """,
    "lib/words-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: words\nVersion: 1.0\n",
    "lib/words-1.0.dist-info/entry_points.txt": f"[{GROUP}]\nwords = words:Words\n",
    "stages.py": stages(stage("Say", "", "said", '["ab", "c"] * input_id', formats={"said": "words"}),
                        stage("Count", "said", "count", "len(said)")),
    "tasks/task.yml": {"runnable": True, "pipeline": ["stages.Say", "stages.Count"], "input_ids": [1, 2]},
}


def test_a_format_of_another_distribution(make_project: Callable[..., Project]) -> None:
    project = make_project(FILES)
    paths = [str(project.root / "lib"), *filter(None, [os.environ.get("PYTHONPATH")])]
    installed = {"PYTHONPATH": os.pathsep.join(paths)}
    project.run("run", "tasks", "-j2", env=installed).ok()
    assert sorted(path.read_text() for path in (project.root / "tasks/.repype/blobs").glob("*.txt")) == [
        "ab c", "ab c ab c"]
    shown = ("show", "tasks", "said", "--input", "1")
    assert "--trust" in project.run(*shown, env=installed).err
    assert "ab" in project.run(*shown, "--trust", env=installed).ok().out
    project.executions()
    project.edit("stages.py", "len(said)", "len(said) + 1")
    project.run("run", "tasks", "-j1", env=installed).ok()
    assert {name for name, _ in project.executions()} == {"count"}, "the values before it are read by the format"
    for number, count in (("1", "3"), ("2", "5")):
        assert project.run("show", "tasks", "count", "--input", number).ok().out.strip() == count

    answer = project.run("run", "tasks").exits(2)  # it is not installed here
    assert 'there is no format "words"' in answer.err
    assert "tasks/task.yml" in answer.err
    project.run("verify", "tasks").ok()
    project.run(*shown, "-o", "said").ok()
    assert project.read("said") == "ab c"
    project.edit("stages.py", "'words'", "'word'")
    assert 'did you mean "words"' in project.run("run", "tasks", env=installed).exits(2).err
