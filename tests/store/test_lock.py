from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repype_like.store import Holder, LockedError, NotWritableError, RunLock, StorageError, holders
from stored import public_directory, unprivileged

HOLD = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from repype_like.store import RunLock

    top = Path(sys.argv[1])
    with RunLock(top, [top / name for name in sys.argv[2].split()], command="repype run"):
        forked, ready = os.pipe()
        child = os.fork() if "fork" in sys.argv else 1
        if child == 0:
            os.close(1)
            os.write(ready, b"1")
            sys.stdin.read()
            os._exit(0)
        if "fork" in sys.argv:
            os.read(forked, 1)
        print("held", child, flush=True)
        sys.stdin.readline()
""")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    for name in ("a", "a/b", "ab", "c"):
        (tmp_path / "tree" / name).mkdir(parents=True)
    return tmp_path / "tree"


@contextlib.contextmanager
def held(top: Path, subtrees: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold directories."""
    with subprocess.Popen([sys.executable, "-c", HOLD, top, subtrees, *options], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.child = int(process.stdout.readline().split()[1])  # type: ignore[attr-defined]
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("theirs", "mine", "overlap"), [
    (".", "a", True), ("a", ".", True), ("a", "a", True), ("a", "a/b", True), ("a/b", "a", True), ("a c", "c", True),
    ("a", "ab", False), ("a", "c", False), ("a/b", "ab c", False),
])
def test_runs_exclude_each_other_where_they_overlap(theirs: str, mine: str, overlap: bool, top: Path) -> None:
    lock = RunLock(top, [top / name for name in mine.split()])
    with held(top, theirs) as process:
        if overlap:
            with pytest.raises(LockedError) as raised, lock:
                pass
            assert f"pid {process.pid} on host {os.uname().nodename} since " in str(raised.value)
            assert "is running this tree (repype run)" in str(raised.value)
        else:
            with lock:
                assert {holder.pid for holder in holders(top)} == {os.getpid(), process.pid}
    with lock:
        assert [holder.subtrees for holder in holders(top)] == [tuple(sorted(mine.split()))]


def test_nothing_is_left_behind(top: Path) -> None:
    with RunLock(top, [top]):
        assert (top / ".repype/lock").is_dir()
    assert not (top / ".repype").exists()
    (top / ".repype").mkdir()
    (top / ".repype/digest.json").touch()
    with RunLock(top, [top]):
        pass
    assert [path.name for path in (top / ".repype").iterdir()] == ["digest.json"]


def test_a_lock_is_given_back_when_the_run_fails(top: Path) -> None:
    with pytest.raises(KeyError), RunLock(top, [top]):
        raise KeyError
    with RunLock(top, [top]):
        pass


def test_locks_of_one_process_exclude_each_other(top: Path) -> None:
    with RunLock(top, [top / "a"]), RunLock(top, [top / "c"]), pytest.raises(LockedError), RunLock(top, [top]):
        pass


def test_a_killed_holder_blocks_nobody(top: Path) -> None:
    with held(top, ".") as process:
        process.kill()
        process.wait()
        assert len(list((top / ".repype/lock").glob("*.json"))) == 1
        assert holders(top) == []
        with RunLock(top, [top]):
            assert len(list((top / ".repype/lock").glob("*.json"))) == 1


def test_a_forked_child_does_not_keep_the_lock_of_its_dead_parent(top: Path) -> None:
    with held(top, ".", "fork") as process:
        child: int = process.child  # type: ignore[attr-defined]
        process.kill()
        process.wait()
        os.kill(child, 0)
        with RunLock(top, [top]):
            pass
        os.kill(child, signal.SIGKILL)


def test_a_forked_child_does_not_give_back_the_lock_of_its_parent(top: Path) -> None:
    lock = RunLock(top, [top])
    with lock:
        child = os.fork()
        if child == 0:
            lock.__exit__()
            os._exit(0)
        os.waitpid(child, 0)
        assert len(holders(top)) == 1
        with pytest.raises(LockedError), RunLock(top, [top]):
            pass


def test_a_started_program_does_not_inherit_the_lock(top: Path) -> None:
    lock = RunLock(top, [top])
    lock.__enter__()
    with subprocess.Popen(["sleep", "60"], close_fds=False) as process:
        lock.__exit__()
        try:
            with RunLock(top, [top]):
                pass
        finally:
            process.kill()


def test_waiting_ends_when_the_holder_does(top: Path) -> None:
    waited: list[Holder] = []

    def on_wait(holder: Holder) -> None:
        waited.append(holder)
        os.kill(holder.pid, signal.SIGKILL)

    with held(top, "a") as process:
        with RunLock(top, [top], wait=True, on_wait=on_wait):
            pass
        assert [holder.pid for holder in waited] == [process.pid]


@pytest.mark.parametrize("has_locks", [True, False], ids=["locks", "no locks"])
def test_of_many_at_once_exactly_one_runs(has_locks: bool, top: Path, tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import errno, fcntl, os, sys
        from pathlib import Path
        from repype_like.store import LockedError, RunLock

        def refuse(*_):
            raise OSError(errno.ENOLCK, "no locks")

        top = Path(sys.argv[1])
        if len(sys.argv) > 2:
            fcntl.flock = refuse
        sys.stdin.read()
        won = 0
        for _ in range(30):
            try:
                with RunLock(top, [top]):
                    os.close(os.open(top / "running", os.O_CREAT | os.O_EXCL))
                    won += 1
                    os.unlink(top / "running")
            except LockedError:
                pass
        print(won)
    """)
    command = [sys.executable, "-c", script, str(top), *([] if has_locks else ["without"])]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True) for _ in range(5)]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
        child.stdin = None
    answers = [child.communicate(timeout=60) for child in children]
    assert [err for _, err in answers] == [""] * 5
    assert sum(int(out) for out, _ in answers) > 0
    assert not (top / ".repype").exists()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_existence_counts_and_that_is_said(code: int, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with RunLock(top, [top / "a"]) as lock:
        assert "has no locks" in lock.problem
        with pytest.raises(LockedError), RunLock(top, [top]):
            pass
        with RunLock(top, [top / "c"]):
            assert len(holders(top)) == 2
    assert not (top / ".repype").exists()
    with held(top, ".") as process:
        process.kill()
        process.wait()
        with RunLock(top, [top]):
            pass
    assert not (top / ".repype").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells that a process has ended but is still listed")
@pytest.mark.parametrize("has_locks", [True, False])
def test_a_holder_that_has_ended_and_whose_parent_has_not_asked_how_is_dead(
        has_locks: bool, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(top, ".") as process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if not has_locks:
            monkeypatch.setattr(fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "no locks")))
        assert holders(top) == []
        with RunLock(top, [top]):
            pass


def test_an_unwritable_tree_is_said_before_anything_runs(top: Path) -> None:
    (top / ".repype").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot lock .*lock"), RunLock(top, [top]):
        pass
    with public_directory() as theirs:
        theirs.chmod(0o555)
        with unprivileged(), pytest.raises(NotWritableError, match="must be writable"), RunLock(theirs, [theirs]):
            pass


def test_what_is_shown_of_a_holder() -> None:
    since = time.mktime((2024, 1, 1, 12, 3, 0, 0, 1, -1))
    assert str(Holder(123, "h", since, "", (".",))) == "pid 123 on host h since 12:03 is running this tree"
