from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.benchmark import Benchmark


def test_values_survive_the_file(tmp_path: Path) -> None:
    benchmark = Benchmark[float](tmp_path / "times.csv")
    benchmark["a", 1] = 0.5
    benchmark["b", "x"] = 2.0
    benchmark["b", "²"] = 3.0
    benchmark["b", -7] = 4.0
    benchmark["c", None] = 5.0
    benchmark.save()
    again = Benchmark[float](tmp_path / "times.csv")
    assert again == benchmark
    assert again["a", 1] == 0.5
    assert ("a", "x") not in again
    assert [path.name for path in tmp_path.iterdir()] == ["times.csv"]


def test_what_is_about_all_inputs_has_a_column_with_a_name(tmp_path: Path) -> None:
    file = tmp_path / "times.csv"
    benchmark = Benchmark[float](file)
    benchmark["a", 1] = 0.5
    benchmark["b", None] = 2.0
    benchmark.save()
    assert file.read_text() == ",1,(all)\na,0.5,\nb,,2.0\n"
    file.write_text(",1,\na,0.5,\nb,,2.0\n")
    assert Benchmark[float](file) == benchmark, "it had none in older versions"


def test_what_is_not_retained_is_forgotten(tmp_path: Path) -> None:
    benchmark = Benchmark[float](tmp_path / "times.csv")
    for stage in "ab":
        for input_id in (1, 2):
            benchmark[stage, input_id] = 1.0
    kept = Benchmark[float](tmp_path / "other.csv").set(benchmark).retain(["a"], [2, 3])
    assert ("a", 2) in kept
    assert ("a", 1) not in kept
    assert ("b", 2) not in kept
    assert ("b", 2) in benchmark


def test_the_frame_has_stages_as_rows_and_inputs_as_columns(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    benchmark = Benchmark[float](tmp_path / "times.csv")
    benchmark["a", 1] = 0.5
    benchmark["b", 2] = 1.5
    assert benchmark.df.at["a", 1] == 0.5
    assert list(benchmark.df.columns) == [1, 2]
    assert benchmark.df.isna().at["a", 2]


def test_the_frame_has_a_column_for_what_is_about_all_inputs(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    benchmark = Benchmark[float](tmp_path / "times.csv")
    benchmark["a", 1] = 0.5
    benchmark["b", None] = 1.5
    assert list(benchmark.df.columns) == [1, None]
    assert benchmark["b", None] == 1.5, "what is in the frame counts from now on"
    benchmark.save()
    assert (tmp_path / "times.csv").read_text() == ",1,(all)\na,0.5,\nb,,1.5\n"


def test_what_is_written_into_the_frame_counts(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    benchmark = Benchmark[float](tmp_path / "times.csv")
    assert benchmark.df.empty
    benchmark.df["x"] = {"a": 1.5}
    assert benchmark["a", "x"] == 1.5
    benchmark["a", "y"] = 2.5
    assert benchmark.df.to_dict() == {"x": {"a": 1.5}, "y": {"a": 2.5}}
    benchmark.df = benchmark.df.drop(columns="x")
    benchmark.save()
    assert (tmp_path / "times.csv").read_text() == ",y\na,2.5\n"
