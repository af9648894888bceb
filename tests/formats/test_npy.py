from __future__ import annotations

import numpy as np
import pytest

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import format_for
from repype_like.formats.npy import NpyFormat, is_plain_array

format_ = NpyFormat()


def test_every_truncation_is_damage_or_seen_by_its_size() -> None:
    data = b"".join(format_.dump(np.arange(30.0).reshape(5, 6)))
    for size in range(len(data)):
        if size == 128:
            continue  # only a header: the store compares the size before it loads
        with pytest.raises(DamagedError):
            format_.load(memoryview(bytearray(data[:size])))


def test_alignment_and_metadata_are_not_mistaken_for_those_of_an_equal_type() -> None:
    loose = np.dtype([("a", "i1"), ("b", "f8")])
    assert is_plain_array(np.zeros(1, loose))
    assert is_plain_array(np.zeros(1, "i4"))
    assert not is_plain_array(np.zeros(1, np.dtype("i4", metadata={"unit": "px"})))
    assert not is_plain_array(np.zeros(1, np.dtype([("a", np.dtype("i4", metadata={"unit": "px"}))])))


def test_contiguous_data_is_not_copied() -> None:
    for array in (np.arange(100.0), np.asfortranarray(np.ones((5, 6)))):
        assert np.shares_memory(np.frombuffer(format_.dump(array)[1]), array)


@pytest.mark.parametrize("value", [[1, 2], np.float64(1), np.array([None]), np.ma.masked_array([1]), None])
def test_what_is_no_plain_array_is_not_taken(value: object) -> None:
    with pytest.raises(NotStorableError, match="npy"):
        format_for(value, "npy")
