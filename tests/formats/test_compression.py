from __future__ import annotations

import gzip

import numpy as np
import pytest

from repype_like.errors import DamagedError
from repype_like.formats.compression import compress, expand, is_worthwhile


def _data(array: object) -> memoryview:
    return memoryview(bytearray(np.asarray(array).tobytes()))


def test_masks_and_label_images_are_worth_it_and_measured_data_is_not() -> None:
    random = np.random.default_rng(0)
    blobs = np.zeros((512, 512), np.int32)
    blobs[50:200, 30:300], blobs[300:400, 200:500] = 1, 2
    assert is_worthwhile(_data(blobs))
    assert is_worthwhile(_data(blobs > 1))
    assert not is_worthwhile(_data(random.random(100_000)))
    assert not is_worthwhile(_data(random.integers(0, 256, 100_000, np.uint8)))
    assert not is_worthwhile(_data(np.zeros(100, np.uint8)))


def test_start_and_middle_count_alike() -> None:
    half = np.random.default_rng(0).random(50_000)
    assert not is_worthwhile(_data(np.concatenate((np.zeros(50_000), half))))
    assert not is_worthwhile(_data(np.concatenate((half, np.zeros(50_000)))))


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_what_was_compressed_is_expanded_into_writable_memory(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    packed = compress([data[:size // 2], memoryview(data)[size // 2:]])
    assert gzip.decompress(packed) == data
    assert expand(memoryview(packed)) == data
    assert not expand(memoryview(packed), size).readonly


def test_truncation_and_another_size_are_damage() -> None:
    packed = compress([b"abc" * 1000])
    for size in range(len(packed)):
        with pytest.raises(DamagedError):
            expand(memoryview(packed[:size]), 3000)
    for size in (2999, 3001):
        with pytest.raises(DamagedError):
            expand(memoryview(packed), size)
