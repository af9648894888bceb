from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.spec.keys import check, check_config
from repype_like.spec.loading import Document, parse_document


def document(text: str) -> Document:
    return parse_document(text.encode(), Path("dir/task.yml"))


def test_everything_that_may_be_stated() -> None:
    text = """
        runnable: true
        root: false
        pipeline: [stages.A, pkg.stages.B]
        input_ids: 1-3,img
        config: {a: {x: 1, lut: {1: red}}, b: }
        base_config_path: ~/base.yml
        scopes: {seg: "seg/%s.png", fixed: "{ROOTDIR}/100%%.csv"}
        marginal_stages: [a, stages.B]
        task_class: tasks.MyTask
        pythonpath: [lib, ../shared]
        packages: [scikit-image, numpy]
        limits: {a: {timeout: 5.5, retries: 0, resources: {memory: 6 GB, gpus: 0.5, cpus: 2}}, b: {timeout: .inf}, c: }
    """
    assert check(document(text)) == []
    for text in ("pipeline: stages.make", "input_ids: [1, a]", "input_ids: 5", "input_ids: {glob: 'raw/*.tif'}",
                 "config:",
                 "base_config_path: null", "pythonpath: lib", "marginal_stages: []", "scopes: {}", ""):  # fmt: skip
        assert check(document(text)) == []


@pytest.mark.parametrize(("text", "place", "message"), [
    ("runable: true", "1:1", 'unknown key "runable" (did you mean "runnable"?)'),
    ("inputs_ids: [1]", "1:1", 'unknown key "inputs_ids" (did you mean "input_ids"?)'),
    ("1: a", "1:1", 'unknown key "1"'),
    ("runnable: 1", "1:11", "runnable is the number 1, not true or false"),
    ("runnable: 'true'", "1:11", 'the text "true"'), ("root: null", "1:7", "root is empty"),
    ("pipeline: 5", "1:11", "the number 5"), ("pipeline: []", "1:11", "lists no stages"),
    ("pipeline:", "1:10", "empty"),
    ("pipeline: [stages.A, 2]", "1:22", "not the number 2"), ("task_class: [a.B]", "1:13", "a list"),
    ("input_ids: true", "1:12", "boolean"), ("input_ids: [1, 2.5]", "1:16", "fraction"),
    ("input_ids: 3-1", "1:12", "upwards"),
    ("input_ids: 2024-01-02", "1:12", "a date"), ("input_ids:", "1:11", "null"),
    ("config: [a]", "1:9", "config is a list"), ("config: {a: 5}", "1:13", 'the section of "a" is the number 5'),
    ("config: {a: {x: 2,5}}", "1:19", "the key 5 has no value (a decimal number has a point, not a comma)"),
    ("config: {a.x: 2}", "1:15", 'not a mapping of its options (for an option of "a", nest it: a: {x: ...})'),
    ("config: {1: {}}", "1:10", "the key 1 is not text"), ("base_config_path: 5", "1:19", "not a path"),
    ("base_config_path: ''", "1:19", "the path is empty"), ("scopes: [a]", "1:9", "a list"),
    ("scopes: {a: 5}", "1:13", "not text"), ("scopes: {1: a}", "1:10", "the key 1"),
    ("scopes: {a: 50%.png}", "1:13", "%%"),
    ("scopes: {a: x%s%s}", "1:13", "2 placeholders"), ("scopes: {a: ''}", "1:13", "the pattern is empty"),
    ("scopes: {a: '{ROOT_DIR}/x'}", "1:13", 'did you mean "{ROOTDIR}"?'),
    ("marginal_stages: load", "1:18", "(write [load])"), ("marginal_stages: [1]", "1:19", "the number 1"),
    ("packages: ['numpy>=2']", "1:12", "no name of a distribution"), ("pythonpath: {a: b}", "1:13", "a mapping"),
    ("limits: [a]", "1:9", "limits is a list, not a mapping of stage ids"),
    ("limits: {1: {}}", "1:10", "the key 1 is not text"),
    ("limits: {a: 5}", "1:13", 'the limits of "a" are the number 5'),
    ("limits: {a: {timout: 5}}", "1:14", 'unknown limit "timout" (did you mean "timeout"?)'),
    ("limits: {a: {memory: 5}}", "1:14", 'unknown limit "memory" (there are timeout, retries, resources; all else is'),
    ("limits: {a: {timeout: 0}}", "1:23", "timeout is the number 0, not a number of seconds above 0"),
    ("limits: {a: {retries: 1.5}}", "1:23", "retries is the number 1.5, not a whole number"),
    ("limits: {a: {resources: 4 GB}}", "1:25", 'resources is the text "4 GB", not a mapping of names to amounts'),
    ("limits: {a: {resources: {memory: much}}}", "1:34", 'resources.memory is the text "much", not a number of bytes'),
    ("limits: {a: {resources: {GPU: 1}}}", "1:26", 'unknown resource "GPU" (did you mean "gpus"?)'),
    ("limits: {a: {resources: {gpus: -1}}}", "1:32", "resources.gpus is the number -1, not a number, 0 or more"),
    ("pythonpath: [1]", "1:14", "directories"),
])  # fmt: skip
def test_refused_with_place(text: str, place: str, message: str) -> None:
    (problem,) = check(document(text))
    assert str(problem).startswith(f"dir/task.yml:{place}: ")
    assert message in str(problem)
    assert problem.task == Path("dir")
    assert problem.severity == ("warning" if "ROOT_DIR" in text else "error")


def test_all_problems_are_collected() -> None:
    problems = check(document("runable: 1\nroot: 2\npipeline: [1, 2]\nscopes: {a: 1, b: '%'}\ninput_ids: [1.5, true]"))
    assert [problem.where.line for problem in problems if problem.where] == [1, 2, 3, 3, 4, 4, 5, 5]


def test_a_subclass_may_read_more() -> None:
    (problem,) = check(document("images: here\npipeline: fast"), unknown="warning")
    assert problem.severity == "warning"
    assert "images" in problem.message


def test_base_config() -> None:
    assert check_config(document("a: {x: 1}\nb:")) == []
    (problem,) = check_config(document("a: {x: 1}\nsigma: 3"))
    assert str(problem).startswith('dir/task.yml:2:8: the section of "sigma" is the number 3')
