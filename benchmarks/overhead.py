"""What one trivial stage on one input costs beyond itself: CPU time of the coordinator, and its memory.

    python benchmarks/overhead.py [--inputs 5000] [--many 100000] [--rounds 3]

The marginal cost is measured: that of many inputs less that of few, so that the start of the interpreter is left out.
The memory is that which the coordinator takes on while it plans and while it runs, by the greatest number of inputs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from measuring import Cost, cost_of, describe_machine, is_installed, print_table
from projects import write_doit, write_joblib, write_jug, write_pipefunc, write_tree

_FEW = 100

_PROBE = """
import json, resource, sys, time
from pathlib import Path
from repype_like.batch import Batch

def resident():
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0

batch = Batch()
batch.load(".")
places = batch.workplaces(batch.prepare())
memory, started = resident(), time.process_time()
plan = batch.plan(places)
planned = time.process_time()
summary = batch.execute(plan, places, jobs=int(sys.argv[1]))
ended = time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
Path("found.json").write_text(json.dumps({
    "computed": summary.computed, "plan": planned - started, "run": ended - planned,
    "held": resident() - memory, "peak": peak - memory}))
"""


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=5000)
    parser.add_argument("--many", type=int, default=100_000, help="inputs for the memory; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        print("\nCPU time of the coordinator for one trivial stage on one input, in us\n")
        print(f"| {'':10} | {'plan':>7} | {'run':>7} | {'in all':>7} | {'asked':>7} |")
        print(f"|{'-' * 12}|{'-' * 8}:|{'-' * 8}:|{'-' * 8}:|{'-' * 8}:|")
        for name, jobs, asked in (("serial", 0, 100), ("two workers", 2, 150)):
            few, many = ([probe(Path(folder), inputs, jobs) for _ in range(args.rounds)]
                         for inputs in (_FEW, args.inputs))
            plan, run = ((min(found[part] for found in many) - min(found[part] for found in few))
                         / (args.inputs - _FEW) * 1e6 for part in ("plan", "run"))
            print(f"| {name:10} | {plan:7.0f} | {run:7.0f} | {plan + run:7.0f} | {asked:7} |")
        peers(Path(folder), args.inputs, args.rounds)
        if args.many:
            found = probe(Path(folder), args.many, 2)
            print(f"\nMemory of the coordinator for each of {args.many:,} inputs, with two workers: "
                  f"{found['held'] / args.many:.0f} bytes after the run, {found['peak'] / args.many:.0f} at the most "
                  "(asked: 2,000)")


def probe(folder: Path, inputs: int, jobs: int) -> dict[str, float]:
    """Run one task with so many inputs from nothing, and return what was found."""
    with tempfile.TemporaryDirectory(dir=folder) as project:
        write_tree(Path(project), 1, 1, inputs)
        cost_of(["-c", _PROBE, str(jobs)], Path(project), 1)
        found: dict[str, float] = json.loads((Path(project) / "found.json").read_text())
        if found["computed"] != inputs:
            raise SystemExit(f"{found['computed']} of {inputs} were computed")
        return found


def peers(folder: Path, inputs: int, rounds: int) -> None:
    """Compare whole programs, each by what it costs beyond its cost for few inputs."""
    rows: list[tuple[str, Cost]] = []
    for name, module, write, command in (
        ("repype run --serial", "repype_like", write_tree, ["-m", "repype_like", "run", "--serial", "."]),
        ("doit", "doit", write_doit, ["-m", "doit", "run"]),
        ("jug", "jug", write_jug, ["-m", "jug.jug", "execute"]),
        ("joblib.Memory", "joblib", write_joblib, ["program.py"]),
        ("pipefunc", "pipefunc", write_pipefunc, ["program.py"]),
    ):
        if is_installed(module):
            costs = []
            for count in (_FEW, inputs):
                def project(write: Callable[..., None] = write, count: int = count) -> Path:
                    made = Path(tempfile.mkdtemp(dir=folder))
                    write(made, 1, 1, count)
                    return made

                costs.append(cost_of(command, project, rounds))
            few, many = costs
            rows.append((name, Cost(many.cpu - few.cpu, many.wall - few.wall, many.memory)))
    print_table(f"Whole programs: {inputs:,} inputs less {_FEW} inputs", rows, inputs - _FEW, "input")


if __name__ == "__main__":
    main()
