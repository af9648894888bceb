"""Many small tasks: bringing them up to date from nothing, and finding out that there is nothing to do.

    python benchmarks/many_tasks.py [--tasks 1000] [--large 10000] [--rounds 3]

What is measured is the whole program, from the start of the interpreter to its end. The peers do the same work: see
``projects.py``. Those that are not installed are left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measuring import Cost, cost_of, describe_machine, is_installed, print_table
from projects import write_doit, write_joblib, write_jug, write_pipefunc, write_tree

_Write = Callable[[Path, int, int, int], None]

_PEERS: list[tuple[str, str, _Write, list[str], bool]] = [
    ("doit", "doit", write_doit, ["-m", "doit", "run"], True),
    ("jug", "jug", write_jug, ["-m", "jug.jug", "execute"], True),
    ("joblib.Memory", "joblib", write_joblib, ["program.py"], True),
    ("pipefunc", "pipefunc", write_pipefunc, ["program.py"], False),
]
"""Name, module, how its project is written, how it is run, and whether it knows what it has done before."""

_OURS = ["-m", "repype_like"]

_FILES = """
import os, sys
for task in range(int(sys.argv[1])):
    folder = f"t{task}/.repype"
    os.mkdir(folder)
    for name in ("records", "digest.json.new", "times.csv.new"):
        descriptor = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.write(descriptor, bytes(400))
        os.close(descriptor)
    os.rename(f"{folder}/digest.json.new", f"{folder}/digest.json")
    os.rename(f"{folder}/times.csv.new", f"t{task}/times.csv")
"""
"""Makes what we make for a task, and does nothing else."""

_PATIENCE = 30.0
"""Seconds after which an answer should have been kept."""


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10_000, help="tasks of the large tree; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(describe_machine())
    peers = [peer for peer in _PEERS if is_installed(peer[1])]
    with tempfile.TemporaryDirectory() as folder:
        start(Path(folder), args.rounds)
        from_nothing(Path(folder) / "a", args.tasks, 1, args.rounds, peers)
        from_nothing(Path(folder) / "b", 1, args.tasks, args.rounds, peers)
        nothing_to_do(Path(folder) / "c", args.tasks, args.rounds, peers)
        if args.large:
            nothing_to_do(Path(folder) / "d", args.large, 1, peers)


def start(folder: Path, rounds: int) -> None:
    """Measure what it takes to say how a program is used."""
    rows = [("python -c pass", cost_of(["-c", "pass"], folder, rounds)),
            ("repype --help", cost_of([*_OURS, "--help"], folder, rounds))]
    print_table("Start", rows, 1, "start")


def from_nothing(folder: Path, tasks: int, inputs: int, rounds: int, peers: list[tuple[str, str, _Write, list[str],
                                                                                     bool]]) -> None:
    """Measure one trivial stage for each task and input, when nothing is stored."""
    def project(name: str, write: _Write) -> Callable[[], Path]:
        """Return what makes a new project; ext4 takes ten times as long for a file after many were deleted."""
        def make() -> Path:
            (folder / name).mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=folder / name))
            write(made, tasks, 1, inputs)
            return made
        return make

    rows: list[tuple[str, Cost]] = []
    for name, flags in (("repype run --serial", ["--serial"]), ("repype run -j 2", ["-j", "2"])):
        rows.append((name, cost_of([*_OURS, "run", *flags, "."], project("ours", write_tree), rounds)))
    for name, _, write, command, _ in peers:
        rows.append((name, cost_of(command, project(name, write), rounds)))
    if inputs == 1:
        rows.append(("the same files, and nothing else",
                     cost_of(["-c", _FILES, str(tasks)], project("files", write_tree), rounds)))
    print_table(f"From nothing: {tasks:,} tasks of one trivial stage, {inputs:,} inputs each", rows, tasks * inputs,
                "input")


def nothing_to_do(folder: Path, tasks: int, rounds: int, peers: list[tuple[str, str, _Write, list[str],
                                                                      bool]]) -> None:
    """Measure three stages for each task, when everything is stored."""
    write_tree(folder / "ours", tasks, 3)
    cost_of([*_OURS, "run", "."], folder / "ours", 1)
    answers = folder / "cache"
    os.environ["XDG_CACHE_HOME"] = str(answers)
    rows = [(f"repype {command}, nothing kept", cost_of([*_OURS, command, "."], folder / "ours", rounds,
                                                        lambda: shutil.rmtree(answers, ignore_errors=True)))
            for command in ("status", "run")]
    until = time.monotonic() + _PATIENCE
    while not answers.exists() and time.monotonic() < until:  # what was written just now is not relied upon
        cost_of([*_OURS, "status", "."], folder / "ours", 1)
    rows += [(f"repype {command}", cost_of([*_OURS, command, "."], folder / "ours", rounds))
             for command in ("status", "run")]
    for name, _, write, command, remembers in peers:
        if remembers:
            (folder / name).mkdir(parents=True)
            write(folder / name, tasks, 3, 1)
            cost_of(command, folder / name, 1)
            rows.append((name, cost_of(command, folder / name, rounds)))
    print_table(f"Nothing to do: {tasks:,} tasks of three stages", rows, tasks, "task")


if __name__ == "__main__":
    main()
