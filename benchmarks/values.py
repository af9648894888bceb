"""How fast values are stored and loaded, how much they take, and how much memory that needs.

    python benchmarks/values.py [--folder DIRECTORY] [--no-memory]

Times are CPU time: the best of several rounds, and for what is written the median of rounds in which both took turns,
since the same write takes twice as long when memory is in pieces. Every figure stands beside its reference in the same
run, as a ratio; what the design asks for stands in the last column. The hash check of a loaded blob, done once per
process, is counted apart. Peers are called as they are used by default.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dill
import numpy as np
import pandas as pd
from measuring import describe_machine, is_installed

from repype_like.store import Store, blobs

ROUNDS = 25
_random = np.random.default_rng(0)


def best(action: Callable[[], Any], before: Callable[[], Any] = lambda: None, rounds: int = ROUNDS) -> float:
    """Return the least CPU time of `action` in seconds; `before` is run each time, and does not count."""
    times = []
    for _ in range(rounds):
        before()
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times)


def duel(ours: Callable[[], Any], before_ours: Callable[[], Any], reference: Callable[[], Any],
         before_reference: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the median CPU times of two actions that take turns, so that both meet the same state of the machine."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for number, (action, before) in enumerate(((ours, before_ours), (reference, before_reference))):
            before()
            started = time.process_time()
            action()
            times[number].append(time.process_time() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def report(what: str, ours: float, reference: str, limit: float, asked: str = "", unit: float = 1e3,
           word: str = "ms") -> None:
    """Print one line."""
    print(f"{what:44} {ours * unit:9.2f} {word}   {reference:26} {limit * unit:9.2f} {word}   {ours / limit:6.2f}x"
          f"  {asked}")


class _Blob:
    """A value in a store of its own, as a blob."""

    def __init__(self, folder: Path, value: Any):
        self.store, self.value = Store(folder), value
        self.stored = self.store.encode(value)
        self.path = folder / ".repype/blobs" / str(self.stored.blob)

    def encode(self) -> None:
        self.store.encode(self.value)

    def decode(self) -> Any:
        return self.store.decode(self.stored)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def measure_array(folder: Path, megabytes: int) -> None:
    """Compare an array with numpy's own file of it."""
    blob, path = _Blob(folder / f"array{megabytes}", _random.random(megabytes << 17)), folder / "array.npy"
    storing, saving = duel(blob.encode, blob.forget, lambda: np.save(path, blob.value),
                           lambda: path.unlink(missing_ok=True), 4 * ROUNDS if megabytes < 8 else ROUNDS)
    report(f"store an array of {megabytes} MB", storing, "np.save", saving, "at most 1.3x")
    mapping = best(lambda: [np.load(path, mmap_mode="c")[0] for _ in range(50)]) / 50
    blob.decode()
    report("  load it", best(lambda: [blob.decode()[0] for _ in range(50)]) / 50, "np.load(mmap_mode='c')", mapping,
           "at most 1.3x", 1e6, "us")
    report("  its hash check, once per process", best(blob.decode, blobs._verified.clear), "np.load",
           best(lambda: np.load(path)), "counted apart")


def measure_tables(folder: Path) -> None:
    """Compare tables with writing and reading their bytes."""
    count = 100_000
    numbers = pd.DataFrame(_random.random((count, 10)), columns=list("abcdefghij"))
    mixed = pd.DataFrame({
        "x": _random.random(count), "y": _random.random(count), "label": np.arange(count),
        "small": _random.integers(0, 200, count, np.uint8), "kind": pd.Categorical(_random.choice(["a", "b"], count)),
        "when": pd.date_range("2024", periods=count, freq="s"), "name": _random.integers(0, 10**9, count).astype(str)})
    for what, frame in (("numbers", numbers), ("columns of all kinds", mixed)):
        blob, path = _Blob(folder / what.replace(" ", "-"), frame), folder / "raw"
        raw = blob.path.read_bytes()
        storing, writing = duel(blob.encode, blob.forget, lambda raw=raw, path=path: path.write_bytes(raw),
                                lambda path=path: path.unlink(missing_ok=True), 2 * ROUNDS)
        report(f"store 100,000 rows of {what}", storing, "raw write of as many bytes", writing, "at most 2x")
        blob.decode()
        report("  load them", best(blob.decode), "raw read", best(path.read_bytes), "mapped")


def measure_sequence(folder: Path) -> None:
    """Compare a sequence of arrays with a file for each."""
    store, items = Store(folder / "sequence"), [_random.random(1 << 20) for _ in range(16)]

    def save() -> None:
        for number, item in enumerate(items):
            np.save(folder / f"item{number}.npy", item)

    def encode() -> None:
        store.encode((item for item in items), "sequence")

    store_time = best(encode, lambda: shutil.rmtree(store.directory, ignore_errors=True), rounds=3)
    report("store 16 items of 8 MB", store_time, "np.save of each", best(save, rounds=3))
    sequence = store.decode(store.encode((item for item in items), "sequence"))
    report("  load an item", best(lambda: sequence[7][0]), "np.load(mmap_mode='c')",
           best(lambda: np.load(folder / "item7.npy", mmap_mode="c")[0]), "", 1e6, "us")


def measure_sizes(folder: Path) -> None:
    """Say how much masks and label images take."""
    labels = np.zeros((2048, 2048), np.int32)
    for number in range(1, 400):
        row, column = _random.integers(0, 2000, 2)
        labels[row:row + 48, column:column + 48] = number
    values: list[tuple[str, Any]] = [("a label image", labels), ("a mask", labels > 0),
                                     ("one in a dictionary", {"m": labels > 0})]
    for what, array in values:
        stored = Store(folder / "sizes").encode(array)
        raw = array["m"].nbytes if isinstance(array, dict) else array.nbytes
        report(f"disk of {what}", stored.size / 1e6, "raw", raw / 1e6, "a fraction", 1.0, "MB")


