from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy
import pytest

from edits import files_of, fingerprint, table, write_files
from repype_like.fingerprint import fingerprint_of
from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.fingerprint import Fingerprint, Fingerprinter

UNSEEN = table(Path(__file__).with_name("unseen.txt"))


def make(root: Path, text: str) -> Fingerprint:
    """Write a project to `root`, over the files that are there, and return the fingerprint of its stage."""
    for name, content in files_of(text, after=True).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return fingerprint(root)


def test_a_stage_keeps_its_fingerprint_while_it_changes_itself(tmp_path: Path) -> None:
    codebase = Codebase(write_files(tmp_path / "project", files_of("=> 1", after=True)))
    stage = codebase.load("stages.S")()
    before = stage.sha
    stage.cache = {1: 2}
    assert stage.sha == before
    assert stage.signature["stages:S"]
    other = codebase.load("stages.S")()
    other.cache = {1: 2}
    assert fingerprint_of(other).hash != before


def test_time_of_modification_and_size_do_not_matter(tmp_path: Path) -> None:
    found = []
    for value in (1, 2):
        make(tmp_path, f"=> {value}")
        os.utime(tmp_path / "stages.py", (1e9, 1e9))
        found.append(fingerprint(tmp_path).hash)
    assert found[0] != found[1]


@pytest.mark.parametrize(("title", "text"), UNSEEN.items(), ids=UNSEEN.keys())
def test_what_cannot_be_seen_is_said_once(title: str, text: str, tmp_path: Path) -> None:
    (warning,) = make(tmp_path, text).warnings
    place, _, words = title.partition(" ")
    assert place in warning
    assert words.rpartition("; ")[2] in warning


@pytest.mark.parametrize("text", [
    "=> getattr(self, 'a' + x)", "import numpy as np\n=> getattr(np, x)", "class P: pass\n=> getattr(P, x)",
    "import helpers\n=> getattr(helpers, x)\n## helpers.py\n", "=> getattr(x, 'a')", "=> getattr(super(), x)",
    "=> 1\ndef f(): return eval('1')"])
def test_nobody_is_warned_of_what_counts_anyway_or_is_not_reached(text: str, tmp_path: Path) -> None:
    assert make(tmp_path, text).warnings == ()


def test_parts_files_and_distributions_name_what_is_reached(tmp_path: Path) -> None:
    found = make(tmp_path, """
import json, os
from pkg import helpers as h
import numpy as np
=> np.mean(h.f(os, json))
## pkg/helpers.py
from skimage import filters
import yaml
def f(): return g(filters)
def g(): pass
def unused(): return yaml
## other.py
""")
    assert {"stages:S", "stages:h", "pkg.helpers:f", "pkg.helpers:g"} <= found.parts.keys()
    assert "pkg.helpers:unused" not in found.parts
    assert {Path(file).name for file in found.files} == {"stages.py", "helpers.py"}
    assert found.distributions.keys() == {"numpy", "scikit-image"}
    assert found.distributions["numpy"] == numpy.__version__


@contextmanager
def installed(root: Path, origin: str, value: int) -> Iterator[Path]:
    """Install a package of one function, and of one stage that uses it, into `root`."""
    stage = "from repype_like.stage import Stage\nclass S(Stage):\n    def process(self): return f()"
    packages = write_files(root / "lib/site-packages", {
        "mine/__init__.py": f"from mine.sub import f\n{stage}", "mine/sub.py": f"def f(): return {value}",
        "mine-1.0.dist-info/RECORD": f"mine/__init__.py,,\nmine/sub.py,{value},\n",
        "mine-1.0.dist-info/METADATA": "Name: mine\nVersion: 1.0\n",
        "mine-1.0.dist-info/direct_url.json": origin})
    sys.path.append(str(packages))
    try:
        yield packages
    finally:
        sys.path.remove(str(packages))
        for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
            del sys.modules[name]


@pytest.mark.parametrize(("origin", "counts"), [
    ("", False),
    ('{"url": "https://host/x.whl", "archive_info": {}}', False),
    ('{"url": "file:///x", "dir_info": {}}', True),
    ('{"url": "file:///x.whl", "archive_info": {}}', True)])
def test_what_was_installed_from_this_machine_counts_by_content(origin: str, counts: bool, tmp_path: Path) -> None:
    found = []
    for value in (1, 2):
        with installed(tmp_path / str(value), origin, value):
            found.append(make(tmp_path / str(value) / "start", "import mine\n=> mine.f()"))
    assert (found[0].hash != found[1].hash) == counts
    assert found[0].distributions == ({} if "dir_info" in origin else {"mine": "1.0"})


def test_the_distribution_that_a_stage_comes_from_is_project_code(tmp_path: Path) -> None:
    found = []
    for value in (1, 2):
        with installed(tmp_path / str(value), "", value):
            found.append(fingerprint(tmp_path / str(value), "mine.S"))
    assert found[0].hash != found[1].hash
    assert "mine.sub:f" in found[0].parts


@pytest.mark.parametrize("name", ["fast" + importlib.machinery.EXTENSION_SUFFIXES[0], "fast.py"])
def test_modules_that_cannot_be_read_count_by_their_bytes(name: str, tmp_path: Path) -> None:
    found = []
    for content in ("print 'old'", "print 'new'", "print 'old'"):
        (tmp_path / name).write_text(content)
        found.append(make(tmp_path, "=> self.k()\n\n    def k(self):\n        import fast\n        return fast.f()"))
    assert found[0].hash == found[2].hash != found[1].hash
    assert str(tmp_path / name) in found[0].files


def test_code_that_is_nested_deeply(tmp_path: Path) -> None:
    terms = "K = " + " + ".join(["1"] * 800) + "\n=> K"
    branches = "".join(f"    elif x == {number}: return {number}\n" for number in range(1, 300))
    chain = f"def f(x):\n    if x == 0: pass\n{branches}=> f(x)"
    assert make(tmp_path, terms).warnings == ()
    assert make(tmp_path, chain).hash != make(tmp_path, chain.replace("return 299", "return 0")).hash


def test_code_of_any_object(tmp_path: Path) -> None:
    found = []
    for value in (1, 2):
        text = f"from repype_like.pipeline import Pipeline\nclass P(Pipeline):\n    k = {value}"
        codebase = Codebase(write_files(tmp_path / "project", {"mine.py": text}))
        found.append(Fingerprinter.of(codebase).code(codebase.load("mine.P")))
        assert Fingerprinter.of(codebase) is Fingerprinter.of(codebase)
    assert found[0].hash != found[1].hash
    assert "mine:P" in found[0].parts
