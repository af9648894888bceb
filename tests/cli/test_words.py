"""How things are put into words."""

from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.cli.words import clean, clean_output, duration, format_hms, near, path_words, shorten, size


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (59.6, "01:00"), (125, "02:05"), (3600, "1:00:00"),
                                               (36_125.4, "10:02:05")])
def test_hours_minutes_and_seconds(seconds: float, text: str) -> None:
    assert format_hms(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0004, "0 ms"), (0.04, "40 ms"), (0.099, "99 ms"), (0.0996, "0.1 s"),
                                               (3.25, "3.2 s"), (99.96, "01:40 min"), (7325, "2:02:05 h")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("bytes_", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"),
                                              (4_200_000_000, "4.2 GB"), (5e15, "5000.0 TB")])
def test_sizes(bytes_: float, text: str) -> None:
    assert size(bytes_) == text


def test_names_do_nothing_to_a_terminal() -> None:
    assert clean("a\x1b[31mred\nb\tc\u202ed") == "a\\x1b[31mred\\nb\\tc\\u202ed"
    assert clean("Küche/ß=3") == "Küche/ß=3"
    assert clean("caf\udce9") == "caf\\udce9"


def test_captured_output_is_shown_as_on_paper() -> None:
    bar = "  0%\r 50%\r100%\r\nnext\r\n"
    assert clean_output(f"\x1b[1;31mred\x1b[0m\n{bar}\x1b]0;title\x07done\x07") == "red\n100%\nnext\ndone\\x07"


def test_paths_below_the_working_directory_are_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert path_words(tmp_path / "a" / "b") == "a/b"
    assert path_words(tmp_path) == "."
    assert path_words(tmp_path.parent) == str(tmp_path.parent)
    assert near(f"input file changed: {tmp_path}/x.tif") == "input file changed: x.tif"


def test_long_texts_are_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdef", 5) == "abcd…"
    assert shorten("abcdef", 5, "...") == "ab..."
