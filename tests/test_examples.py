"""The example trees in ``tasks/``: they run on real data, and what comes out makes sense."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from project import Project

TASKS = Path(__file__).parent.parent / "tasks"
LEFTOVERS = shutil.ignore_patterns(".repype", "__pycache__", "overlay", "final_config", "predictions", "comparison.png")

IMAGES = {"cell", "coins", "hubble_deep_field", "immunohistochemistry", "microaneurysms"}
TABLES = {"breast_cancer", "penguins", "wine"}
IMAGE_TASKS = ["images", "images/method=li", "images/method=local", "images/method=local/min_size=100",
               "images/sigma=3"]
AGGREGATES = ["images/compare", "tables/ranking"]
DIGIT_TASKS = ["digits", "digits/shifts=none", "digits/train=100"]
TABLE_TASKS = ["tables", "tables/C=0.01", "tables/clean=impute", "tables/model=rf", "tables/model=rf/n_trees=300"]

MODULES = ("skimage", "sklearn", "pandas", "palmerpenguins")
MISSING = [name for name in MODULES if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f'not installed: {", ".join(MISSING)} (pip install -e ".[examples]")'
)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a copy of the examples in which all tasks were run; tests must leave it as it is."""
    directory = tmp_path_factory.mktemp("examples")
    project = Project(directory / "project", directory / "home")
    project.home.mkdir()
    shutil.copytree(TASKS, project.root / "tasks", ignore=LEFTOVERS)
    project.run("run", "tasks").ok()
    return project


@pytest.fixture(scope="module")
def metrics(examples: Project) -> dict[str, dict[Any, dict[str, Any]]]:
    """Return the metrics of each task by input."""
    return {
        task: {input_id: fields["metrics"] for input_id, fields in examples.results(f"tasks/{task}").items()
               if input_id is not None}
        for task in (*DIGIT_TASKS, *IMAGE_TASKS, *TABLE_TASKS)
    }


def status(project: Project) -> dict[str, dict[str, Any]]:
    """Return what ``repype status`` says of each task."""
    answer = project.run("status", "tasks", "--json").ok().json()
    return {task["task"]: task for task in answer["tasks"]}


def written(project: Project) -> dict[str, tuple[int, int]]:
    """Return modification time and inode of each file that a stage wrote, by path."""
    root = project.root / "tasks"
    files = [file for pattern in ("*.png", "*.csv") for file in root.rglob(pattern)
             if ".repype" not in file.parts and file.name != "times.csv"]
    return {file.relative_to(root).as_posix(): (file.stat().st_mtime_ns, file.stat().st_ino) for file in files}


def test_all_tasks_are_completed(examples: Project) -> None:
    """Every directory with a task.yml is a task, and each is complete for all of its inputs."""
    tasks = status(examples)
    assert sorted(tasks) == sorted((*AGGREGATES, *DIGIT_TASKS, *IMAGE_TASKS, *TABLE_TASKS))
    for name, task in tasks.items():
        inputs = (len(IMAGES) if name in IMAGE_TASKS else len(TABLES) if name in TABLE_TASKS else
                  0 if name in AGGREGATES else 1)
        assert (task["runnable"], task["pending"], task["error"]) == (True, "", None), task
        assert task["inputs"] == {"total": inputs, "done": inputs}


def test_second_run_computes_nothing(examples: Project) -> None:
    """A second run leaves every file alone, and everything is still up to date."""
    before = written(examples)
    examples.run("run", "tasks").ok()
    assert written(examples) == before
    assert {task["pending"] for task in status(examples).values()} == {""}


