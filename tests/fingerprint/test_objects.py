from __future__ import annotations

import linecache
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from edits import files_of, fingerprint, write_files
from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.fingerprint import Fingerprinter

SCRIPT = """
from repype_like.stage import Stage
from repype_like.fingerprint import fingerprint_of
import helpers
K = 1
class S(Stage):
    def process(self): return helpers.f() + K
if __name__ == "__main__":
    print(fingerprint_of(S()).hash)
"""

REIMPORTED = """
import sys, types
module = sys.modules["__mp_main__"] = types.ModuleType("__mp_main__")
module.__file__ = "script.py"
with open("script.py") as file:
    exec(compile(file.read(), "script.py", "exec"), vars(module))
print(module.fingerprint_of(module.S()).hash)
"""

LOADED = """
from repype_like.fingerprint import Codebase, Fingerprinter
codebase = Codebase(".")
print(Fingerprinter(codebase).stage(codebase.load("stages.S")).hash)
"""


def run(root: Path, *arguments: str, seed: str = "0") -> str:
    """Return what a Python program prints that is run in `root`."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([sys.executable, *arguments], cwd=root, env=environment, check=True, text=True,
                          capture_output=True).stdout.strip()


def test_a_script_that_runs_is_what_it_is_when_it_is_imported(tmp_path: Path) -> None:
    write_files(tmp_path / "project", {"script.py": SCRIPT, "helpers.py": "def f(): return 1"})
    running = run(tmp_path / "project", "script.py")
    assert fingerprint(tmp_path / "project", "script.S").hash == running
    assert run(tmp_path / "project", "-c", REIMPORTED) == running  # as by workers that are spawned
    (tmp_path / "project/helpers.py").write_text("def f(): return 2")
    assert run(tmp_path / "project", "script.py") != running


def test_processes_and_hash_seeds_agree(tmp_path: Path) -> None:
    text = """
class T(Stage):
    def __init__(self, k):
        super().__init__()
        self.k = k
    def process(self): return self.k in {"x", "y", "z"}
S = T(frozenset({"a", "b", "c"}))
"""
    root = write_files(tmp_path / "project", files_of(text, after=True))
    assert {run(root, "-c", LOADED, seed=seed) for seed in "123"} == {fingerprint(root).hash}


def notebook(*cells: str) -> dict[str, Any]:
    """Execute cells as a notebook does: in ``__main__``, which has no file, with their source known to linecache."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    for number, cell in enumerate(["from repype_like.stage import Stage\nimport math\n", *cells]):
        name = f"<cell {number} {hash(cell)}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), vars(module))
    return vars(module)


STAGE = "class S(Stage):\n    def process(self): return {}"


@pytest.mark.parametrize(("before", "after", "changes"), [
    ([STAGE.format(1)], [STAGE.format(2)], True),
    ([STAGE.format(1)], ["# new\n\n" + STAGE.format("\\\n        1\n    '''New.'''")], False),
    (["K = 1", STAGE.format("K")], ["K = 2", STAGE.format("K")], True),
    (["def f(): return 1", STAGE.format("f()")], ["def f(): return 2", STAGE.format("f()")], True),
    (["def f(): return 1\n" + STAGE.format(1)], ["def f(): return 2\n" + STAGE.format(1)], False),
    (["class S(Stage):\n    k = 1\n    timeout = 1"], ["class S(Stage):\n    k = 1\n    timeout = 2"], False),
    (["class S(Stage):\n    k = 1"], ["class S(Stage):\n    k = 2"], True),
    (["class B(Stage):\n    k = 1", "class S(B): pass"], ["class B(Stage):\n    k = 2", "class S(B): pass"], True),
    (["def f(): return 1", "def g(): return f() + math.pi", STAGE.format("g()")],
     ["def f(): return 2", "def g(): return f() + math.pi", STAGE.format("g()")], True),
    (["import helpers", STAGE.format("helpers.f()")], ["import helpers as h", STAGE.format("h.g()")], True),
])
def test_stages_of_notebooks(before: list[str], after: list[str], changes: bool, tmp_path: Path,
                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    write_files(tmp_path / "project", {"helpers.py": "def f(): return 1\ndef g(): return 2"})
    found = []
    for cells in (before, after):
        codebase = Codebase(tmp_path / "project")
        with codebase.activate():
            found.append(Fingerprinter(codebase).stage(notebook(*cells)["S"]()))
    assert (found[0].hash != found[1].hash) == changes
    assert found[0].warnings == ()
