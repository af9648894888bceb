from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from repype_like.errors import SpecError
from repype_like.spec.parsing import MAX_ALIASED, MAX_DEPTH, ParserName, Place, parse

FILE = Path("task.yml")


@pytest.fixture(params=["c", "python"])
def parser(request: pytest.FixtureRequest) -> ParserName:
    if request.param == "c" and not yaml.__with_libyaml__:
        pytest.skip("PyYAML is installed without libyaml")
    name: ParserName = request.param
    return name


def load(text: str | bytes, parser: ParserName) -> Any:
    return parse(text.encode() if isinstance(text, str) else text, FILE, parser)[0]


def problems(text: str | bytes, parser: ParserName) -> list[tuple[int, int, str]]:
    with pytest.raises(SpecError) as caught:
        load(text, parser)
    found = caught.value.problems
    assert all("\n" not in str(problem) for problem in found)
    return [(problem.where.line, problem.where.column, problem.message) for problem in found if problem.where]


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines)


def chain(levels: int) -> str:
    return "\n".join(["a0: &a0 [x]", *(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, levels))])


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        pytest.param("a: " + "[" * 900, 1, 103, f"deeper than {MAX_DEPTH}", id="depth of lists"),
        pytest.param("\n".join(" " * i + "a:" for i in range(200)), 101, 101, "deeper", id="depth of mappings"),
        pytest.param(chain(200), 100, 12, "deeper", id="depth by aliases"),
        pytest.param(bomb(8, 10), 6, 25, f"more than {MAX_ALIASED}", id="alias bomb"),
        pytest.param("a: &a [*a]", 1, 8, "inside of what it repeats", id="recursive alias"),
        pytest.param("a: *b", 1, 4, "not defined above", id="unknown alias"),
        pytest.param("a: &a 1\nb: &a 2", 2, 4, "defined twice, first in line 1", id="anchor twice"),
        pytest.param("a: 1\nb: 3\na: 2", 3, 1, '"a" is given twice, first at 1:1', id="key twice"),
        pytest.param("a: {b: {c: 1, d: 2, c: 3}}", 1, 21, '"c" is given twice, first at 1:9', id="inner"),
        pytest.param("{1: a, '1': b}", 1, 8, '"1" is given twice, first at 1:2', id="integer and text key"),
        pytest.param("<<: {a: 1}\n<<: {b: 1}", 2, 1, '"<<" is given twice', id="merged twice"),
        pytest.param("a: {<<: 3}", 1, 9, "merges mappings only", id="merge of a number"),
        pytest.param("on: 1", 1, 1, "on may mean true", id="on as key"),
        pytest.param("? [a]\n: 1", 1, 3, "list or a mapping", id="list as key"),
        pytest.param("a: 1\n~: 1", 2, 1, "is not text", id="null as key"),
        pytest.param("true: 1", 1, 1, '"true" is not text', id="boolean as key"),
        pytest.param("1.5: 1", 1, 1, '"1.5" is not text', id="float as key"),
        pytest.param("a: 2024-13-45", 1, 4, "looks like a date", id="bad date"),
        pytest.param("a:\n  - " + "9" * 5000, 2, 5, "5000 digits", id="huge integer"),
        pytest.param("a: !!python/object/apply:os.getcwd []", 1, 4, "!!python/object/apply:os.getcwd", id="object"),
        pytest.param("a: !!python/name:os.system ''", 1, 4, "!!python/name:os.system", id="name"),
        pytest.param("a: !secret {b: 1}", 1, 4, "!secret is not allowed", id="own tag"),
        pytest.param("a: !!set {b}", 1, 4, "!!set is not allowed", id="set"),
        pytest.param("a: !!binary aGk=", 1, 4, "!!binary is not allowed", id="binary"),
        pytest.param("a: !!int x", 1, 4, "not what its tag !!int says", id="wrong tag"),
        pytest.param("a: 1\n---\nb: 2", 2, 1, "second document", id="two documents"),
        pytest.param(b"a: 1\nb: \xe9t\xe9", 2, 4, "byte 0xe9 is not UTF-8", id="Latin-1"),
        pytest.param("a: é".encode("utf-16"), 1, 1, "UTF-16", id="UTF-16 with mark"),
        pytest.param("a: é".encode("utf-16-le"), 1, 7, "UTF-8", id="UTF-16 without mark"),
        pytest.param(b"a: \xed\xa0\x80", 1, 4, "byte 0xed", id="encoded surrogate"),
        pytest.param('a: "\\ud800"', 1, 4, "surrogate", id="escaped surrogate"),
        pytest.param('a: "\\UFFFFFFFF"', 1, 7, "no character", id="escape beyond Unicode"),
        pytest.param(b"a: 1\r\nb: x\0", 2, 5, "NUL", id="NUL"),
        pytest.param("é: \x1b[31m", 1, 4, "U+001B", id="control character"),
        pytest.param("a: b\ufeff", 1, 5, "byte order mark", id="byte order mark inside"),
        pytest.param("a:\n\tb: 1", 2, 1, "'\\t'", id="tab as indentation"),
        pytest.param("a:\tb", 1, 3, "'\\t'", id="tab as separator"),
        pytest.param("a: %s.png", 1, 4, "cannot start any token", id="unquoted pattern"),
        pytest.param("a: b: c", 1, 5, "mapping values are not allowed", id="colon in text"),
    ],
)
def test_refused_with_place(text: str | bytes, line: int, column: int, message: str, parser: ParserName) -> None:
    (found,) = problems(text, parser)
    assert found[:2] == (line, column)
    assert message in found[2]


