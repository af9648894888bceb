"""A sample of the edits, all at once, by a user who runs the program: which stages run again, and what they find."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from edits import files_of, table
from project import Project

_STAGE = """\
class S{0}(Stage):
    inputs = ["input_id"]
    outputs = ["y{0}"]

    def process(self, pipeline, config, status=None, input_id=None):
        x = "x"
        trace(self.id, input_id)
        return {{"y{0}": repr({1})}}
"""


def _sample(name: str, count: int) -> list[str]:
    """Return some of the edits that need no module but their own."""
    texts = table(Path(__file__).with_name(f"edits_{name}.txt")).values()
    fitting = [text for text in texts if "## " not in text and text.count("=> ") == 1 and "_try" not in text
               and not re.search(r"class S|outputs|self\.|\bx\.k|time\.", text)]
    return fitting[::max(1, len(fitting) // count)][:count]


def _module(number: int, text: str, after: bool) -> str:
    stage = re.sub(r"^=> (.*)$", lambda match: _STAGE.format(number, match[1]).replace("\\", "\\\\"), text,
                   flags=re.MULTILINE)
    return "from tracing import trace\n" + files_of(stage, after)["stages.py"]


def test_what_runs_again_after_many_edits_at_once(make_project: Callable[..., Project]) -> None:
    changing = [*_sample("of_state", 14), *_sample("of_language", 16)]
    rows = dict(enumerate([*changing, *_sample("that_change_nothing", 20)]))
    task = {"runnable": True, "pipeline": [f"row{number}.S{number}" for number in rows], "input_ids": [1]}

    def files(after: bool) -> dict[str, str]:
        return {f"row{number}.py": _module(number, text, after) for number, text in rows.items()}

    project = make_project({"task.yml": task, **files(after=False)})
    project.run("run", "-j", "2").ok()
    assert len(project.executions()) == len(rows)
    for name, text in files(after=True).items():
        project.write(name, text)
    project.run("run", "-j", "2").ok()
    assert project.executions() == {(f"s-{number}", 1): 1 for number in range(len(changing))}
    found = project.results()
    project.run("run", "--force").ok()
    again = project.results()  # as a fresh run finds them, but for clocks and addresses
    assert {name: value for name, value in again[1].items() if found[1][name] != value
            and " at 0x" not in str(value)} == {}
