"""How much sooner two workers are done than one: with processes of this machine, and on clusters of Dask.

    python benchmarks/workers.py [--inputs 60 8] [--seconds 0.2] [--rounds 3] [--wait]

Each input takes a fixed amount of work, measured out to take that many seconds of a core. The reference is the same
work in one plain process and in two, which do nothing else: what two workers can reach on this machine at that time.
All are run in turn, and of each the fastest run counts. "Stages" is the time from the first start of a stage to the
last end, so without the start of the program and of its workers, and their end. The cluster at an address is there
before and stays there, so that in all but the first run its workers have imported what they need.

With `--wait`, the stages wait instead of working. Where the cores are not one's own, this still tells what is lost
between stages and around them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import describe_machine, is_installed

WORK = """\
def work(trace, loops, seconds):
    import time
    began, total = time.time(), 0
    time.sleep(seconds)
    for number in range(loops):
        total += number & 7
    with open(trace, "a") as file:
        file.write(f"{began} {time.time()}\\n")
    return total
"""

STAGE = """
from repype_like.stage import Stage


class Work(Stage):
    inputs = ["input_id"]
    outputs = ["total"]

    def process(self, pipeline, config, input_id, status=None):
        return {"total": work(config["trace"], config["loops"], config["seconds"])}
"""

_START_SECONDS = 60


@dataclass(frozen=True)
class _Load:
    """What a stage does."""

    loops: int
    """How many rounds of a loop it takes."""
    seconds: float
    """How long it waits."""


@dataclass(frozen=True)
class Times:
    """How long a run took, in seconds by the clock."""

    whole: float
    stages: float
    """From the first start of a stage to the last end."""


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, nargs="*", default=[60, 8])
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wait", action="store_true", help="have the stages wait instead of working")
    args = parser.parse_args()
    print(describe_machine())
    load = _Load(0, args.seconds) if args.wait else _Load(_loops(args.seconds), 0.0)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways: dict[str, Sequence[Sequence[str] | None]] = {
            "plain processes": [None, None], "repype run -j": [["-j1"], ["-j2"]]}
        if is_installed("distributed"):
            clusters = [stack.enter_context(_cluster(folder / f"cluster-{count}", count)) for count in (1, 2)]
            ways["--dask tcp://..."] = [["--dask", address] for address in clusters]
            ways["--dask local -j"] = [["--dask", "local", "-j1"], ["--dask", "local", "-j2"]]
        for inputs in args.inputs:
            found: dict[tuple[str, int], list[Times]] = {(name, index): [] for name in ways for index in (0, 1)}
            for _ in range(args.rounds):
                for (name, index), times in found.items():
                    times.append(_run(folder, load, inputs, index + 1, ways[name][index]))
            what = "wait" if args.wait else "work"
            print(f"\n{inputs} inputs that {what} for {args.seconds} s; seconds with one worker and with two, and the "
                  "ratio\n")
            print(f"| {'':18} | {'whole run':>21} | {'stages':>21} |")
            print(f"|{'-' * 20}|{'-' * 22}:|{'-' * 22}:|")
            for name in ways:
                one, two = found[name, 0], found[name, 1]
                print(f"| {name:18} | {_compared([item.whole for item in one], [item.whole for item in two])} "
                      f"| {_compared([item.stages for item in one], [item.stages for item in two])} |")


def _compared(one: Sequence[float], two: Sequence[float]) -> str:
    return f"{min(one):6.2f} {min(two):6.2f} {min(one) / min(two):7.2f}"


def _loops(seconds: float) -> int:
    """Return how many rounds of the loop take so long."""
    count, least = 1_000_000, float("inf")
    scope: dict[str, object] = {}
    exec(WORK, scope)
    for _ in range(7):
        began = time.process_time()
        scope["work"](os.devnull, count, 0)  # type: ignore[operator]
        least = min(least, time.process_time() - began)
    return int(seconds / least * count)


def _run(folder: Path, load: _Load, inputs: int, workers: int, flags: Sequence[str] | None) -> Times:
    """Run the work from nothing, by the program with these flags; or in plain processes, if there are none."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        project = Path(name)
        trace = project / "trace"
        if flags is None:
            program = f"{WORK}\nfor _ in range({inputs // workers}): work({str(trace)!r}, {load.loops}, {load.seconds})"
            return _timed([["-c", program]] * workers, project, trace, inputs)
        (project / "work.py").write_text(WORK + STAGE)
        (project / "task.yml").write_text(
            f"runnable: true\npipeline: [work.Work]\ninput_ids: 1-{inputs}\n"
            f"config: {{work: {{loops: {load.loops}, seconds: {load.seconds}, trace: {json.dumps(str(trace))}}}}}\n")
        return _timed([["-m", "repype_like", "run", ".", *flags]], project, trace, inputs)


def _timed(commands: Sequence[Sequence[str]], directory: Path, trace: Path, inputs: int) -> Times:
    """Run programs side by side, and return how long all of it has taken."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    with open(directory / "said", "wb") as said:
        children = [subprocess.Popen([sys.executable, *command], cwd=directory, stdout=said, stderr=said,
                                     env=environment) for command in commands]
        codes = [child.wait() for child in children]
    whole = time.perf_counter() - began
    spans = [tuple(map(float, line.split())) for line in trace.read_text().splitlines()]
    if any(codes) or len(spans) != inputs:
        raise SystemExit(f"{commands}: exit codes {codes}, {len(spans)} of {inputs} were computed\n"
                         f"{(directory / 'said').read_text()}")
    return Times(whole, max(end for _, end in spans) - min(start for start, _ in spans))


@contextlib.contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[str]:
    """Give the address of a scheduler that has so many workers of one thread each."""
    folder.mkdir()
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    with open(folder / "log", "wb") as log, contextlib.ExitStack() as stack:
        for arguments in (
            ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)],
            ["worker", "--scheduler-file", str(file), "--host", "127.0.0.1", "--nworkers", str(workers), "--nthreads",
             "1", "--no-dashboard", "--local-directory", str(folder)],
        ):
            process = subprocess.Popen([*dask, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, start_new_session=True)
            stack.callback(process.wait)
            stack.callback(_end, process)
        from distributed import Client

        deadline = time.monotonic() + _START_SECONDS
        while not (file.exists() and file.read_text()):
            if time.monotonic() > deadline:
                raise SystemExit(f"the scheduler does not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)
        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=_START_SECONDS)
            address = client.scheduler.address
        yield str(address)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)


if __name__ == "__main__":
    main()
