"""What is in a wheel."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_examples_go_into_a_wheel_without_results(tmp_path: Path) -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns(".repype", "__pycache__"))
    shutil.copytree(ROOT / "repype_like", tmp_path / "repype_like", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for result in ("tasks/images/.repype/records", "tasks/images/overlay/coins.png", "tasks/images/times.csv",
                   "tasks/images/final_config/coins.yml", "tasks/tables/model=rf/predictions/x.csv"):
        (tmp_path / result).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / result).touch()
    built = next(wheel.WheelBuilder(str(tmp_path)).build(directory=str(tmp_path / "dist"), versions=["standard"]))
    with zipfile.ZipFile(built) as archive:
        names = set(archive.namelist())
    folder = "repype_like/examples/"
    examples = {name.removeprefix(folder) for name in names if name.startswith(folder)}
    assert {name.rpartition("/")[2] for name in examples} == {
        "task.yml", "image_stages.py", "table_stages.py", "digit_stages.py", "nearest.py"}
    assert {"images/task.yml", "images/method=local/min_size=100/task.yml", "tables/task.yml"} <= examples
    assert {"repype_like/py.typed", "repype_like/cli/commands/new.py"} <= names
    assert not any(name.startswith(("tasks", "tests")) for name in names)
