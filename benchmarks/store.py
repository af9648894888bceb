"""How fast values are stored and loaded, beside the raw limit in the same run.

    python benchmarks/store.py [DIRECTORY]

Times are CPU time, the best of several rounds. Every figure stands beside its reference and as a ratio to it; what the
design asks for stands in the last column. The hash check of a loaded blob, done once per process, is counted apart.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repype_like.hashing import hash_bytes
from repype_like.store import Record, Store, blobs

ROUNDS = 9
RECORDS = 10_000


def best(action: Callable[[], Any], before: Callable[[], Any] = lambda: None, rounds: int = ROUNDS) -> float:
    """Return the least CPU time of `action` in seconds; `before` is run each time, and does not count."""
    times = []
    for _ in range(rounds):
        before()
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times)


def report(what: str, ours: float, reference: str, limit: float, asked: str, unit: float = 1e3,
           word: str = "ms") -> None:
    """Print one line."""
    print(f"{what:44} {ours * unit:9.2f} {word}   {reference:26} {limit * unit:9.2f} {word}   {ours / limit:6.2f}x"
          f"  {asked}")


def measure_array(directory: Path, megabytes: int) -> None:
    """Compare an array with numpy's own file of it."""
    store, path = Store(directory / f"array{megabytes}"), directory / "array.npy"
    array = np.random.default_rng(0).random(megabytes << 17)
    value = store.encode(array)
    blob = store.directory / ".repype/blobs" / str(value.blob)

    def save() -> None:
        path.unlink(missing_ok=True)
        np.save(path, array)

    saving = best(save)
    report(f"store an array of {megabytes} MB", best(lambda: store.encode(array), lambda: blob.unlink(missing_ok=True)),
           "np.save", saving, "at most 1.3x")
    mapping = best(lambda: [np.load(path, mmap_mode="c")[0] for _ in range(50)]) / 50
    store.decode(value)
    report(f"load an array of {megabytes} MB", best(lambda: [store.decode(value)[0] for _ in range(50)]) / 50,
           "np.load(mmap_mode='c')", mapping, "at most 1.3x", 1e6, "us")
    report("  its hash check, once per process", best(lambda: store.decode(value), blobs._verified.clear), "np.load",
           best(lambda: np.load(path)), "counted apart")


def measure_arrays(directory: Path) -> None:
    """Measure arrays that do not compress, and one that does."""
    for megabytes in (1, 8, 64):
        measure_array(directory, megabytes)
    labels = np.zeros((4096, 4096), np.int32)
    labels[1000:2000, 500:3000] = 7
    size = Store(directory / "labels").encode(labels).size
    report("disk of a label image of 64 MB", size / 1e6, "raw", labels.nbytes / 1e6, "a fraction", 1.0, "MB")


def measure_tables(directory: Path) -> None:
    """Compare a table with writing its bytes."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.random((100_000, 10)), columns=list("abcdefghij"))
    raw, path, count = table.to_numpy().tobytes(), directory / "raw", [0]
    store = Store(directory / "tables")

    def write() -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(raw)

    def change() -> None:
        store.reset()
        count[0] += 1
        table.iloc[0, 0] = float(count[0])

    report("store a table of 100,000 x 10", best(lambda: store.encode(table), change), "raw write", best(write),
           "at most 2x")
    value = store.encode(table)
    report("load it", best(lambda: store.decode(value)), "raw read", best(path.read_bytes), "lazy")


def measure_records(directory: Path) -> None:
    """Measure small records, and how they are read and taken over."""
    store = Store(directory / "records")

    def append() -> None:
        for start in range(0, RECORDS, 100):
            store.append([_record(store, number, x=number / 3, y=number / 7) for number in range(start, start + 100)])

    def lines() -> None:
        with (directory / "plain").open("w") as file:
            file.writelines(json.dumps({"input": number, "x": number / 3, "y": number / 7}) + "\n"
                            for number in range(RECORDS))

    line = best(lines) / RECORDS
    writing = best(append, store.reset, rounds=5) / RECORDS
    report("encode and append a record of two floats", writing, "a line of JSON", line, "at most 15 us", 1e6, "us")
    size = store.records_path.stat().st_size
    reading = best(lambda: len(Store(store.directory).records))
    raw_reading = best(store.records_path.read_bytes)
    report(f"read {RECORDS:,} records ({size / 1e6:.1f} MB, 1 file)", reading, "raw read", raw_reading, "20-50 ms")
    report("  and decode every one", best(lambda: list(Store(store.directory).records), rounds=3), "raw read",
           raw_reading, "")
    other, index = Store(directory / "taker"), Store(store.directory)

    decoded = list(index.records)  # planning has done that, to find out whether they are valid

    def take() -> None:
        other.append([other.take(record, index) for record in decoded])

    report("take over 1,000 of them", best(take, other.reset, rounds=5) / RECORDS * 1000, "raw read", raw_reading / 10,
           "1.5 ms")


def measure_links(directory: Path) -> None:
    """Measure the pick-up of large values."""
    store, other = Store(directory / "many"), Store(directory / "linked")
    random = np.random.default_rng(0)
    records = [_record(store, number, x=random.random(1 << 17)) for number in range(200)]

    def take() -> None:
        for record in records:
            other.take(record, store)

    def links() -> None:
        (directory / "links").mkdir()
        for number, record in enumerate(records):
            value = record.fields["x"]
            assert value is not None
            os.link(directory / "many/.repype/blobs" / str(value.blob), directory / "links" / str(number))

    def unlink() -> None:
        for path in (directory / "links").glob("*"):
            path.unlink()
        if (directory / "links").exists():
            (directory / "links").rmdir()

    report("pick up an array of 1 MB, of 200", best(take, other.reset) / 200, "os.link", best(links, unlink) / 200,
           "at most 30 us", 1e6, "us")


def _record(store: Store, number: int, **values: Any) -> Record:
    name = hash_bytes(number.to_bytes(8, "little"))
    return Record(id=name, pre_key=name, stage="measure", input_id=number, fingerprint="f" * 32,
                  config={"sigma": 1.0, "method": "otsu"}, reads={"image": "e" * 32},
                  fields={field: store.encode(value) for field, value in values.items()}, started=1763700000.123,
                  seconds=0.1, note={"final": {"sigma": 1.0, "method": "otsu"}})


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        for measure in (measure_arrays, measure_tables, measure_records, measure_links):
            measure(Path(name))


if __name__ == "__main__":
    main()
