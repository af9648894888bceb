from __future__ import annotations

import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from repype_like.errors import Location
from repype_like.fingerprint.codebase import Codebase, ImportProblem, active_codebase
from repype_like.fingerprint.imports import witness_imports

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_files(files: dict[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write_files


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    witness_imports()
    before = list(sys.path), list(sys.meta_path), set(sys.modules)
    yield
    assert (list(sys.path), list(sys.meta_path)) == before[:2]
    assert not {name for name in sys.modules if name.startswith(("stages", "tasks.images", "helpers"))} - before[2]


def problem(root: Path, dotted: str) -> ImportProblem:
    with pytest.raises(ImportProblem) as caught:
        Codebase(root).load(dotted)
    return caught.value


def test_dotted_names_lead_through_modules_folders_and_classes(write: Write) -> None:
    codebase = Codebase(write({"stages.py": "class Blur:\n    class Inner: pass", "pkg/__init__.py": "",
                               "pkg/more.py": "X = 1",
                               "tasks/images/stages.py": "from pkg import more\nX = more.X + 1"}))
    assert codebase.load("stages.Blur.Inner").__qualname__ == "Blur.Inner"
    assert codebase.load("pkg.more.X") == 1
    assert codebase.load("tasks.images.stages.X") == 2
    assert codebase.load("json.dumps") is __import__("json").dumps


def test_later_entries_of_the_path_are_searched_last_and_nothing_is_shadowed(write: Write) -> None:
    root = write({"a/stages.py": "X = 'a'", "b/stages.py": "X = 'b'", "b/helpers.py": "X = 'b'",
                  "a/json.py": "dumps = 'mine'", "a/numpy.py": "zeros = 'mine'"})
    codebase = Codebase(root / "a", [root / "b"])
    assert (codebase.load("stages.X"), codebase.load("helpers.X")) == ("a", "b")
    assert callable(codebase.load("json.dumps"))
    assert callable(codebase.load("numpy.zeros"))


def test_two_codebases_keep_their_modules_apart(write: Write) -> None:
    text = "import helpers\nname = lambda: {!r} + helpers.X\ndef late():\n    import lazy\n    return lazy.X"
    root = write({f"{name}/stages.py": text.format(name) for name in "ab"}
                 | {f"{name}/helpers.py": "X = __file__[-12]" for name in "ab"}
                 | {"a/lazy.py": "X = 1", "b/lazy.py": "X = 2"})
    one, two = Codebase(root / "a"), Codebase(root / "b")
    first, second = one.load("stages.name"), two.load("stages.name")
    assert (first(), second()) == ("aa", "bb")
    with one.activate():
        import stages  # type: ignore[import-not-found]

        assert stages.name is first
        with two.activate():
            assert sys.modules["stages"].name is second
            assert stages.late.__globals__ is not sys.modules["stages"].late.__globals__
            assert sys.modules["stages"].late() == 2
        assert active_codebase() is one
        assert sys.modules["stages"] is stages
        with one.activate():
            assert stages.late() == 1
        assert "stages" in sys.modules
    assert one.load("stages.name") is first
    assert active_codebase() is None


def test_the_bytes_that_were_hashed_are_the_bytes_that_run(write: Write) -> None:
    root = write({"stages.py": "X = 1\ndef late():\n    import helpers\n    return helpers.X", "helpers.py": "X = 1"})
    codebase = Codebase(root)
    codebase.sources.read(root / "helpers.py")
    late = codebase.load("stages.late")
    write({"helpers.py": "X = 2"})
    with codebase.activate():
        assert late() == 1
    assert set(codebase.sources.hashes()) == {str(root / "stages.py"), str(root / "helpers.py")}
    assert Codebase(root).load("helpers.X") == 2


def test_an_edit_of_equal_size_and_time_is_seen(write: Write) -> None:
    root = write({"stages.py": "X = 1"})
    os.utime(root / "stages.py", (1e9, 1e9))
    sys.path.append(str(root))  # as if the project had been imported by other means, which leave bytecode behind
    try:
        import stages

        assert stages.X == 1
    finally:
        sys.path.remove(str(root))
        del sys.modules["stages"]
        sys.path_importer_cache.pop(str(root))
    write({"stages.py": "X = 2"})
    os.utime(root / "stages.py", (1e9, 1e9))
    assert Codebase(root).load("stages.X") == 2


def test_no_bytecode_is_written(write: Write) -> None:
    root = write({"stages.py": "X = 1"})
    Codebase(root).load("stages.X")
    assert not list(root.rglob("*.pyc"))


def test_a_module_that_is_imported_already_is_used_as_it_is(write: Write) -> None:
    root = write({"stages.py": "class Blur: pass"})
    sys.path.append(str(root))
    try:
        import stages

        assert Codebase(root).load("stages.Blur") is stages.Blur
        assert sys.modules["stages"] is stages
    finally:
        sys.path.remove(str(root))
        del sys.modules["stages"]
        sys.path_importer_cache.pop(str(root), None)


def test_a_forked_child_goes_on_with_what_was_hashed(write: Write) -> None:
    root = write({"stages.py": "def late():\n    import helpers\n    return helpers.X", "helpers.py": "X = 7"})
    codebase = Codebase(root)
    with codebase.activate():
        late = codebase.load("stages.late")
        codebase.sources.read(root / "helpers.py")
        write({"helpers.py": "X = 8"})
        child = os.fork()
        if child == 0:
            os._exit(late())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_tracebacks_show_the_lines_of_the_user(write: Write) -> None:
    function = Codebase(write({"stages.py": "def f():\n    return 1 / 0  # here"})).load("stages.f")
    with pytest.raises(ZeroDivisionError) as caught:
        function()
    assert "1 / 0  # here" in "".join(traceback.format_tb(caught.value.__traceback__))


@pytest.mark.parametrize(("files", "dotted", "texts", "place"), [
    ({"stages.py": ""}, "stgaes.Blur", ['no module "stgaes"', 'did you mean "stages"?'], None),
    ({"tasks/images/stages.py": ""}, "tasks.imagse.stages.X", ['no module "tasks.imagse"', '"tasks.images"?'], None),
    ({"pkg/__init__.py": "", "pkg/stages.py": ""}, "pkg.stgaes.X", ['no module "pkg.stgaes"', '"pkg.stages"?'], None),
    ({"stages.py": "class Blur: pass"}, "stages.Blurr", ['"stages" has no "Blurr"', 'did you mean "Blur"?'],
     ("stages.py", 0)),
    ({"stages.py": "class Blur: pass"}, "stages.Blur.Innr", ['class "Blur" has no "Innr"'], ("stages.py", 0)),
    ({"stages.py": "\ndef f(:"}, "stages.X", ["invalid syntax"], ("stages.py", 2)),
    ({"stages.py": "import helpers", "helpers.py": "x = 1\ny = x / 0"}, "stages.X", ["ZeroDivisionError"],
     ("helpers.py", 2)),
    ({"stages.py": "\nimport json\njson.loads('')"}, "stages.X", ["JSONDecodeError"], ("stages.py", 3)),
    ({"stages.py": "import sys\nsys.exit(3)"}, "stages.X", ["SystemExit"], ("stages.py", 2)),
    ({"stages.py": "import helprs", "helpers.py": ""}, "stages.X", ["helprs", 'did you mean "helpers"?'],
     ("stages.py", 1)),
    ({"stages.py": "import no_such_thing"}, "stages.X", ["no_such_thing", "install"], ("stages.py", 1)),
    ({}, "Blur", ["write the module and the name in it, such as"], None),
    ({}, "a..b", ["write the module and the name in it, such as"], None),
    # The case is another one.
    ({"stages.py": "def read(): pass"}, "stages.READ", ['has no "READ"', 'did you mean "read"?'], ("stages.py", 0)),
    ({"stages.py": "def read(): pass"}, "Stages.read", ['no module "Stages"', 'did you mean "stages"?'], None),
    # The module is left out, or is another one.
    ({"stages.py": "Blur = 1"}, "Blur", ["no dotted name", 'did you mean "stages.Blur"?'], None),
    ({"stages.py": "class Blur: pass"}, "stages:blur", ["no dotted name", 'did you mean "stages.Blur"?'], None),
    ({"stages.py": "Blurr = 1", "filters.py": "def Blur(): pass"}, "stages.Blur",
     ['has no "Blur"', 'did you mean "filters.Blur"?'], ("stages.py", 0)),
    ({"stages.py": "def blur(): pass", "filters.py": "class Blur: pass"}, "stages.BLUR",
     ['did you mean "blur"?'], ("stages.py", 0)),
    ({"stages.py": "", "pkg/more/filters.py": "Blur: int = 1"}, "filters.Blur",
     ['no module "filters"', 'did you mean "pkg.more.filters"?'], None),
    ({"a/filters.py": "class Blur: pass", "b/filters.py": "class Blur: pass"}, "b.filter.Blur",
     ['no module "b.filter"', 'did you mean "b.filters"?'], None),
    ({"stages.py": "x = 1", "broken.py": "class Blur(:", ".hidden/a.py": "class Blur: pass"}, "stages.Blur",
     ['has no "Blur"'], ("stages.py", 0)),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_imported_is_explained(write: Write, files: dict[str, str], dotted: str, texts: list[str],
                                              place: tuple[str, int] | None) -> None:
    root = write(files)
    found = problem(root, dotted)
    assert dotted in str(found)
    for text in texts:
        assert text in str(found)
    assert (found.where and (found.where.file.name, found.where.line)) == place
    assert found.where is None or isinstance(found.where, Location)


def test_project_code_ends_at_libraries_and_at_environments_within_the_project(write: Write) -> None:
    import numpy

    import repype_like

    root = write({"pkg/a.py": "", ".venv/lib/python3/site-packages/other/__init__.py": "",
                  ".venv/lib/python3/site-packages/other-1.0.dist-info/RECORD": "other/__init__.py,,\n"})
    codebase = Codebase(root)
    assert codebase.is_project(root / "pkg/a.py")
    assert not codebase.is_project(root / ".venv/lib/python3/site-packages/other/__init__.py")
    assert not codebase.is_project(numpy.__file__)
    assert not codebase.is_project(os.__file__)
    assert not codebase.is_project(str(repype_like.__file__))


@pytest.mark.parametrize(("origin", "local"), [
    ("", False), ('{"url": "https://host/x", "vcs_info": {}}', False),
    ('{"url": "file:///x.whl", "archive_info": {}}', False), ('{"url": "file:///x", "dir_info": {}}', True)])
def test_what_was_installed_from_a_folder_is_project_code(write: Write, origin: str, local: bool) -> None:
    root = write({"lib/site-packages/mine/__init__.py": "X = 1", "lib/site-packages/mine/stages.py": "class S: pass",
                  "lib/site-packages/Mine_Too-1.0.dist-info/RECORD": "mine/__init__.py,,\nmine/stages.py,,\n",
                  "lib/site-packages/Mine_Too-1.0.dist-info/METADATA": "Name: mine.too\nVersion: 1.0\n\nName: x",
                  "lib/site-packages/Mine_Too-1.0.dist-info/direct_url.json": origin, "start/x.py": ""})
    sys.path.append(str(root / "lib/site-packages"))
    try:
        codebase = Codebase(root / "start")
        with codebase.activate():
            place = codebase.locate("mine.stages")
            assert place.kind == ("source" if local else "library")
            assert local or (place.distribution and place.distribution[:2] == ("mine.too", "1.0"))
        codebase.load("mine.stages.S")  # a name of a spec makes it project code
        with codebase.activate():
            assert codebase.locate("mine.stages").kind == "source"
        for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
            del sys.modules[name]
    finally:
        sys.path.remove(str(root / "lib/site-packages"))


def test_what_was_edited_after_somebody_else_imported_it_is_an_error(
        write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write({"imported_here.py": "from imported_too import X\ndef run(): return X", "imported_too.py": "X = 1"})
    monkeypatch.syspath_prepend(str(root))
    module = importlib.import_module("imported_here")
    too = importlib.import_module("imported_too")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    try:
        codebase = Codebase(root)
        with codebase.activate():
            assert codebase.locate("imported_here").kind == "source"
        wait_for_the_clock_of(root)
        write({"imported_too.py": "X = 2"})
        codebase = Codebase(root)
        with codebase.activate():
            assert codebase.locate("imported_here").kind == "source"
            with pytest.raises(ImportProblem, match='"imported_too" was edited after this process had imported'):
                codebase.locate("imported_too")
            importlib.reload(too)
            assert codebase.locate("imported_too").kind == "source"
            assert importlib.reload(module).run() == 2
    finally:
        for name in ("imported_here", "imported_too"):
            sys.modules.pop(name, None)


def wait_for_the_clock_of(folder: Path) -> None:
    """Return when a file that is written now is younger than what was done before: file systems tick slowly."""
    probe, first = folder / "probe", 0
    while True:
        probe.write_text("")
        first = first or probe.stat().st_ctime_ns
        if probe.stat().st_ctime_ns > first:
            return


def test_what_was_imported_and_edited_before_anybody_looked_is_an_error(write: Write) -> None:
    root = write({"stages.py": "X = 1", "script.py": """\
import sys, pathlib
import stages
if sys.argv[1:]:
    pathlib.Path("stages.py").write_text("X = 100")
from repype_like.fingerprint.codebase import Codebase
codebase = Codebase(pathlib.Path("."))
with codebase.activate():
    print(codebase.locate("stages").kind)
"""})

    def told(*arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        run = subprocess.run([sys.executable, "script.py", *arguments], cwd=root, capture_output=True, text=True,
                             env=environment, check=False)
        return run.stdout + run.stderr

    assert told() == "source\n"
    assert 'the module "stages" was edited after this process had imported it' in told("edit")
    assert told() == "source\n"