def test_edited_variant_alone_runs_again(examples: Project, tmp_path: Path) -> None:
    """After an edit of sigma in one variant, that variant runs from the stage that reads it, and no other task does."""
    project = Project(tmp_path / "project", tmp_path / "home")
    project.home.mkdir()
    shutil.copytree(examples.root, project.root)
    assert {task["pending"] for task in status(project).values()} == {""}, "the copy is as complete as the original"
    project.edit("tasks/images/sigma=3/task.yml", "sigma: 3\n", "sigma: 2\n")

    tasks = status(project)
    edited = tasks.pop("images/sigma=3")
    assert (edited["pending"], edited["first_stage"]) == ("specification", "denoise")
    assert any("denoise.sigma" in reason for reason in edited["reasons"])
    assert [name for name, task in tasks.items() if task["pending"]] == ["images/compare"]
    assert any("changed: ../sigma=3" in reason for reason in tasks["images/compare"]["reasons"])

    before = written(project)
    project.run("run", "tasks").ok()
    after = written(project)
    assert before.keys() == after.keys()
    assert {file for file in after if after[file] != before[file]} == {
        f"images/sigma=3/overlay/{image}.png" for image in IMAGES
    } | {"images/compare/comparison.png"}
    assert {task["pending"] for task in status(project).values()} == {""}


def test_overlays_show_the_outlines(examples: Project) -> None:
    """Each overlay is a picture with outlines, and other parameters give other outlines."""
    from skimage.io import imread

    overlays = {
        (task, image): examples.root / "tasks" / task / "overlay" / f"{image}.png"
        for task in IMAGE_TASKS for image in IMAGES
    }
    assert {file for file in written(examples) if "/overlay/" in file} == {
        path.relative_to(examples.root / "tasks").as_posix() for path in overlays.values()
    }
    for path in overlays.values():
        picture = imread(path)
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert (picture == (255, 0, 255)).all(axis=2).any(), f"no outline in {path}"
    for image in IMAGES:
        # In the cell and the coins, nothing is small enough for min_size to matter
        distinct = {overlays[task, image].read_bytes() for task in IMAGE_TASKS}
        assert len(distinct) == (4 if image in {"cell", "coins"} else 5), image


def test_measurements_make_sense(metrics: dict[str, dict[Any, dict[str, Any]]]) -> None:
    """The numbers agree with what anyone sees in the images."""
    base, smooth, local = metrics["images"], metrics["images/sigma=3"], metrics["images/method=local"]
    large = metrics["images/method=local/min_size=100"]
    for task in IMAGE_TASKS:
        assert metrics[task].keys() == IMAGES
        assert metrics[task]["cell"]["objects"] == 1
        assert metrics[task]["coins"]["objects"] == pytest.approx(24, abs=2)
        assert 0.25 < metrics[task]["coins"]["covered"] < 0.4
    assert base["coins"]["round_objects"] < smooth["coins"]["round_objects"] == pytest.approx(24, abs=1)
    assert base["microaneurysms"]["round_objects"] >= 2
    assert large["microaneurysms"]["round_objects"] == 0, "they are smaller than 100 pixels"
    assert local["immunohistochemistry"]["objects"] > base["immunohistochemistry"]["objects"] > 200
    galaxies = [task["hubble_deep_field"]["objects"] for task in (large, smooth, base, metrics["images/method=li"])]
    assert galaxies == sorted(galaxies)
    assert galaxies[0] < 100
    assert galaxies[-1] > 900


def test_scores_make_sense(metrics: dict[str, dict[Any, dict[str, Any]]]) -> None:
    """The models are good, too simple a model is worse, and gaps are dealt with as the task says."""
    for task in TABLE_TASKS:
        assert metrics[task].keys() == TABLES
        assert all(scores["accuracy"] > 0.9 for scores in metrics[task].values()), task
    for table in TABLES:
        assert metrics["tables"][table]["accuracy"] > 0.97
        assert metrics["tables/C=0.01"][table]["log_loss"] > 2 * metrics["tables"][table]["log_loss"]
        assert metrics["tables/model=rf"][table]["log_loss"] != metrics["tables"][table]["log_loss"]
    assert metrics["tables"]["penguins"]["rows"] == 333
    assert metrics["tables/clean=impute"]["penguins"]["rows"] == 344
    assert metrics["tables/clean=impute"]["wine"] == pytest.approx(metrics["tables"]["wine"]), "it has no gaps"


