"""Declared hyperparameters."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project import Project
from repype_like.stage.conversion import convert, to_yaml
from repype_like.stage.parameters import Parameters


class Color(enum.Enum):
    RED = "r"
    BLUE = 2


@dataclass
class Inner:
    depth: int = 1


@dataclass
class Everything:
    number: float = 1.5
    color: Color = Color.RED
    path: Path = Path("a/b")
    pair: tuple[int, str] = (1, "x")
    items: list[float] = field(default_factory=lambda: [1.0])
    inner: Inner = field(default_factory=Inner)
    mode: Literal["fast", "slow"] = "fast"
    maybe: Optional[int] = None  # noqa: UP045
    either: Union[str, int] = 3  # noqa: UP007
    table: dict[str, int] = field(default_factory=dict)
    anything: Any = None


@pytest.mark.parametrize(("value", "hint", "expected"), [
    (1, float, 1.0), ("RED", Color, Color.RED), ("r", Color, Color.RED), (2, Color, Color.BLUE), ("x", Path, Path("x")),
    ([1, "a"], tuple[int, str], (1, "a")), ([1, 2], tuple[float, ...], (1.0, 2.0)), ({"depth": 3}, Inner, Inner(3)),
    (None, int | None, None), ([1], Sequence[float], [1.0]), ([1, 1], set[int], {1}), ("1", int | str, "1"),
    ({"a": 1}, Mapping[str, float], {"a": 1.0}), (1, Any, 1),
])
def test_conversion(value: Any, hint: Any, expected: Any) -> None:
    found = convert(value, hint)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(("value", "hint", "said"), [
    ("1", float, "a number is expected instead of '1'"), (1.0, int, "an integer"), (True, int, "an integer"),
    (True, float, "a number"), (1, bool, "true or false"), (1, str, "a text"), ("GREEN", Color, "one of RED, BLUE"),
    ("x", Literal["a", "b"], "one of 'a', 'b'"),
    ([1], tuple[int, int], r"a list of 2 items \(an integer, an integer\) is expected"),
    ("ab", list[str], "a list of texts is expected"),
    (3, dict[str, Color], "a mapping of items, each one of RED, BLUE"),
    ({"dept": 1}, Inner, 'there is no parameter "dept"'), ("x", int | None, "an integer or null"),
    ([1, "x"], list[int], "an integer is expected instead of 'x'"),
])
def test_what_does_not_convert(value: Any, hint: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        convert(value, hint)


@given(st.builds(Everything, number=st.floats(allow_nan=False), color=st.sampled_from(Color),
                 items=st.lists(st.floats(allow_nan=False)), inner=st.builds(Inner),
                 mode=st.sampled_from(["fast", "slow"]),
                 pair=st.tuples(st.integers(), st.text()), maybe=st.none() | st.integers(),
                 table=st.dictionaries(st.text(), st.integers())))
def test_what_a_class_means_survives_yaml(config: Everything) -> None:
    parameters = Parameters.of_class(Everything)
    section = to_yaml(config)
    assert not parameters.check(section)
    assert Everything(**parameters.values(section)) == config
    assert parameters.normalized(section) == section


def test_defaults_are_what_yaml_would_say() -> None:
    defaults = Parameters.of_class(Everything).defaults
    assert (defaults["color"], defaults["path"], defaults["pair"], defaults["inner"]) == (
        "RED", "a/b", [1, "x"], {"depth": 1})
    assert Parameters.of_class(Everything).normalized({"number": 1, "color": "r"}) == {"number": 1.0, "color": "RED"}
    assert asdict(Everything(**Parameters.of_class(Everything).values({}))) == asdict(Everything())


STAGES = """
    import enum
    from dataclasses import dataclass

    from repype_like.stage import Stage
    from tracing import trace


    class Kind(enum.Enum):
        MEAN = 1
        MEDIAN = 2


    @dataclass
    class FilterConfig:
        sigma: float = 1.0
        kind: Kind = Kind.MEAN

        def __post_init__(self):
            if self.sigma < 0:
                raise ValueError("sigma must not be negative")


    class Filter(Stage):
        inputs = ["input_id"]
        outputs = ["filtered"]
        config_class = FilterConfig

        def normalize_config(self, config):
            if "width" in config:  # its name in earlier versions
                config["sigma"] = config.pop("width") / 2
            return config

        def process(self, pipeline, config, input_id, status=None):
            trace(self.id, input_id)
            assert isinstance(config, FilterConfig)
            return {"filtered": f"{config.kind.name} {config.sigma!r}"}
    """


@pytest.fixture
def project(make_project: Callable[[Mapping[str, Any]], Project]) -> Project:
    return make_project({"stages.py": STAGES, "tasks/task.yml": {
        "runnable": True, "input_ids": [1], "config": {"filter": {"sigma": 2}}, "pipeline": ["stages.Filter"]}})


def test_a_config_class(project: Project) -> None:
    project.run("run", "tasks").ok()
    assert project.results("tasks")[1]["filtered"] == "MEAN 2.0"
    project.executions()
    for same in ("sigma: 2.0", "sigma: 2\n    kind: MEAN", "sigma: 2\n    kind: 1", "width: 4"):
        text = project.read("tasks/task.yml")
        project.edit("tasks/task.yml", "sigma: 2", same)
        project.run("run", "tasks").ok()
        assert project.executions() == {}, same
        project.write("tasks/task.yml", text)
    project.edit("tasks/task.yml", "sigma: 2", "kind: MEDIAN")
    project.run("run", "tasks").ok()
    assert project.results("tasks")[1]["filtered"] == "MEDIAN 1.0"


@pytest.mark.parametrize(("new", "said"), [
    ("sigma: wide", '"sigma": a number is expected'),
    ("kind: MODE", "one of MEAN, MEDIAN is expected instead of 'MODE'"),
    ("sgima: 2", 'there is no parameter "sgima"\n    did you mean "sigma"?'),
    ("sigma: -1", "FilterConfig: sigma must not be negative"),
])
def test_mistakes(project: Project, new: str, said: str) -> None:
    project.edit("tasks/task.yml", "sigma: 2", new)
    assert said in project.run("run", "tasks").exits(2).err


NESTED = """
    from dataclasses import dataclass, field

    from repype_like.stage import Stage


    @dataclass
    class Optimizer:
        name: str
        rate: float = 0.1

        def __post_init__(self):
            if self.rate <= 0:
                raise ValueError("rate must be positive")


    @dataclass
    class TrainConfig:
        optimizer: Optimizer = field(default_factory=lambda: Optimizer("sgd"))
        schedule: list[Optimizer] = field(default_factory=list)
        warmup: Optimizer | None = None


    class Train(Stage):
        inputs = ["input_id"]
        outputs = ["rate"]
        config_class = TrainConfig

        def process(self, pipeline, config, input_id, status=None):
            return {"rate": config.optimizer.rate}
    """


@pytest.mark.parametrize(("section", "at", "said"), [
    ("optimizer: {name: adam, rat: 1}", "rat", 'there is no parameter "rat"\n    did you mean "rate"?'),
    ("optimizer: {name: adam, rate: x}", "x", '"optimizer.rate": a number is expected instead of \'x\''),
    ("optimizer: {rate: 1}", "{", '"optimizer": the parameter "name" has no default and is not given'),
    ("optimizer: {name: adam, rate: -1}", "{", '"optimizer": Optimizer: rate must be positive'),
    ("schedule: [{name: adam}, {name: 3}]", "3", '"schedule.1.name": a text is expected instead of 3'),
    ("warmup: {name: sgd, rate: x}", "x", '"warmup.rate": a number is expected'),
    ("warmup: 3", "3", '"warmup": Optimizer or null is expected instead of 3'),
])
def test_mistakes_within_nested_classes(make_project: Callable[[Mapping[str, Any]], Project], section: str, at: str,
                                        said: str) -> None:
    project = make_project({"stages.py": NESTED, "tasks/task.yml": (
        f"runnable: true\ninput_ids: [1]\npipeline: [stages.Train]\nconfig:\n  train:\n    {section}\n")})
    answer = project.run("run", "tasks").exits(2).err
    assert said in answer
    column = f"    {section}".rindex("1" if at == "rat" else at) + 1
    assert answer.startswith(f'tasks/task.yml:6:{column}: config: the stage "train": ')


@pytest.mark.parametrize("typed", [False, True], ids=["config_class", "by its type"])
def test_the_code_of_what_hyperparameters_become_counts(make_project: Callable[[Mapping[str, Any]], Project],
                                                        typed: bool) -> None:
    project = make_project({"kinds.py": """
        import enum
        from dataclasses import dataclass, field


        class Kind(enum.Enum):
            FAST = 1


        @dataclass
        class Rate:
            value: float = 2.0

            def scaled(self):
                return self.value * 2


        @dataclass
        class Fit:
            rates: list[Rate] = field(default_factory=lambda: [Rate()])
        """, "stages.py": """
        from __future__ import annotations

        from kinds import Fit, Kind, Rate
        from repype_like.stage import stage
        from tracing import trace


        @stage(outputs=["by_class"], config_class=Fit)
        def fit(input_id, config):
            trace("fit", input_id)
            return config.rates[0].scaled()


        @stage(outputs=["by_keyword"])
        def rate(input_id, *, rate: Rate | None = None):
            trace("rate", input_id)
            return rate.scaled()


        @stage(outputs=["by_enum"])
        def pick(input_id, *, kind: Kind):
            trace("pick", input_id)
            return kind.value
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.fit", "stages.rate", "stages.pick"],
                          "config": {"rate": {"rate": {"value": 3}}, "pick": {"kind": "FAST"}}}})
    if typed:
        project.edit("stages.py", ", config_class=Fit", "")
        project.edit("stages.py", "def fit(input_id, config)", "def fit(input_id, config: Fit)")
    project.run("run").ok()
    assert project.executions() == {("fit", 1): 1, ("rate", 1): 1, ("pick", 1): 1}
    project.edit("kinds.py", "self.value * 2", "self.value * 5")
    project.run("run").ok()
    assert project.executions() == {("fit", 1): 1, ("rate", 1): 1}
    project.edit("kinds.py", "FAST = 1", "FAST = 7")
    project.run("run").ok()
    assert project.executions() == {("pick", 1): 1}
    assert project.results()[1] == {"input_id": 1, "by_class": 10.0, "by_keyword": 15.0, "by_enum": 7}
