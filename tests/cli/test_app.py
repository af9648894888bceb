"""The command line as such: help, mistakes in its use, and what becomes of errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import repype_like
from project import Project
from repype_like.cli.app import guarded, main
from repype_like.errors import LockedError, Problem, SpecError, UsageError

HEAVY = ("asyncio", "multiprocessing", "yaml", "numpy", "pandas", "tqdm", "dill", "shtab", "repype_like.batch")


def test_help_lists_the_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("run", "status", "show", "reset", "completion"):
        assert f"\n    {command}" in shown
        assert main([command, "--help"]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = ("import sys; from repype_like.cli.app import main; main(['--help'])\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)")
    child = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert child.stderr.strip() == "[]"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"repype_like {repype_like.__version__}\n"


@pytest.mark.parametrize(("arguments", "answer"), [
    (["tasks", "--run"], "write: repype run tasks"),
    (["--reset", "tasks"], "write: repype reset tasks"),
    (["rum"], 'did you mean "run"?'),
    (["."], "write: repype run ., or: repype status ."),
    (["--jobs", "2"], "the command comes first"),
    (["run", "--dryrun"], 'did you mean "--dry-run"?'),
    (["run", "-j", "0"], "see --serial"),
    (["run", "--jobs", "2", "--serial"], "not allowed with"),
    (["show"], "name the directory of a task"),
    (["completion", "fish"], "bash"),
    ([], "usage: repype"),
])
def test_mistakes_are_answered_with_the_form_to_use(
    arguments: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert not said.out
    assert answer in said.err


@pytest.mark.parametrize(("error", "code", "said"), [
    (UsageError("no such thing"), 2, "repype: error: no such thing\n"),
    (LockedError("somebody runs it"), 4, "repype: error: somebody runs it\n"),
    (SpecError([Problem("wrong", hint="mend it"), Problem("wrong"), Problem("old", severity="warning")]), 2,
     "warning: old\nwrong\n    mend it\nwrong\n2 errors\n"),
    (KeyboardInterrupt(), 130, "\nrepype: interrupted\n"),
])
def test_errors_of_users_have_no_traceback(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise error

    assert guarded(fail) == code
    assert capsys.readouterr().err == said


def test_a_bug_of_ours_asks_to_be_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fail() -> int:
        raise ZeroDivisionError("of ours")

    assert guarded(fail) == 3
    said = capsys.readouterr().err
    assert "ZeroDivisionError: of ours" in said
    assert "report it" in said
    assert "Traceback" not in said
    [report] = tmp_path.iterdir()
    assert str(report) in said
    assert "in fail" in report.read_text()


def test_a_reader_who_has_seen_enough_is_no_error(completed: Project) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        child = subprocess.run([sys.executable, "-m", "repype_like", "status", "tasks"], cwd=completed.root,
                               stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    assert (child.returncode, "Traceback" in child.stderr, "Broken pipe" in child.stderr) == (141, False, False)


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_flags(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "--keep-going" in script or shell == "tcsh"  # it completes words only
    assert "completion" in script


