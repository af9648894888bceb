from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.errors import Location, SpecError
from repype_like.spec.task_spec import TaskSpec
from repype_like.spec.tree import load_tree


def write(base: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    return base


def load(base: Path, files: dict[str, str]) -> dict[str, TaskSpec]:
    write(base, files)
    return {str(directory.relative_to(base)): spec for directory, spec in load_tree(base).items()}


def test_own_and_full(tmp_path: Path) -> None:
    specs = load(tmp_path, {
        "task.yml": "root: true\npipeline: [s.A, s.B]\nconfig:\n  a: {x: 1, y: 2}\n",
        "gap/t/task.yml": "runnable: true\nconfig:\n  a: {y: 3}\n",
        "gap/t/u/task.yml": "",
        "new/task.yml": "root: true",
    })  # fmt: skip
    task = specs["gap/t/u"]
    assert task.own == {}
    assert task.full == {"root": True, "pipeline": ["s.A", "s.B"], "config": {"a": {"x": 1, "y": 3}}, "runnable": True}
    assert task.runnable
    assert not specs["."].runnable
    assert list(task.parents) == [specs["gap/t"], specs["."]]
    assert task.root is specs["."]
    assert specs["new"].root is specs["new"]
    assert specs["new"].full == {"root": True}
    assert task.origin(("config", "a", "y")) == Location(tmp_path / "gap/t/task.yml", 3, 10)
    assert task.origin(("config", "a", "x")) == Location(tmp_path / "task.yml", 4, 10)
    assert task.origin(("pipeline", 1)) == Location(tmp_path / "task.yml", 2, 17)
    assert task.origin(("config", "b")) is None


def test_config(tmp_path: Path) -> None:
    """The parent's resulting config < the own base config < the own config."""
    specs = load(tmp_path, {
        "task.yml": "root: true\nbase_config_path: base.yml\nconfig: {a: {x: 1}}",
        "base.yml": "a: {x: 0, y: 0, z: 0}",
        "t/task.yml": "base_config_path: '{ROOTDIR}/{DIRNAME}.yml'\nconfig:\n",
        "t.yml": "a: {x: 2}\nb: {k: 1}",
        "t/u/task.yml": "config: {a: {z: 3}}",
    })  # fmt: skip
    config = specs["t/u"].config
    assert config.value == {"a": {"x": 2, "y": 0, "z": 3}, "b": {"k": 1}}
    places = {"x": Location(tmp_path / "t.yml", 1, 8), "y": Location(tmp_path / "base.yml", 1, 14),
              "z": Location(tmp_path / "t/u/task.yml", 1, 17)}  # fmt: skip
    assert {key: config.origin(("a", key)) for key in places} == places
    assert specs["."].config.value == {"a": {"x": 1, "y": 0, "z": 0}}
    assert specs["t/u"].base_config is None


def test_base_config_that_cannot_be_loaded(tmp_path: Path) -> None:
    specs = load(tmp_path, {"task.yml": "root: true\nbase_config_path: no.yml"})
    with pytest.raises(SpecError, match=r"task\.yml:2:19: the base config .*no\.yml does not exist"):
        _ = specs["."].base_config


def test_paths_are_relative_to_where_they_are_stated(tmp_path: Path) -> None:
    files = {"lib/a.tif": "", "t/lib/b.tif": "",
            "task.yml": "root: true\ninput_ids: {glob: 'lib/*.tif'}\npythonpath: lib\n"
             "scopes: {s: 's/%s', up: '../%d', root: '{ROOTDIR}/x'}", "t/task.yml": "",
             "t/u/task.yml": "input_ids: {glob: ../lib/*.tif}\npythonpath: [., '{ROOTDIR}']"}  # fmt: skip
    specs = load(tmp_path, files)
    assert specs["t"].input_ids == ["a"]
    assert specs["t"].input_ids is specs["."].input_ids
    assert specs["t/u"].input_ids == ["b"]
    assert specs["t"].pythonpath == [tmp_path / "lib"]
    assert specs["t/u"].pythonpath == [tmp_path / "t/u", tmp_path]
    assert specs["t"].scopes == {"s": f"{tmp_path}/t/s/%s", "up": f"{tmp_path}/%d", "root": f"{tmp_path}/x"}
    assert specs["t"].full["input_ids"] == {"glob": "lib/*.tif"}


def test_defaults(tmp_path: Path) -> None:
    task = load(tmp_path, {"task.yml": "root: true"})["."]
    assert (task.input_ids, task.pythonpath, task.scopes, task.config.value) == ([], [], {}, {})
