from __future__ import annotations

import pytest

from repype_like.errors import UsageError
from repype_like.task.errors import UserCodeError, blaming


def test_what_user_code_raises_is_named_with_its_place() -> None:
    with pytest.raises(UserCodeError, match=r"making tea failed: KeyError: 'pot' \(.*test_errors.py:\d+\)") as caught, \
            blaming("making tea"):
        dict[str, int]()["pot"]
    assert isinstance(caught.value.__cause__, KeyError)


def test_what_is_said_in_our_words_stays_as_it_is() -> None:
    with pytest.raises(UsageError, match=r"^there is no tea$"), blaming("making tea"):
        raise UsageError("there is no tea")
    with pytest.raises(KeyboardInterrupt), blaming("making tea"):
        raise KeyboardInterrupt
