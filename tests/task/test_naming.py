from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from repype_like.errors import RepypeError, UsageError
from repype_like.fingerprint import Codebase
from repype_like.stage import Stage
from repype_like.task import load_from_module
from repype_like.task.naming import load, make_stage


class Fine(Stage):
    pass


class NeedsMore(Stage):
    def __init__(self, more: int):
        super().__init__()
        self.more = more


def test_names_lead_through_packages_modules_and_classes() -> None:
    assert load_from_module("pathlib.Path") is Path
    assert load_from_module("pathlib.Path.exists") is Path.exists
    with pytest.raises(RepypeError, match="pathlib"):
        load_from_module("pathlib.Paht")
    with pytest.raises(RepypeError, match="no_such_module"):
        load_from_module("no_such_module.Class")


def test_a_name_is_looked_up_again_once_its_module_has_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    codebase = Codebase(Path.cwd())
    assert load(codebase, "textwrap.dedent") is textwrap.dedent
    assert load(codebase, "textwrap.dedent") is textwrap.dedent
    monkeypatch.setattr(textwrap, "dedent", textwrap.indent)
    assert load(codebase, "textwrap.dedent") is textwrap.indent


def test_a_stage_is_made_of_a_class_or_copied() -> None:
    assert isinstance(make_stage(Fine, "here.Fine"), Fine)
    ready = NeedsMore(2)
    made = make_stage(ready, "here.ready")
    made.add_callback("end", print)
    assert vars(made) == {**vars(ready), "event_callbacks": {"end": [print]}}, "hooks of one task are not another's"
    assert not ready.event_callbacks
    with pytest.raises(UsageError, match=r'"here\.Path" is not a stage'):
        make_stage(Path, "here.Path")
    with pytest.raises(RepypeError, match=r"here.NeedsMore failed: TypeError: .*more"):
        make_stage(NeedsMore, "here.NeedsMore")
