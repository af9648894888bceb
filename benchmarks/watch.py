"""From save to first stage: how long ``repype watch`` takes, beside what importing the user's modules takes.

    python benchmarks/watch.py [--saves N]

A project whose stages import numpy is watched. A task.yml and a module are saved in turn; the time of the save and the
time at which the first stage said that it runs are compared, by the same clock. The import of the project's modules is
measured in interpreters of its own, beside one that imports nothing. The first 0.2 s of each time are the debounce.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STAGES = """\
import numpy as np

from repype_like.stage import Stage

OFFSET = 0


class Blur(Stage):
    inputs = ["input_id"]
    outputs = ["data"]

    def process(self, pipeline, config, input_id, status=None):
        return {"data": np.full(1000, input_id) + OFFSET}


class Measure(Stage):
    inputs = ["data", "input_id"]
    outputs = ["mean"]

    def process(self, pipeline, config, data, input_id, status=None):
        return {"mean": float(data.mean()) + config["plus"]}
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=10, help="how often each file is saved")
    saves = parser.parse_args().saves
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _make(root)
        imports = _import_seconds(root)
        watch = subprocess.Popen([sys.executable, "-m", "repype_like", "watch", "tasks", "--json"], cwd=root, text=True,
                                 stdout=subprocess.PIPE)
        try:
            _until(watch, "CycleEnded")
            times = {"task.yml": [_save_spec(watch, root, number) for number in range(saves)],
                     "module": [_save_module(watch, root, number) for number in range(saves)]}
        finally:
            watch.terminate()
            watch.wait()
    print(f"importing the project's modules: {imports:.3f} s")
    for name, seconds in times.items():
        beyond = [one - (imports if name == "module" else 0.0) for one in seconds]
        print(f"{name:8}  from save to first stage: median {statistics.median(seconds):.3f} s, worst {max(seconds):.3f}"
              f" s; beyond the import: median {statistics.median(beyond):.3f} s, worst {max(beyond):.3f} s")


def _make(root: Path) -> None:
    (root / "stages.py").write_text(STAGES)
    (root / "tasks").mkdir()
    (root / "tasks/task.yml").write_text("runnable: true\npipeline: [stages.Blur, stages.Measure]\ninput_ids: 1-3\n"
                                         "config: {measure: {plus: 1000}}\n")


def _import_seconds(root: Path) -> float:
    """Return how much longer an interpreter takes that imports the modules; the median of several."""
    def seconds(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
        return time.perf_counter() - started

    ours = "import repype_like.stage"
    return statistics.median(seconds(f"{ours}; import stages") - seconds(ours) for _ in range(5))


def _save_spec(watch: subprocess.Popen[str], root: Path, number: int) -> float:
    path = root / "tasks/task.yml"
    return _saved(watch, path, path.read_text().replace(f"plus: {1000 + number}", f"plus: {1001 + number}"))


def _save_module(watch: subprocess.Popen[str], root: Path, number: int) -> float:
    path = root / "stages.py"
    return _saved(watch, path, path.read_text().replace(f"OFFSET = {number}\n", f"OFFSET = {number + 1}\n"))


def _saved(watch: subprocess.Popen[str], path: Path, text: str) -> float:
    aside = path.with_name(f"{path.name}~")
    aside.write_text(text)
    aside.replace(path)
    saved = time.time()
    started: float = _until(watch, "StageStarted")["time"]
    _until(watch, "CycleEnded")
    time.sleep(3.0)  # people do not save at once; the next interpreter is started meanwhile
    return started - saved


def _until(watch: subprocess.Popen[str], wanted: str) -> dict[str, Any]:
    assert watch.stdout is not None
    for line in watch.stdout:
        item: dict[str, Any] = json.loads(line)
        if item["event"] == wanted:
            return item
    raise SystemExit("the watcher has ended")


if __name__ == "__main__":
    main()
