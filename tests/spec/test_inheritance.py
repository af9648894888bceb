from __future__ import annotations

import copy
from functools import reduce
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from repype_like.errors import Location
from repype_like.spec.inheritance import Layer, Layered, merge
from repype_like.spec.loading import parse_document

LEAVES = st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2) | st.none()
NAMES = st.sampled_from("ab")
TREES = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=2), max_leaves=5), max_size=2
)
# Here a name alone says whether there is a mapping under it, so that mappings and other values never meet.
UNIFORM = st.recursive(
    st.dictionaries(st.sampled_from("xy"), LEAVES, max_size=2),
    lambda inner: st.builds(lambda here, below: {**here, **below}, st.dictionaries(st.sampled_from("xy"), LEAVES),
                            st.dictionaries(NAMES, inner, max_size=2)),
)  # fmt: skip


def layer(value: dict[str, Any], name: str) -> Layer:
    return Layer(value, parse_document(repr(value).replace("None", "null").encode(), Path(name)))


def paths(value: Any) -> list[tuple[str | int, ...]]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [(), *((key, *rest) for key, item in items for rest in paths(item))]


def at(value: Any, keys: tuple[str | int, ...]) -> Any:
    return reduce(lambda item, key: item[key], keys, value)


def test_merge() -> None:
    parent = {"config": {"seg": {"method": "otsu", "sizes": [1, 2]}, "blur": {"sigma": 1}}, "runnable": False}
    child = {"config": {"seg": {"sizes": [3]}, "blur": None}, "runnable": True}
    assert merge(parent, child) == {"config": {"seg": {"method": "otsu", "sizes": [3]}, "blur": None}, "runnable": True}


@given(TREES, TREES)
def test_merge_changes_and_shares_nothing(parent: dict[str, Any], child: dict[str, Any]) -> None:
    before = copy.deepcopy((parent, child))
    result = merge(parent, child)
    for keys in paths(result):
        item = at(result, keys)
        if isinstance(item, dict):
            item["new"] = 0
        elif isinstance(item, list):
            item.append(0)
    assert (parent, child) == before


@given(TREES)
def test_merge_with_nothing_or_itself(tree: dict[str, Any]) -> None:
    assert merge(tree, {}) == merge({}, tree) == merge(tree, tree) == tree


@given(UNIFORM, UNIFORM, UNIFORM)
def test_merge_is_associative_where_mappings_meet(a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(st.lists(TREES, min_size=1, max_size=4))
def test_a_chain_of_layers(trees: list[dict[str, Any]]) -> None:
    """Each value is the fold of the chain, and the place it is said to come from holds just that value."""
    chain = Layered((layer(trees[0], "0"),))
    for number, tree in enumerate(trees[1:], start=1):
        chain = Layered((chain, layer(tree, str(number))))
    assert chain.value == reduce(merge, trees)
    for keys in paths(chain.value):
        found = chain.source(keys)
        assert found is not None
        document, inner = found
        stated, value = at(document.value, inner), at(chain.value, keys)
        assert stated == value or (isinstance(stated, dict) and stated.keys() <= value.keys())
        assert chain.origin(keys) == document.location(inner)
    assert chain.source(("a", "a", "a", "a", "a", "a", "a", "a")) is None


def test_what_a_scalar_replaced_is_not_found_again() -> None:
    chain = Layered((layer({"a": {"b": 1}}, "0"), layer({"a": 5}, "1"), layer({"a": {"c": 2}}, "2")))
    assert chain.value == {"a": {"c": 2}}
    assert chain.source(("a", "b")) is None
    assert chain.origin(("a", "c")) == Location(Path("2"), 1, 13)
    assert chain.directory(("a", "c")) == Path()


def test_groups_of_layers_merge_on_their_own_first() -> None:
    group = Layered((layer({"a": 5}, "1"), layer({"a": {"c": 2}}, "2")))
    chain = Layered((layer({"a": {"b": 1}}, "0"), group))
    assert chain.value == {"a": {"b": 1, "c": 2}}
    assert chain.origin(("a", "b")) == Location(Path("0"), 1, 13)


def test_long_chains() -> None:
    chain = Layered((layer({"a": 1}, "0"),))
    for number in range(1, 3000):
        chain = Layered((chain, layer({"b": number}, str(number))))
    assert chain.value == {"a": 1, "b": 2999}
    assert chain.origin(("a",)) == Location(Path("0"), 1, 7)


def test_no_layers() -> None:
    assert Layered(()).value == {}
    assert Layered(()).origin(("a",)) is None