def test_variants_are_compared(examples: Project) -> None:
    """One picture shows the outlines of all variants, and the ranking has a row for each."""
    from skimage.io import imread

    picture = imread(examples.root / "tasks/images/compare/comparison.png")
    assert picture.shape == (len(IMAGES) * 160, 4 * 160, 3)
    agreement = examples.results("tasks/images/compare")[None]["agreement"]
    assert list(agreement) == ["..", "../method=li", "../method=local", "../sigma=3"]
    assert agreement[".."] == 1 > agreement["../method=li"] > 0.2
    ranked = examples.results("tasks/tables/ranking")[None]
    assert len(ranked["ranking"]) == len(TABLE_TASKS)
    assert ranked["best"] in set(ranked["ranking"]["task"]) - {"../C=0.01"}


def test_digits_are_read(metrics: dict[str, dict[Any, dict[str, Any]]], examples: Project, tmp_path: Path) -> None:
    """The more images there are to learn from, the more of the others are read."""
    found = {task.partition("/")[2]: metrics[task]["digits"] for task in DIGIT_TASKS}
    assert {task: scores["train_images"] for task, scores in found.items()} == {
        "": 5 * 1347 * 8 // 10, "shifts=none": 1347 * 8 // 10, "train=100": 100}
    assert found[""]["accuracy"] > found["train=100"]["accuracy"] > 0.3
    assert found[""]["baseline_accuracy"] > 0.9
    assert examples.results("tasks/digits")["digits"].keys() == {
        "input_id", "copies", "model", "layer", "guesses", "images_per_second", "baseline", "metrics", "mistakes"}
    assert [task for task, scores in found.items() if "baseline_accuracy" not in scores] == ["shifts=none"]
    examples.run("show", "tasks/digits", "mistakes", "-o", str(tmp_path / "mistakes")).ok()
    assert len(list((tmp_path / "mistakes").iterdir())) == min(20, round(450 * (1 - found[""]["accuracy"])))
    assert "epoch 12: " in examples.run("log", "tasks/digits", "--stage", "train").ok().out
    assert "compared 450 images with 100\n" in examples.run("log", "tasks/digits/train=100").ok().out


def test_kept_fields(examples: Project) -> None:
    """What marginal stages produce, and what is consumed, is not kept; tables come back as tables."""
    coins = examples.results("tasks/images")["coins"]
    assert coins.keys() == {"input_id", "labels", "regions", "metrics"}
    assert list(coins["regions"]["label"]) == list(range(1, coins["labels"].max() + 1))
    assert coins["regions"]["area"].sum() == (coins["labels"] > 0).sum()
    penguins = examples.results("tasks/tables")["penguins"]
    assert penguins.keys() == {"input_id", "table", "fold", "predictions", "metrics", "confusion"}
    assert penguins["confusion"].to_numpy().sum() == len(penguins["table"]) == len(penguins["fold"])


def test_disabled_stage_writes_nothing(examples: Project) -> None:
    """Only the variant that enables the stage `export` has its files."""
    assert {file for file in written(examples) if file.endswith(".csv")} == {
        f"tables/model=rf/n_trees=300/predictions/{table}.csv" for table in TABLES
    }


def test_final_config_shows_what_the_rules_gave(examples: Project) -> None:
    """The minimal size is scaled to the objects of each image, unless the task sets it."""
    def min_sizes(task: str) -> dict[str, int]:
        folder = examples.root / "tasks" / task / "final_config"
        return {file.stem: yaml.safe_load(file.read_text())["segment"]["min_size"] for file in folder.iterdir()}

    scaled = min_sizes("images")
    assert scaled.keys() == IMAGES
    assert scaled["microaneurysms"] < scaled["coins"] < scaled["cell"]
    assert set(min_sizes("images/method=local/min_size=100").values()) == {100}