# --- peers -----------------------------------------------------------------------------------------------------------


def _ours(folder: Path, value: Any) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    store, stored = Store(folder), Store(folder).encode(value)
    return (lambda: store.encode(value), lambda: store.decode(stored),
            lambda: shutil.rmtree(folder, ignore_errors=True))


def _pickled(folder: Path, value: Any) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    """Do what repype 1.0.4 and the default format of Tango do: dill, through gzip."""
    path = folder / "data.dill.gz"

    def write() -> None:
        folder.mkdir(exist_ok=True)
        with gzip.open(path, "wb") as file:
            dill.dump(value, file)

    def read() -> Any:
        with gzip.open(path, "rb") as file:
            return dill.load(file)

    return write, read, lambda: path.unlink(missing_ok=True)


def _joblib(folder: Path, value: Any) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    import joblib

    memory = joblib.Memory(folder, verbose=0)

    def make() -> Any:
        return value

    cached = memory.cache(make)
    return cached, cached, lambda: memory.clear(warn=False)


def compare(folder: Path) -> None:
    """Print a table of what storing and loading costs with each."""
    labels = np.repeat(np.repeat(_random.integers(0, 50, (64, 64), np.int32), 32, 0), 32, 1)
    values = {
        "array of 8 MB": _random.random(1 << 20), "label image of 16 MB": labels,
        "table of 100,000 rows": pd.DataFrame(_random.random((100_000, 10))),
        "dictionary of 1,000 numbers": {f"k{number}": number / 7 for number in range(1000)},
    }
    peers = [("ours", _ours), ("repype 1.0.4, Tango: gzip and dill", _pickled)]
    if is_installed("joblib"):
        peers.append(("joblib.Memory", _joblib))
    for what, value in values.items():
        print(f"\n| {what:36} | {'store ms':>9} | {'load ms':>9} | {'kB':>9} |")
        print(f"|{'-' * 38}|{'-' * 10}:|{'-' * 10}:|{'-' * 10}:|")
        for number, (name, peer) in enumerate(peers):
            place = folder / f"peer-{number}"
            write, read, forget = peer(place, value)
            rounds = 1 if peer is _pickled else 5
            storing = best(write, forget, rounds)
            loading = best(lambda: _touch(read()), blobs._verified.clear, rounds)  # noqa: B023  called at once
            size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) if place.exists() else 0
            forget()
            size = size or _inline(value)
            print(f"| {name:36} | {storing * 1e3:9.3f} | {loading * 1e3:9.3f} | {size / 1e3:9.1f} |")


def _inline(value: Any) -> int:
    """Return what a value takes that is so small that it lies in the log of records."""
    return Store(Path("unused")).encode(value).size


def _touch(value: Any) -> Any:
    """Look at all of an array or table: where they are mapped, nothing has been read before."""
    return value.sum() if hasattr(value, "sum") else value


# --- memory ----------------------------------------------------------------------------------------------------------

STAGES = """
import numpy as np
from repype_like.stage import Stage

class Make(Stage):
    inputs = ["input_id"]
    outputs = ["image"]

    def process(self, pipeline, config, input_id, status=None):
        return {"image": np.random.default_rng(input_id).random(4 << 20)}

class Look(Stage):
    inputs = ["image"]
    outputs = ["smooth", "mean"]

    def process(self, pipeline, config, image, status=None):
        image -= image.mean()
        return {"smooth": image, "mean": float(image[0])}
"""

LOAD = """
import repype_like
for fields in repype_like.open(".").load().values():
    assert fields["image"].sum() > 0 and abs(fields["smooth"].sum()) < 1
"""


PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _peak(folder: Path, *command: str) -> int:
    """Return the largest resident set of the processes of a program, in bytes.

    It is started by a small process: at first, a process has the resident set of the one that started it.
    """
    answer = subprocess.run([sys.executable, "-c", PEAK, *command], cwd=folder, capture_output=True, text=True,
                            check=True)
    return int(answer.stdout) * (1 if sys.platform == "darwin" else 1024)


def measure_memory(folder: Path) -> None:
    """Compare the largest resident set for many inputs with that for few."""
    peaks: dict[str, dict[int, int]] = {"run --serial": {}, "run -j2": {}, "load()": {}}
    for count in (10, 60):
        place = folder / f"inputs{count}"
        place.mkdir()
        (place / "stages.py").write_text(STAGES)
        (place / "task.yml").write_text(
            f"runnable: true\npipeline: [stages.Make, stages.Look]\ninput_ids: 1-{count}\n")
        (place / "load.py").write_text(LOAD)
        for mode in ("run --serial", "run -j2"):
            peaks[mode][count] = _peak(place, "-m", "repype_like", *mode.split(), "--force")
        peaks["load()"][count] = _peak(place, "load.py")
        shutil.rmtree(place)
    for what, peak in peaks.items():
        report(f"peak memory of {what}, 60 x 32 MB", peak[60] / 1e6, "10 x 32 MB", peak[10] / 1e6, "at most 1.1x", 1.0,
               "MB")


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where to write; by default among the temporary files")
    parser.add_argument("--no-memory", action="store_true", help="leave out what takes 6 GB of disk")
    args = parser.parse_args()
    print(describe_machine(), f"numpy {np.__version__}, pandas {pd.__version__}", end="\n\n")
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        for megabytes in (1, 8, 64):
            measure_array(folder, megabytes)
        for measure in (measure_tables, measure_sequence, measure_sizes):
            measure(folder)
        compare(folder)
        if not args.no_memory:
            print()
            measure_memory(folder)


if __name__ == "__main__":
    sys.exit(main())
