"""How fast records are stored, read and taken over, beside the raw limit in the same run.

    python benchmarks/store.py [DIRECTORY]

Times are CPU time, the best of several rounds, with the garbage collector paused as it is in commands. Every figure
stands beside its reference and as a ratio to it; what the design asks for stands in the last column. For values, see
``values.py``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from repype_like.hashing import hash_bytes
from repype_like.store import Record, Store

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
        for start in range(0, RECORDS, 500):  # about as many as a run takes over in 50 ms, when it writes them
            taken = [other.take(record, index) for record in decoded[start:start + 500]]
            other.append(taken, dict.fromkeys([record.id for record in taken], "a/sibling"))

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
    gc.disable()
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        for measure in (measure_records, measure_links):
            measure(Path(name))


if __name__ == "__main__":
    main()
