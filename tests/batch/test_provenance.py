from __future__ import annotations

import json
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from repype_like.batch.provenance import provenance
from repype_like.version import VERSION


def test_it_says_what_where_and_how_and_is_plain_data(tmp_path: Path) -> None:
    found = provenance(("repype", "run", "tasks"), ())
    assert (found["repype_like"], found["python"]) == (VERSION, platform.python_version())
    assert found["command"] == ["repype", "run", "tasks"]
    assert found["git"] is None
    assert json.loads(json.dumps(found)) == found


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_and_whether_files_have_changed_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)

    def git(*args: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *identity, *args]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    folder, elsewhere = tmp_path / "tasks", tmp_path.parent / "elsewhere"
    folder.mkdir()
    git("init", "-q")
    assert provenance((), [folder])["git"] is None  # nothing was committed
    (folder / "task.yml").write_text("runnable: true\n")
    git("add", ".")
    git("commit", "-q", "-m", "m")
    (folder / "untracked").touch()
    commit = git("rev-parse", "HEAD").strip()
    assert provenance((), [elsewhere, folder])["git"] == {"commit": commit, "dirty": False}
    (folder / "task.yml").write_text("runnable: false\n")
    assert provenance((), [folder])["git"] == {"commit": commit, "dirty": True}
    monkeypatch.setenv("PATH", str(elsewhere))
    assert provenance((), [folder])["git"] is None
