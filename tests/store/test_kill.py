"""A real process writes, and is killed at any moment: what it had said was stored is there, and all else is sound."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from repype_like.store import Store
from repype_like.store.atomic import leftovers
from repype_like.store.layout import Layout
from stored import digest_of, record_of

WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    import numpy as np
    from repype_like.store import Store
    from stored import digest_of, record_of

    store, first = Store(Path(sys.argv[1])), int(sys.argv[2])
    for number in range(first, first + 10_000, 5):
        records = [record_of(store, i, x=np.full(20_000, i * 0.5) + np.arange(20_000) % 977, y="y" * (i % 900),
                             z=bytes(i % 7000)) for i in range(number, number + 5)]
        store.append(records)
        print(number, flush=True)
        if number % 3 == 0:
            store.commit(digest_of(records, store.digest.record_ids() if store.digest else ()))
            print(-number, flush=True)
        if number % 7 == 0:
            new = {record.id for record in records}
            print("keeping", flush=True)
            store.keep(store.digest.record_ids() | new if store.digest else set(store.records.ids()))
""")


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_writer_leaves_a_sound_store(seed: int, tmp_path: Path) -> None:
    randomly = random.Random(seed)
    directory = tmp_path / "task"
    first = 0
    for _ in range(3):
        lines = _write_and_be_killed(directory, first, randomly.uniform(0.0, 0.15))
        store = Store(directory)
        assert store.damage == ""
        assert store.records.damaged == []
        if store.digest is not None:
            assert store.verify() == []
        for record in store.records:
            assert isinstance(record.input_id, int)
            value = record.fields["x"]
            assert value is not None
            assert np.array_equal(store.decode(value), np.full(20_000, record.input_id * 0.5) + np.arange(20_000) % 977)
            assert record == record_of(Store(tmp_path / "other"), record.input_id, x=store.decode(value),
                                       y="y" * (record.input_id % 900), z=bytes(record.input_id % 7000))
        said = [int(line) for line in lines if line != "keeping"]
        stored = {record.input_id for record in store.records}
        if "keeping" not in lines:
            assert {number for number in said if number >= 0} <= stored
        committed = [-number for number in said if number < 0]
        if committed:
            assert store.digest is not None
            assert max(map(int, map(str, store.digest.inputs))) >= max(committed)
        first += 10_000
    store = Store(directory)
    store.append([record_of(store, 7, x=1)])
    store.commit(digest_of([record_of(store, 7, x=1)]))
    store.keep({record_of(store, 7, x=1).id})
    assert not leftovers(*Layout(directory).written_in), "what the killed ones left is gone"
    assert Store(directory).verify() == []


def _write_and_be_killed(directory: Path, first: int, seconds: float) -> list[str]:
    """Start a writer, kill it some time after its first words, and return what it said."""
    with subprocess.Popen([sys.executable, "-c", WRITER, directory, str(first)], stdout=subprocess.PIPE, text=True,
                          env={"PYTHONPATH": str(Path(__file__).parent.parent)}) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip()]
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        lines.extend(line.strip() for line in process.stdout if line.endswith("\n"))
    timer.join()
    assert process.returncode == -9
    return lines
