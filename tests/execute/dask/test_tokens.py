"""What there is a limited number of."""

from __future__ import annotations

import pytest

from repype_like.errors import RepypeError
from repype_like.execute.budget import Needs
from repype_like.execute.dask.tokens import Tokens


def test_there_is_one_of_everything_unless_told_otherwise() -> None:
    tokens = Tokens({"licences": 2}, dict)
    assert tokens.fit({})
    assert tokens.take(1, Needs(tokens={"licences": 1, "scanner": 1})) == {}
    assert tokens.fit({"licences": 1})
    assert not tokens.fit({"scanner": 1})
    tokens.give_back(1)
    assert tokens.fit({"scanner": 1})


def test_who_needs_more_than_there_is_goes_alone() -> None:
    tokens = Tokens({}, dict)
    assert tokens.fit({"licences": 3})
    tokens.take(1, Needs(tokens={"licences": 3}))
    assert not tokens.fit({"licences": 3})


def test_what_workers_offer_is_for_dask_to_give_away() -> None:
    tokens = Tokens({}, lambda: {"gpus": 2.0})
    assert tokens.take(1, Needs(tokens={"gpus": 1, "licences": 1})) == {"gpus": 1}
    assert tokens.fit({"gpus": 1})
    assert not tokens.fit({"gpus": 1, "licences": 1})
    with pytest.raises(RepypeError, match="no worker offers more than 2; start one with: dask worker --resources"):
        tokens.take(2, Needs(tokens={"gpus": 4}))


def test_cores_and_memory_are_asked_for_where_they_are_offered() -> None:
    needs = Needs(cpus=4, memory=5)
    assert Tokens({}, dict).take(1, needs) == {}
    offering = Tokens({}, lambda: {"cpus": 8.0, "memory": 10.0})
    assert offering.take(1, needs) == {"cpus": 4, "memory": 5}
    assert offering.take(2, Needs()) == {}
    with pytest.raises(RepypeError, match="a stage needs cpus=16, and no worker offers more than 8"):
        offering.take(3, Needs(cpus=16))
