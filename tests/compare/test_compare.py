"""The comparison of two sides, which are plain data; see tests/cli/test_diff.py for what users see of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from repype_like.compare import Side, compare
from repype_like.plan import NOT_SET
from repype_like.store import OutputFile, Store
from stored import digest_of, record_of

SIDE = Side("a", {"runnable": True}, {"measure": {"sigma": 1}}, lambda keys: None, ["measure"], [1, "1"],
            {"measure": {"": "f", "stages:Measure": "f"}}, lambda stage, piece: None)


def found(one: Side, other: Side) -> list[tuple[Any, ...]]:
    return [(item.section, item.what, item.old, item.new) for item in compare(one, other).findings]


def test_what_is_the_same() -> None:
    assert compare(SIDE, SIDE).same


def test_specification_stages_code_and_inputs() -> None:
    other = replace(SIDE, spec={"runnable": True, "scopes": {"x": "y"}}, inputs=[1, 2],
                    code={"measure": {"": "g", "stages:Measure": "f", "stages:helper": "h"}})
    assert found(SIDE, other) == [
        ("spec", "scopes", NOT_SET, {"x": "y"}), ("code", "stages:helper", NOT_SET, "h"),
        ("inputs", "'1'", "1", NOT_SET), ("inputs", "2", NOT_SET, 2)]
    more = replace(SIDE, stages=["new", "measure"], config={**SIDE.config, "new": {}},
                   code={**SIDE.code, "new": {"": "n"}})
    assert found(SIDE, more) == [("stages", "new", NOT_SET, "new")]
    assert found(more, replace(more, stages=["measure", "new"])) == [
        ("stages", "order", "new, measure", "measure, new")]
    (version,) = found(SIDE, replace(SIDE, code={"measure": {"": "g", "stages:Measure": "f"}}))
    assert version == ("code", "stage", NOT_SET, NOT_SET)


def test_results_and_files_by_their_content(tmp_path: Path) -> None:
    store = Store(tmp_path)
    output = OutputFile("seg", 1, None, "h" * 32, 3, 0o644)
    old = record_of(store, 1, [output], area=2.5, token="geheim", same=[1])
    new = record_of(store, 1, [output._replace(hash="i" * 32)], area=3.5, token="anders", same=[1], more="x")
    one = replace(SIDE, completion=digest_of([old]), records=[old])
    other = replace(SIDE, completion=digest_of([new]), records=[new])
    comparison = compare(one, other)
    assert comparison.equal == 1
    assert found(one, other) == [
        ("results", "area", {"value": 2.5}, {"value": 3.5}), ("results", "token", "***", "***"),
        ("results", "more", NOT_SET, {"value": "x"}), ("files", "seg", "h" * 32, "i" * 32)]
    assert found(one, SIDE)[-1] == ("provenance", "completed", True, False)


def test_provenance_but_for_times_and_commands() -> None:
    def side(**provenance: Any) -> Side:
        return replace(SIDE, completion=replace(digest_of([]), provenance=provenance))

    assert not found(side(command=["a"], started=1, python="3.11"), side(command=["b"], started=2, python="3.11"))
    assert found(side(python="3.11", git={"commit": "a", "dirty": False}, distributions={"numpy": "1"}),
                 side(python="3.12", git={"commit": "a", "dirty": True}, distributions={"numpy": "2"})) == [
        ("packages", "numpy", "1", "2"), ("provenance", "git.dirty", False, True),
        ("provenance", "python", "3.11", "3.12")]
