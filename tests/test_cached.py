from __future__ import annotations

import functools

from repype_like.cached import cached_property


class Thing:
    def __init__(self) -> None:
        self.asked = 0

    @cached_property
    def answer(self) -> int:
        """What is asked for."""
        self.asked += 1
        return 42


def test_found_out_once_and_anew_when_forgotten() -> None:
    thing = Thing()
    assert (thing.answer, thing.answer, thing.asked) == (42, 42, 1)
    del thing.answer
    assert (thing.answer, thing.asked) == (42, 2)


def test_is_what_documentation_and_hashing_know() -> None:
    assert isinstance(Thing.__dict__["answer"], functools.cached_property)
    assert Thing.answer.__doc__ == "What is asked for."
