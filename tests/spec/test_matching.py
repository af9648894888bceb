"""Patterns for the paths of tasks."""

from __future__ import annotations

import pytest

from repype_like.spec.matching import matches


@pytest.mark.parametrize(("path", "pattern"), [
    ("images", "images"), ("images", "images/"), ("images", "./images"), (".", "."), (".", "./"),
    ("images/sigma=3", "images/*"), ("images/sigma=3", "*/sigma=?"), ("images/sigma=3", "**"),
    ("images/sigma=3", "**/sigma=3"), ("sigma=3", "**/sigma=3"), ("a/b/c", "a/**/c"), ("a/c", "a/**/c"),
    ("a[1]", "a[1]"), ("a[1]", "a[[]1]"), ("a1", "a[1]"),
])
def test_matches(path: str, pattern: str) -> None:
    assert matches(path, pattern)


@pytest.mark.parametrize(("path", "pattern"), [
    ("images/sigma=3", "images"), ("images/sigma=3", "*"), ("images/sigma=3", "images*"), ("images", "images/*"),
    ("Images", "images"), ("a/b", "**/a"), ("images", "."), (".", "images"),
])
def test_does_not_match(path: str, pattern: str) -> None:
    assert not matches(path, pattern)
