from __future__ import annotations

from pathlib import Path

from repype_like.spec.tree import SpecTree, load_tree

TOP = "root: true\npipeline: [s.A]\ninput_ids: 1-3\n"


def load(base: Path, files: dict[str, str], *, custom_task_class: bool = False) -> SpecTree:
    for name, text in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    return load_tree(base, custom_task_class=custom_task_class)


def said(tree: SpecTree) -> list[str]:
    return [str(problem).removeprefix(f"{tree.root}/") for problem in tree.problems]


def test_a_sound_tree(tmp_path: Path) -> None:
    tree = load(tmp_path, {"task.yml": TOP, "a/task.yml": "runnable: true", "a/b/task.yml": ""})
    assert list(tree) == [tmp_path, tmp_path / "a", tmp_path / "a/b"]
    assert tree.problems == ()
    assert [spec.runnable for spec in tree.values()] == [False, True, True]
    inner = load_tree(tmp_path / "a")
    assert [spec.directory for spec in inner.below] == [tmp_path / "a", tmp_path / "a/b"]
    assert len(inner) == 3
    assert (inner.root, inner.path) == (tmp_path, tmp_path / "a")


def test_numbers_in_names_count_by_their_values(tmp_path: Path) -> None:
    names = ["k=10", "k=5", "k=5/a", "k=-1", "k=1e-3"]
    tree = load(tmp_path, {"task.yml": TOP, **{f"{name}/task.yml": "" for name in names}})
    assert [spec.directory.relative_to(tmp_path).as_posix() for spec in tree.below] == [
        ".", "k=-1", "k=1e-3", "k=5", "k=5/a", "k=10"]
    assert list(tree) == [tmp_path, *(tmp_path / name for name in sorted(names))], "which is not what work follows"


def test_all_problems_of_the_tree(tmp_path: Path) -> None:
    tree = load(tmp_path, {
        "task.yml": TOP + "scopes: {s: 's/%s'}\n",
        "a/task.yml": "runable: true\nconfig: {x: 5}",
        "b/task.yml": "a: b: c",
        "c/task.yml": "base_config_path: missing.yml",
        "d/task.yml": "base_config_path: base.yml",
        "d/base.yml": "x: yes\ny: 010",
        "e/task.yml": "base_config_path: base.yml",
        "e/base.yml": "x: 5",
        "f/task.yml": "runnable: true\ninput_ids: {glob: '*.tif'}",
        "g/task.yml": "runnable: true\ninput_ids: [1, '1', a, A, ok]",
        "h/task.yml": "runnable: true\ninput_ids: ['../x', ok, '']",
        "i/task.yml": "runnable: true\ninput_ids: ['../x', /etc, '..', ok, a/b]",
        "j/task.yml": "root: true\nrunnable: true",
        "k/task.yml": "runnable: true",
    })  # fmt: skip
    expected = {
        "a/task.yml:1:1": ["unknown key"], "a/task.yml:2:13": ["the section"], "b/task.yml:1:5": ["not valid YAML"],
        "c/task.yml:1:19": ["does not exist"], "d/base.yml:1:4": ["yes may mean"], "d/base.yml:2:4": ["010 may mean"],
        "e/base.yml:1:4": ["the section"], "f/task.yml:2:19": ["matches nothing"], "g/task.yml:2:12": ["ambiguous"] * 2,
        "h/task.yml:2:25": ["empty"], "i/task.yml:2:12": ["no file name"] * 3,
        "j/task.yml:2:11": ["no pipeline"],
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    for line in said(tree):
        place, _, message = line.partition(": ")
        where = place if place in expected else f"unexpected {line}"
        found.setdefault(where, []).append(message)
    assert {place: len(messages) for place, messages in found.items()} == {
        place: len(messages) for place, messages in expected.items()
    }, said(tree)
    for place, messages in expected.items():
        for message in messages:
            assert any(message in other for other in found[place]), found[place]
    sound = [directory.name for directory in tree if tree.is_sound(directory)]
    assert sound == [tmp_path.name, "k"]


def test_what_inherits_from_a_broken_task_is_broken(tmp_path: Path) -> None:
    tree = load(tmp_path, {"task.yml": TOP, "a/task.yml": "{", "a/b/task.yml": "runnable: true", "c/task.yml": ""})
    assert len(tree.problems) == 1
    assert [tree.is_sound(directory) for directory in tree] == [True, False, False, True]
    assert tree.problems_of(tmp_path / "a/b") == list(tree.problems)


def test_a_problem_of_what_is_inherited_is_said_once(tmp_path: Path) -> None:
    files = {f"{name}/task.yml": "runnable: true\nscopes: {s: '%s'}" for name in "abc"}
    tree = load(tmp_path, {"task.yml": TOP.replace("1-3", "['../x']"), **files})
    (problem,) = tree.problems
    assert problem.task == tmp_path
    assert not any(tree.is_sound(directory) for directory in tree)


def test_a_task_class_may_read_other_keys(tmp_path: Path) -> None:
    files = {"task.yml": "root: true\nimages: x", "a/task.yml": "runnable: true\nimages: y\ntask_class: tasks.Mine",
             "b/task.yml": "images: z"}  # fmt: skip
    tree = load(tmp_path, files)
    assert [(problem.task, problem.severity) for problem in tree.problems] == [
        (tmp_path, "warning"), (tmp_path / "a", "warning"), (tmp_path / "b", "error"),
    ]  # fmt: skip
    assert {problem.severity for problem in load(tmp_path, files, custom_task_class=True).problems} == {"warning"}


def test_dangling_task_yml(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/task.yml").symlink_to("nothing")
    tree = load(tmp_path, {"task.yml": TOP})
    assert said(tree) == ["a/task.yml: is a symbolic link to nothing"]
    assert tree.is_sound(tmp_path)


def test_a_thousand_levels(tmp_path: Path) -> None:
    (tmp_path / "task.yml").write_text(TOP)
    levels = [tmp_path / "/".join("d" * depth) for depth in range(1, 1001)]
    for path in levels:
        path.mkdir()
        (path / "task.yml").touch()
    try:
        tree = load_tree(tmp_path)
        assert tree.problems == ()
        deepest = tree[levels[-1]]
        assert deepest.full == tree[tmp_path].full
        assert deepest.config.value == {}
        assert deepest.input_ids == [1, 2, 3]
    finally:  # pytest would remove it by recursion
        for path in reversed(levels):
            (path / "task.yml").unlink()
            path.rmdir()
