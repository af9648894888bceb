from __future__ import annotations

import numpy as np
import pytest

from repype_like.errors import DamagedError
from repype_like.formats.container import ContainerFormat

container = ContainerFormat()


def test_large_buffers_are_aligned_and_stand_beside_the_pickle() -> None:
    array = np.random.default_rng(0).random(10_000)
    pieces = container.dump([array, array[:5000]])
    data = memoryview(bytearray(b"".join(pieces)))
    assert bytes(data).index(array.tobytes()) % 64 == 0
    start = np.frombuffer(data, np.uint8).ctypes.data
    loaded = container.load(data)
    assert (loaded[0].ctypes.data - start) % 64 == 0
    assert len(data) < array.nbytes * 1.5 + 1000


def test_masks_in_containers_are_compressed() -> None:
    mask = {"mask": np.zeros((500, 500), bool), "labels": np.repeat(np.arange(50), 5000)}
    data = b"".join(container.dump(mask))
    assert len(data) < 50_000
    loaded = container.load(memoryview(bytearray(data)))
    loaded["labels"][0] = 7
    assert np.array_equal(loaded["labels"][1:], mask["labels"][1:])


def test_every_truncation_is_damage() -> None:
    data = b"".join(container.dump({"a": np.arange(200.0), "b": (1, 2)}))
    for size in range(len(data)):
        with pytest.raises(DamagedError):
            container.load(memoryview(bytearray(data[:size])))


def test_a_newer_version_says_so() -> None:
    data = bytearray(b"".join(container.dump((1,))))
    data[7] += 1
    with pytest.raises(DamagedError, match="newer version"):
        container.load(memoryview(data))


def test_columns_of_categories_are_not_worth_compressing() -> None:
    codes = np.random.default_rng(0).integers(0, 2, 100_000).astype(np.int8)
    assert len(b"".join(container.dump({"codes": codes}))) > 100_000
    assert len(b"".join(container.dump({"codes": np.sort(codes)}))) < 10_000
    assert len(b"".join(container.dump({"mask": codes.reshape(250, 400)}))) < 30_000
