"""What the tutorial and the README show is done here, in order, in an empty directory.

- A block of code with a path as its caption (or, in the README, as the comment in its first line) is a file.
- A ``console`` block is a session: the lines after ``$ `` are run by the shell and must succeed, what follows each is
  its expected output (both streams as one). ``...`` stands for anything; on a line of its own, for any lines. A
  command with nothing below it may print what it likes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PAGES = [CHECKOUT / "README.md", CHECKOUT / "docs" / "tutorial" / "first-tree.md"]

_BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r"\A(?::[\w-]+:.*\n)*?:caption: (?P<path>\S+)\n(?::[\w-]+:.*\n)*\n?")
_COMMENT = re.compile(r"\A# (?P<path>[\w./=-]+\.(?:yml|py|txt))\n")


@dataclass(frozen=True)
class Step:
    """One thing that the reader does: writes a file, or runs a command and sees `text`."""

    file: str = ""
    command: str = ""
    text: str = ""


def steps(page: str) -> Iterator[Step]:
    """Return what the reader of `page` does, in order."""
    for block in _BLOCK.finditer(page):
        body = block["body"]
        if block["info"] == "console":
            for session in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, expected = session.partition("\n")
                yield Step(command=command, text=expected)
        elif caption := _CAPTION.match(body):
            yield Step(file=caption["path"], text=body[caption.end() :])
        elif comment := _COMMENT.match(body):
            yield Step(file=comment["path"], text=body)


def matches(expected: str, actual: str) -> bool:
    """Tell whether the output is what the page shows; space at the end of lines does not count."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else ".*?".join(map(re.escape, line.rstrip().split("..."))) + r"[ \t]*\n"
        for line in expected.rstrip("\n").splitlines()
    )
    return re.fullmatch(pattern, actual.rstrip("\n") + "\n") is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_page_shows_is_what_happens(page: Path, tmp_path: Path) -> None:
    home, directory = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    directory.mkdir()
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONUTF8": "1",
                   "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    commands = 0
    for step in steps(page.read_text(encoding="utf-8")):
        if step.file:
            (directory / step.file).parent.mkdir(parents=True, exist_ok=True)
            (directory / step.file).write_text(step.text, encoding="utf-8")
            continue
        commands += 1
        answer = subprocess.run(step.command, shell=True, cwd=directory, env=environment, encoding="utf-8",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        shown = f"$ {step.command}\n{answer.stdout}"
        assert answer.returncode == 0, shown
        assert not step.text.strip() or matches(step.text, answer.stdout), f"{shown}\nThe page says:\n{step.text}"
    assert commands, f"{page.name} shows no command"


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("done\n", "done  \n", True),
        ("done in ... s\n", "done in 0.1 s\n", True),
        ("done in ... s\n", "done in 0.1 s\nfailed\n", False),
        ("first\n...\nlast\n", "first\nlast\n", True),
        ("first\n...\nlast\n", "first\n1\n2\nlast\n", True),
        ("first\n...\nlast\n", "first\n1\n2\n", False),
        ("a (b) [c]*\n", "a (b) [c]*\n", True),
    ],
)
def test_wildcards_stand_for_what_differs(expected: str, actual: str, same: bool) -> None:
    assert matches(expected, actual) is same


def test_a_page_is_read_as_files_and_commands() -> None:
    page = (
        "```{code-block} yaml\n:caption: a/task.yml\n\nconfig: {}\n```\n"
        "```python\n# stages.py\nx = 1\n```\n"
        "```sh\nrm -rf here\n```\n"
        "```console\n$ ls\nstages.py\n$ cat a\n```\n"
    )
    assert list(steps(page)) == [
        Step(file="a/task.yml", text="config: {}\n"),
        Step(file="stages.py", text="# stages.py\nx = 1\n"),
        Step(command="ls", text="stages.py\n"),
        Step(command="cat a", text=""),
    ]
