from __future__ import annotations

import random

import pytest

from repype_like.spec import natural_order


@pytest.mark.parametrize("ordered", [
    ["img", "img/a", "img2", "img2/a", "img2b", "img10"],
    ["k=-10", "k=-2", "k=1e-3", "k=0.125", "k=0.25", "k=5", "k=10", "k=1e2", "k=abc"],
    ["v1.9.3", "v1.10.2", "v2"],
    ["run-1", "run-2", "run-10"],
    ["7", "007x", "8", "a"],
    [".", "a/9", "a/10", "a-b", "ab"],
    ["k=1", "k=1,s=2", "k=1,s=10", "k=2,s=1"],
    ["a01", "a1"],
], ids=" ".join)
def test_numbers_in_names_are_ordered_by_their_values(ordered: list[str]) -> None:
    mixed = random.Random(1).sample(ordered, len(ordered))
    assert sorted(mixed, key=natural_order) == ordered
