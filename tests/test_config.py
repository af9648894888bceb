from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like.config import Config

names = st.sampled_from(["a", "b", "c"])
entries = st.recursive(
    st.dictionaries(names, st.integers() | st.none(), max_size=3),
    lambda inner: st.dictionaries(names, inner | st.integers(), max_size=3), max_leaves=8)


def test_paths_address_nested_values() -> None:
    config = Config()
    config["stage/part/key"] = 1
    assert config.entries == {"stage": {"part": {"key": 1}}}
    assert config["stage"]["part/key"] == 1
    config["stage"]["part/key"] = 2
    assert config["stage/part/key"] == 2
    assert "stage/part" in config
    assert "stage/other" not in config
    with pytest.raises(KeyError):
        config["stage/other/key"]


def test_asking_for_a_default_sets_nothing_but_is_remembered() -> None:
    config = Config({"stage": {"set": 1}})
    section = config.section("stage")
    assert section.get("sigma", 2.5) == 2.5
    assert section["sigma"] == 2.5
    assert "sigma" in section
    assert section.get("nested", {}).get("deep", "x") == "x"
    assert section.get("set", 0) == 1
    assert config.entries == {"stage": {"set": 1}}
    assert config.final() == {"stage": {"set": 1, "sigma": 2.5, "nested": {"deep": "x"}}}


def test_an_update_sees_the_default_that_was_asked_for() -> None:
    config = Config()
    config.get("a", 5)
    assert config.update("a", lambda value: value * 2) == 10
    assert config.entries == {"a": 10}


def test_an_empty_section_is_the_same_as_none() -> None:
    given_entries: list[dict[str, Any]] = [{"stage": None}, {"stage": {}}, {}]
    for given_entry in given_entries:
        assert Config(given_entry).section("stage").get("key", 3) == 3


def test_set_default_and_pop() -> None:
    config = Config({"a": None})
    assert config.set_default("a", 1) is None
    assert config.set_default("a", 1, override_none=True) == 1
    assert config.set_default("b/c", 2) == 2
    assert config.pop("b/c", 0) == 2
    assert config.pop("b/c", 0) == 0


def test_a_copy_is_deep_and_a_wrapped_dictionary_is_shared() -> None:
    wrapped: dict[str, Any] = {"a": {"b": [1]}}
    copied = Config(wrapped).copy()
    copied["a/b"].append(2)
    assert wrapped == {"a": {"b": [1]}}
    Config(wrapped)["a/c"] = 3
    assert wrapped["a"]["c"] == 3
    neither: Any = [1]
    with pytest.raises(TypeError, match="made of a dictionary"):
        Config(neither)


@given(entries, entries)
def test_merging_takes_everything_and_leaves_the_other_alone(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = copy.deepcopy(second)
    merged = Config(first).copy().merge(Config(second))
    assert second == before
    assert Config(merged.entries).copy().merge(Config(second)) == merged

    def check(expected: dict[str, Any], found: dict[str, Any]) -> None:
        for key, value in expected.items():
            check(value, found[key]) if isinstance(value, dict) else None
            assert isinstance(value, dict) or found[key] == value

    check(second, merged.entries)


def test_the_hash_does_not_depend_on_the_order() -> None:
    assert Config({"a": 1, "b": 2}).sha.hexdigest() == Config({"b": 2, "a": 1}).sha.hexdigest()
    assert Config({"a": {"b": "x"}}).yaml == "a:\n  b: 'x'"


def test_defaults_that_are_kept_become_entries() -> None:
    config = Config({"a": {"b": 1}})
    config.get("a/c", 2)
    config.keep_defaults({})
    assert config.entries == {"a": {"b": 1, "c": 2}}
    config["a"].get("d", 3)
    config.get("e/f", 4)
    assert config.entries == {"a": {"b": 1, "c": 2, "d": 3}, "e": {"f": 4}}
