from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.spec.patterns import (
    check_path_safe,
    check_pattern,
    fill_pattern,
    resolve_path,
    resolve_pattern,
    unknown_placeholder,
)
from repype_like.typing import InputID


@pytest.mark.parametrize("pattern", ["a", "seg/%s.png", "%d", "%03d.png", "%-5s", "100%%/%s", "%%"])
def test_patterns(pattern: str) -> None:
    assert check_pattern(pattern) == ""


@pytest.mark.parametrize(("pattern", "message"), [
    ("", "empty"), ("50%.png", "%%"), ("%", "%%"), ("%s%s", "2 placeholders"), ("%(id)s", "%%"), ("%*d", "%%"),
    ("%999999s", "%%"), ("%%%", "%%"), ("a\0", "NUL"),
])  # fmt: skip
def test_bad_patterns(pattern: str, message: str) -> None:
    assert message in check_pattern(pattern)


@pytest.mark.parametrize(("pattern", "input_id", "path"), [
    ("seg/%s.png", 7, "seg/7.png"), ("seg/%03d.png", 7, "seg/007.png"), ("100%%/%s", "a b", "100%/a b"),
    ("table%%.csv", 1, "table%.csv"), ("table.csv", "x", "table.csv"), ("seg/%s.png", "a/b", "seg/a/b.png"),
    ("seg/img_%s", "../x", "seg/img_../x"), ("/out/%s", "x", "/out/x"), ("../out/%s", "x", "../out/x"),
    ("%s.png", "..", "...png"), ("%s", "-rf {} \x1b'", "-rf {} \x1b'"), ("%s", "é%s", "é%s"),
])  # fmt: skip
def test_fill(pattern: str, input_id: InputID, path: str) -> None:
    assert fill_pattern(pattern, input_id) == path


@pytest.mark.parametrize(("pattern", "input_id", "reason"), [
    *((pattern, input_id, reason) for pattern in ("%s", "seg/%s", "/abs/seg/%s", "../up/%s") for input_id, reason in [
        ("../x", "leads out"), ("..", "leads out"), (".", "leads out"), ("a/../../x", "leads out"),
        ("a/..", "leads out"),
        ("/etc/passwd", "absolute"), ("", "empty"), ("a\0b", "NUL"), ("x" * 300, "255 bytes"), ("é" * 150, "255 bytes"),
        ("x/" * 3000 + "x", "4095 bytes"),
    ]),
    ("seg_%s", "x/../../y", "leads out"), ("%d", "7", "takes an integer"), ("seg/%s.png", "x" * 252, "255 bytes"),
])  # fmt: skip
def test_unsafe(pattern: str, input_id: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_path_safe(pattern, input_id)
    with pytest.raises(ValueError, match=reason):
        fill_pattern(pattern, input_id)


def test_resolve_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    task = tmp_path / "tree" / "sigma=3"
    task.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (task / "link").symlink_to(tmp_path / "elsewhere")
    expected = {
        "a/b": task / "a/b", "../x": tmp_path / "tree/x", "/abs": Path("/abs"), "~/x": tmp_path / "home/x",
        "link/x": tmp_path / "elsewhere/x", "{ROOTDIR}/raw": tmp_path / "tree/raw",
        "{DIRNAME}.csv": task / "sigma=3.csv",
        "{OTHER}": task / "{OTHER}", ".": task,
    }  # fmt: skip
    assert {text: resolve_path(text, task, tmp_path / "tree") for text in expected} == expected


def test_patterns_in_directories_of_any_name(tmp_path: Path) -> None:
    for name in ("50%", "%s", "a b", "{}", "%d%%", "'\"", "-x", "\n", "\x1b", "😀"):
        task = tmp_path / name
        task.mkdir()
        pattern = resolve_pattern("seg/%s.png", task, tmp_path)
        assert pattern % "x" == str(task / "seg/x.png") == fill_pattern(pattern, "x")
        assert fill_pattern(resolve_pattern("{DIRNAME}%%/%03d", task, tmp_path), 7) == str(task / f"{name}%/007")


def test_pattern_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real%").mkdir()
    (tmp_path / "link").symlink_to("real%")
    assert resolve_pattern("link/%s", tmp_path, tmp_path) % 1 == str(tmp_path / "real%/1")


def test_placeholder_with_a_slip() -> None:
    assert 'did you mean "{ROOTDIR}"?' in unknown_placeholder("{ROOT_DIR}/x")
    assert 'did you mean "{ROOTDIR}"?' in unknown_placeholder("{rootdir}/x")
    assert unknown_placeholder("{ROOTDIR}/{input_id}.png").endswith("as it stands; the place of the input is %s")
    assert unknown_placeholder("{ROOTDIR}/{DIRNAME}/{x}/{}") == ""
