from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.whereabouts import place_of

SOURCE = """\
import os, json as j
try:
    import numpy
except ImportError:
    numpy = None
A, (B, C) = 1, (2, 3)


@property
def decorated():
    inner = 1


class Stage:
    size: int = 1

    def process(self):
        local = 2

    async def later(self): ...


if A:
    def conditional(): ...
for D in []: pass
with open(os.devnull) as E: F = 1
"""


@pytest.mark.parametrize(("name", "line"), [
    ("os", 1), ("j", 1), ("numpy", 3), ("A", 6), ("C", 6), ("decorated", 10), ("Stage", 14), ("Stage.size", 15),
    ("Stage.process", 17), ("Stage.later", 20), ("Stage.inherited", 14), ("conditional", 24), ("D", 25), ("E", 26),
    ("F", 26), ("inner", 0), ("gone", 0),
])
def test_where_a_name_is_bound(tmp_path: Path, name: str, line: int) -> None:
    (tmp_path / "module_of_names.py").write_text(SOURCE)
    found = place_of(Codebase(tmp_path), f"module_of_names:{name}")
    assert found is not None
    assert (found.file, found.line) == (tmp_path / "module_of_names.py", line)


def test_what_has_no_place(tmp_path: Path) -> None:
    (tmp_path / "broken_module.py").write_text("def f(:\n")
    found = place_of(Codebase(tmp_path), "broken_module:f")
    assert found is not None
    assert found.line == 0
    assert place_of(Codebase(tmp_path), "no_such_module:f") is None
