"""What is done to a project with the program and to what it has stored, and what has to hold then."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from oracle_runs import Answer, Fault, Look, look, run_program
from oracle_world import INPUTS, Edit, World

__all__ = ["KINDS", "RUNS", "Played", "play"]

_NOT_OURS = shutil.ignore_patterns(".repype", "times.csv", "out", "out2", "cfg", "__pycache__")
_READERS = {"load": ("blur", "edge", "wide"), "blur": ("merge", "merge-b"), "edge": ("merge", "merge-b", "extra"),
            "merge": ("write", "extra"), "merge-b": ("write", "extra"), "write": ("reread",)}
_FORCED = frozenset(("--force", "--from", "--no-pickup"))


class Played(World):
    """A project that the program is run on."""

    # --- damage ------------------------------------------------------------------------------------------------------

    def _made(self, *patterns: str) -> list[Path]:
        return sorted({file for pattern in patterns for file in self.root.rglob(pattern) if file.is_file()})

    def do_output(self, a: int, b: int, c: int) -> None:
        files = self._made("out/*.txt", "out2/*.txt", "out/deep/*.txt")
        if files:
            file = files[a % len(files)]
            if b % 2:
                file.write_text(file.read_text() + "edited")
            else:
                file.unlink()
            self.forget("write", "reread")

    def do_flip(self, a: int, b: int, c: int) -> None:
        """Change one byte of what is stored."""
        files = self._made(".repype/digest.json", ".repype/records", ".repype/blobs/*")
        if files:
            file = files[a % len(files)]
            data = bytearray(file.read_bytes())
            if data:
                data[b * 7919 % len(data)] ^= 1 << (c % 8)
                self._overwrite(file, bytes(data))

    def do_cut(self, a: int, b: int, c: int) -> None:
        """Cut off the end of what is stored."""
        files = self._made(".repype/digest.json", ".repype/records", ".repype/blobs/*")
        if files:
            file = files[a % len(files)]
            data = file.read_bytes()
            self._overwrite(file, data[: b * 7919 % (len(data) + 1)])

    def _overwrite(self, file: Path, data: bytes) -> None:
        file.chmod(0o644)
        file.write_bytes(data)
        self.is_littered = True
        self.forget()

    def do_remove(self, a: int, b: int, c: int) -> None:
        """Delete what is stored, or part of it."""
        patterns = (".repype/digest.json", ".repype/records", ".repype/blobs/*")
        if c % 4 == 3:
            folders = sorted({file.parent for file in self._made(".repype/*")})
            if folders:
                shutil.rmtree(folders[a % len(folders)])
        else:
            files = self._made(patterns[c % 4])
            if files:
                files[a % len(files)].unlink()
        self.is_littered = True
        self.forget()

    # --- runs --------------------------------------------------------------------------------------------------------

    def do_run(self, a: int, b: int, c: int) -> None:
        self.run()

    def do_run_partly(self, a: int, b: int, c: int) -> None:
        path = self.task(b)
        if a % 5 == 0:
            self.run("--from", ("load", "blur", "edge", "write")[b % 4])
        elif a % 5 == 1:
            self.run("--until", ("load", "blur", "edge", "write")[b % 4])
        elif a % 5 == 2:
            self.run("--input", str(INPUTS[b % len(INPUTS)]), codes=(0, 2))
        elif a % 5 == 3:
            self.run("--no-pickup")
        else:
            self.run(at=path or ".", codes=(0, 2))

    def do_run_forced(self, a: int, b: int, c: int) -> None:
        self.run("--force", jobs=a % 4 == 0)

    def do_run_parallel(self, a: int, b: int, c: int) -> None:
        self.run(jobs=True)

    def do_run_failing(self, a: int, b: int, c: int) -> None:
        stage = ("load", "blur", "edge", "merge", "write", "extra")[b % 6]
        how = ("fail", "fail", "die")[c % 3]
        self.run(control={"how": how, "at": [stage, INPUTS[a % len(INPUTS)]]}, jobs=c % 3 == 2, codes=(0, 1))

    def do_run_killed(self, a: int, b: int, c: int) -> None:
        how = ("stage", "kill", "kill", "tear", "time")[a % 5]
        if how == "stage":
            stage = ("load", "blur", "edge", "merge", "write", "extra")[b % 6]
            self.run(control={"how": "kill", "at": [stage, INPUTS[c % len(INPUTS)]]}, codes=(0, -9), jobs=c % 3 == 0)
        elif how == "time":
            self.run(killed_after=0.01 + (b * 17 + c) % 200 / 1000, codes=(0, -9), jobs=c % 2 == 0)
        else:
            self.run(fault=Fault(how, 1 + (b * 13 + c) % 120), codes=(0, -9), jobs=c % 3 == 0)

    def do_run_edited(self, a: int, b: int, c: int) -> None:
        """Have something edited while it runs."""
        stage, input_id = ("load", "blur", "edge", "merge", "write", "extra")[b % 6], INPUTS[a % 2]
        path, text = (
            (f"data/{INPUTS[c % 2]}.txt", " and more"), ("parameters.txt", "!"), ("many/one.txt", "!"),
            ("stages.py", "\n\nFACTOR = 7\n"), ("helpers.py", "\nBOUNDS.append(3)\n"))[c % 5]
        self.run(control={"how": "edit", "at": [stage, input_id], "path": str(self.root / path), "text": text},
                 jobs=a % 3 == 0)
        self.forget()  # records of what has changed meanwhile are left out

    def do_reset(self, a: int, b: int, c: int) -> None:
        """Delete the results of some tasks."""
        answer = run_program(self.root, self.home, ("reset", "-y", self.task(a) or "."))
        assert answer.code in (0, 2), self.told(answer)
        self.forget()

    def do_run_full(self, a: int, b: int, c: int) -> None:
        self.run(fault=Fault("full", 1 + (b * 13 + c) % 60), codes=(0, 1), jobs=c % 3 == 0)

    def run(self, *args: str, at: str = ".", jobs: bool = False, codes: Iterable[int] = (0,),
            fault: Fault | None = None, control: Any = None, killed_after: float | None = None) -> Answer:
        """Run the program, and check that nothing was executed that needed not be."""
        logs = self._identities()
        is_plain = not args and fault is None and control is None and killed_after is None and at == "."
        planned = look(self.root, self.home, load=False) if is_plain else None
        before = len(self._trace())
        answer = run_program(self.root, self.home, ("run", at, *(("-j", "2") if jobs else ("--serial",)), *args),
                             fault, control, killed_after)
        executed = [item for item in self._trace()[before:] if item[0] != "gather"]  # it may see files too early
        self.log.append(f"    {' '.join(answer.args)}: {answer.code}, {len(executed)} executed")
        if not any(spec.runnable for spec in self.tasks.values()):
            codes = (*codes, 2)
        assert answer.code in codes, self.told(answer)
        if planned is not None and answer.code == 0:
            expected = {node for node in planned.nodes if node[0] != "gather"}  # more often, if tasks see other files
            assert {item[:2] for item in executed} == expected, (
                f"planned otherwise: {sorted(map(repr, planned.nodes))}\n{self.told(answer)}")
        if answer.code == 0 and _FORCED.isdisjoint(args):
            self._check_economy(executed, answer)
        if answer.code not in (0, 1) or fault is not None:
            self.is_littered = True
            self.forget()
        elif self._rewritten(logs):
            self.forget()
        else:
            self.known.update(executed)
        return answer

    def _check_economy(self, executed: list[tuple[Any, ...]], answer: Answer) -> None:
        twice = [item for item, count in Counter(executed).items() if count > 1]
        assert not twice, f"executed twice in one run: {_short(twice)}\n{self.told(answer)}"
        lossy = {"edge", *(stage for spec in self.tasks.values() for stage in spec.marginal or ())}
        running = {item[:2] for item in executed if item not in self.known}
        again = [item for item in executed if item in self.known and not (
            item[0] in lossy and _is_needed(item[0], item[1], running, lossy))]
        assert not again, f"executed although it is stored: {_short(again)}\n{self.told(answer)}"

    def _trace(self) -> list[tuple[Any, ...]]:
        file = self.home / "trace"
        found = []
        for line in file.read_text().splitlines() if file.exists() else ():
            with contextlib.suppress(ValueError):  # blank, or torn
                found.append(tuple(json.loads(line)))
        return found

    def _identities(self) -> dict[str, int]:
        return {str(path): path.stat().st_ino for path in self._made(".repype/records")}

    def _rewritten(self, before: dict[str, int]) -> bool:
        """Tell whether superseded records were left out of a log."""
        after = self._identities()
        return any(after.get(path) != inode for path, inode in before.items())

    # --- what has to hold --------------------------------------------------------------------------------------------

    def told(self, what: object = "") -> str:
        """Return what was done to the project, for the message of a failed test."""
        return "\n".join([*self.log, str(what), f"in {self.root}"])

    def check(self) -> None:
        """Compare the project, brought up to date, with a fresh run of the same."""
        look(self.root, self.home)  # loading a damaged value puts it aside, so that the next run computes it anew
        answer = self.run()
        mine = look(self.root, self.home)
        before = len(self._trace())
        again = self.run()
        executed = self._trace()[before:]
        fresh = self._fresh()
        pending = {task: why for task, why in mine.pending.items() if why[0]}
        assert not pending, f"pending after a run: {pending}\n{self.told(answer)}"
        assert not mine.nodes, self.told(answer)
        assert not executed, f"executed by a second run: {_short(executed)}\n{self.told(again)}"
        assert mine.results.keys() == fresh.results.keys(), self.told(f"{mine.problems}\n{fresh.problems}")
        for name, expected in fresh.results.items():
            assert self._compared(mine.results[name]) == self._compared(expected), (
                f"stale: {name}: {_difference(mine.results[name], expected)}\n{self.told(answer)}")
        for path, text in fresh.files.items():
            assert self._compared(mine.files[path]) == self._compared(text), (
                f"file {path}:\n{mine.files[path]}\n{text}\n{self.told(answer)}")

    def _compared(self, value: Any) -> str:
        """Return `value` in a form to be compared; a stage may find a file of which no record could be written."""
        text = _canonical(value)
        return text.replace("on litter", "on carpet") if self.is_littered else text

    def _fresh(self) -> Look:
        root = self.directory / "fresh"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.root, root, ignore=_NOT_OURS)
        home = self.directory / "fresh-home"
        home.mkdir(exist_ok=True)
        answer = run_program(root, home, ("run", ".", "--serial"))
        found = look(root, home)
        assert answer.code in (0, 2), self.told(f"the fresh run: {answer}")
        left = {task: why for task, why in found.pending.items() if why[0]}
        assert not left, self.told(f"the fresh run is pending: {left}")
        return found


def _is_needed(stage: str, input_id: Any, running: set[tuple[Any, ...]], lossy: set[str]) -> bool:
    """Tell whether a stage that runs for the first time reads, directly or through others that lost theirs, a value."""
    return any((reader, input_id) in running or (
        reader in lossy and _is_needed(reader, input_id, running, lossy)) for reader in _READERS.get(stage, ()))


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        items = sorted((repr(key), _canonical(item)) for key, item in value.items())
        return repr(items)
    return repr(value)


def _difference(mine: Any, fresh: Any) -> str:
    if isinstance(mine, dict) and isinstance(fresh, dict):
        return "; ".join(f"{key!r}: {_difference(mine.get(key, '(missing)'), fresh.get(key, '(missing)'))}"
                         for key in {**mine, **fresh} if _canonical(mine.get(key)) != _canonical(fresh.get(key)))
    return f"{repr(mine)[:300]} instead of {repr(fresh)[:300]}"


def _short(items: Iterable[Any]) -> str:
    return ", ".join(repr(item)[:160] for item in list(items)[:4])


KINDS: tuple[str, ...] = tuple(name[3:] for name in (*vars(World), *vars(Played)) if name.startswith("do_"))
"""The kinds of edits."""

RUNS: tuple[str, ...] = tuple(kind for kind in KINDS if kind == "run" or kind.startswith("run_"))
"""Those that run the program."""


def play(directory: Path, edits: Iterable[Edit]) -> Played:
    """Make a project, edit it, and check it."""
    world = Played(directory)
    for edit in edits:
        world.edit(edit)
    world.check()
    return world