def test_all_problems_of_a_file_are_collected(parser: ParserName) -> None:
    text = "a: yes\nb: 010\nb: 12:30:45\nc: [2024-02-30, off]\nd: *nowhere"
    assert [line for line, _, _ in problems(text, parser)] == [1, 2, 3, 3, 4, 4, 5]


def test_marks_and_line_ends_of_other_systems(parser: ParserName) -> None:
    assert load(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n", parser) == {"a": 1, "b": "x\ny\n"}


def test_tabs_within_text_and_comments(parser: ParserName) -> None:
    assert load("a: 'x\ty'\n#\tcomment\nb: |\n  x\ty\n", parser) == {"a": "x\ty", "b": "x\ty\n"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~", "\ufeff", " \n\n"])
def test_empty(text: str, parser: ParserName) -> None:
    assert load(text, parser) is None


def test_nesting_up_to_the_limit(parser: ParserName) -> None:
    value = load("[" * MAX_DEPTH + "]" * MAX_DEPTH, parser)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


def test_merge_keys(parser: ParserName) -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\nw: {'<<': 1}\nv: {b: 0, <<: *x}"
    assert load(text, parser) == {
        **yaml.safe_load(text.partition("w:")[0]), "w": {"<<": 1}, "v": {"a": 1, "b": 0},
    }  # fmt: skip


def test_special_floats(parser: ParserName) -> None:
    value = load("[.nan, -.inf, -0.0, 1e-3]", parser)
    assert math.isnan(value[0])
    assert value[1:] == [-math.inf, 0.0, 0.001]
    assert math.copysign(1, value[2]) == -1


def test_no_parser_raises_anything_else(parser: ParserName) -> None:
    """What a half-written file looks like at any moment."""
    text = b'a: &x {b: ["\\u00e9", !!int "1", *x]}\n? c\n: |\n  d\n%YAML 1.1\n---\n- {<<: *x}\n'
    for end in range(len(text)):
        with contextlib.suppress(SpecError):
            parse(text[:end], FILE, parser)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.dates(),
    st.text(st.characters(codec="utf-8", exclude_characters="\ufeff")),
    st.sampled_from(["yes", "010", "1:30", "1e3", "1_0", "2024-01-01", "<<", "=", "~", "null", "", "0o7", "a: b",
        "%s"]),
)  # fmt: skip
KEYS = st.text("abcxyz019_- :#é", max_size=6)
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


def same(left: Any, right: Any) -> bool:
    return repr(left) == repr(right)




@given(st.dictionaries(KEYS, DATA, max_size=4), st.sampled_from([None, True, False]))
def test_same_quoted_values_as_pyyaml(data: dict[str, Any], flow: bool | None) -> None:
    text = yaml.dump(data, default_flow_style=flow, allow_unicode=True, default_style='"')
    expected = yaml.safe_load(text)
    for name in ("c", "python") if yaml.__with_libyaml__ else ("python",):
        assert same(load(text, name), expected)


WORDS = st.text("abcxyz_", min_size=1).filter(lambda text: not isinstance(yaml.safe_load(text), bool))
ORDINARY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
)


@given(st.dictionaries(WORDS, ORDINARY, max_size=5), st.sampled_from([None, True, False]))
def test_same_values_as_pyyaml_and_same_places_by_both_parsers(data: dict[str, Any], flow: bool | None) -> None:
    text = yaml.dump(data, default_flow_style=flow)
    assert same(load(text, "python"), yaml.safe_load(text))
    if yaml.__with_libyaml__:
        value, place = parse(text.encode(), FILE, "c")
        assert same(value, yaml.safe_load(text))
        assert flat(place) == flat(parse(text.encode(), FILE, "python")[1])


def flat(place: Place | None) -> Any:
    if place is None:
        return None
    inner = {key: (mark.line, mark.column, flat(value)) for key, (mark, value) in (place.inner or {}).items()}
    return place.mark.line, place.mark.column, inner
