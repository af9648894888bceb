"""Runs programs, and says what they have cost."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "cost_of", "describe_machine", "is_installed", "print_table"]


@dataclass(frozen=True)
class Cost:
    """What a program has cost, with all processes that it started and waited for."""

    cpu: float
    """CPU time in seconds, that of the kernel included."""
    wall: float
    """Seconds by the clock."""
    memory: int
    """The largest resident set of any of its processes, in bytes."""


def cost_of(command: Sequence[str], directory: Path | Callable[[], Path], rounds: int = 3,
            before: Callable[[], object] = lambda: None) -> Cost:
    """Run a program several times, and return what the cheapest run has cost.

    Arguments:
        command: The arguments of the Python interpreter that this runs in.
        directory: Where it is started, or what makes a new directory for each run.
        rounds: How many times.
        before: Called before each run.

    Raises:
        SystemExit: If the program fails, with what it has said.
    """
    costs = []
    for _ in range(rounds):
        before()
        place = directory if isinstance(directory, Path) else directory()
        started = time.perf_counter()
        # Bytecode is kept, as it is for users: without, most of what is measured is the compilation of modules.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        with subprocess.Popen([sys.executable, *command], cwd=place, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=environment) as process:
            said = process.stderr.read() if process.stderr is not None else b""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} in {place}: exit code {process.returncode}\n{said.decode()}")
        unit = 1 if sys.platform == "darwin" else 1024
        costs.append(Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss * unit))
    return min(costs, key=lambda cost: cost.cpu)


def is_installed(module: str) -> bool:
    """Tell whether a peer is there; if not, say that it is left out."""
    found = importlib.util.find_spec(module) is not None
    if not found:
        print(f"({module} is not installed, so it is left out; pip install 'repype_like[benchmarks]')")
    return found


def describe_machine() -> str:
    """Return on what this runs: processor, cores, load, Python."""
    names = [line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{names[0] if names else sys.platform}, {os.cpu_count()} cores{load}, Python {sys.version.split()[0]}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def print_table(title: str, rows: Sequence[tuple[str, Cost]], count: int, what: str) -> None:
    """Print what was measured, the first row as the reference for the others.

    Arguments:
        title: What was done.
        rows: Who has done it, and at what cost.
        count: How many times the work was done.
        what: What was counted, such as ``"task"``.
    """
    print(f"\n{title}\n")
    print(f"| {'':34} | {'CPU s':>7} | {'wall s':>7} | {'CPU ms per ' + what:>18} | {'ratio of CPU':>12} |")
    print(f"|{'-' * 36}|{'-' * 8}:|{'-' * 8}:|{'-' * 19}:|{'-' * 13}:|")
    for name, cost in rows:
        print(f"| {name:34} | {cost.cpu:7.2f} | {cost.wall:7.2f} | {cost.cpu * 1e3 / count:18.3f} "
              f"| {cost.cpu / rows[0][1].cpu:12.2f} |")
