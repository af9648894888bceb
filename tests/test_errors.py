from __future__ import annotations

import pytest

from repype_like.errors import closest_to, did_you_mean


@pytest.mark.parametrize(("word", "known", "closest"), [
    ("laod", ["load", "scale"], "load"),
    ("READ", ["read", "ready"], "read"),
    ("raed", ["Read", "read"], "read"),
    ("Raed", ["Read", "read"], "Read"),
    ("strasse", ["Straße"], "Straße"),
    (5, ["15"], "15"),
    ("x", ["load"], ""),
    ("x", [], ""),
])
def test_the_closest_word_is_meant_whatever_its_case(word: object, known: list[str], closest: str) -> None:
    assert closest_to(word, known) == closest
    assert did_you_mean(word, known) == (f'did you mean "{closest}"?' if closest else "")


def test_how_close_it_has_to_be_is_up_to_the_caller() -> None:
    assert closest_to("segment", ["images.filters.segment"], cutoff=0) == "images.filters.segment"
    assert closest_to("segment", ["images.filters.segment"]) == ""
