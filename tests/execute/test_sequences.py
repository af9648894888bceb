"""What stages yield: from stage to stage, and from the store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

YIELDS = stage("Cut", "", "tile number", """
    for index in range(input_id):
        yield {'tile': np.full(20_000, index)}
    return {'number': input_id}
    """)
RETURNS = stage("Cut", "", "tile number", """
    return {'tile': (np.full(20_000, index) for index in range(input_id)), 'number': input_id}
    """)
DECLARES = stage("Cut", "", "tile number", """
    return {'tile': [np.full(20_000, index) for index in range(input_id)], 'number': input_id}
    """, formats={"tile": "sequence"})

SUM = stage("Sum", "tile", "total", """
    once = [int(item.sum()) for item in tile]
    tile[0][:] = -1
    return {'total': [type(tile).__name__, len(tile), once, [int(item[0]) for item in tile[1:]], int(tile[0][0])]}
    """)


def _project(make_project: MakeProject, cut: str, **spec: Any) -> Project:
    return make_project({"stages.py": "import numpy as np\n" + stages(cut, SUM),
                         "tasks/task.yml": {"pipeline": ["stages.Cut", "stages.Sum"], "input_ids": "1-3",
                                            "runnable": True, **spec}})


@pytest.mark.parametrize("cut", [YIELDS, RETURNS, DECLARES], ids=["yields", "returns a generator", "declares"])
@pytest.mark.parametrize("marginal", [[], ["cut"]], ids=["kept", "marginal"])
def test_the_next_stage_and_whoever_loads_gets_a_lazy_sequence(make_project: MakeProject, cut: str,
                                                               marginal: list[str]) -> None:
    project = _project(make_project, cut, marginal_stages=marginal)
    project.run("run", "tasks", "-j2").ok()
    loaded = project.results("tasks")
    for number, fields in loaded.items():
        expected = ["StoredSequence", number, [20_000 * index for index in range(number)], list(range(1, number)), 0]
        assert fields["total"] == expected
        assert set(fields) == {"input_id", "total", *(() if marginal else ("tile", "number"))}
        if not marginal:
            assert [int(item[0]) for item in fields["tile"]] == list(range(number))
    assert not list((project.root / "tasks/.repype").glob("aside/*")), "nothing is left behind"


def test_stored_sequences_are_picked_up(make_project: MakeProject) -> None:
    project = _project(make_project, YIELDS)
    project.run("run", "tasks", "--serial").ok()
    project.executions()
    project.write("tasks/v/task.yml", {"config": {"sum": {"x": 1}}})
    project.run("run", "tasks", "--serial").ok()
    assert {name for name, _ in project.executions()} == {"sum"}
    assert project.results("tasks/v")[3]["total"] == project.results("tasks")[3]["total"]


def test_functions_yield_bare_items(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": """
            from repype_like.stage import stage

            @stage(outputs=["tile"])
            def cut(input_id, *, size: int = 2):
                for number in range(input_id):
                    yield number * size

            @stage(outputs=["total"])
            def add(tile):
                return sum(tile) + tile[-1]
            """,
        "task.yml": {"pipeline": ["stages.cut", "stages.add"], "input_ids": [3], "runnable": True}})
    project.run("run").ok()
    fields = project.results()[3]
    assert (list(fields["tile"]), fields["total"]) == ([0, 2, 4], 10)


def test_stages_that_yield_nothing_make_an_empty_sequence(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": stages(stage("A", "", "a b", "if input_id > 5:\n    yield {'a': 1}\n    yield {'a': 2, 'b': 3}")),
        "tasks/task.yml": {"pipeline": ["stages.A"], "input_ids": [5, 6], "runnable": True}})
    project.run("run", "tasks").ok()
    assert {number: [list(fields["a"]), list(fields["b"])] for number, fields in project.results("tasks").items()} == {
        5: [[], []], 6: [[1, 2], [3]]}


MISTAKES = {
    "yield {'a': 1}; raise ValueError('unfit')": "ValueError: unfit",
    "yield 5": 'stage "a" yielded int instead of dictionaries with the fields "a"',
    "yield {'aa': 5}": 'stage "a" yielded "aa" instead',
    "yield {'a': 1}; yield {'a': open('/dev/null')}": 'the field "a" cannot be stored: item 1: ',
    "yield {'a': 1}; return {'b': 1}": 'returned "b", which its outputs do not name',
    "return {'a': (1 // (2 - n) for n in range(4))}": "ZeroDivisionError",
}


@pytest.mark.parametrize("mode", ["--serial", "-j2"])
def test_what_goes_wrong_is_told_and_leaves_nothing(make_project: MakeProject, mode: str) -> None:
    functions = [f"def make_{number}():\n    {body}" for number, body in enumerate(MISTAKES)]
    project = make_project({
        "stages.py": stages(*functions, stage("A", "", "a", "return globals()[f'make_{input_id}']()")),
        "tasks/task.yml": {"pipeline": ["stages.A"], "input_ids": list(range(len(MISTAKES))), "runnable": True}})
    answer = project.run("run", "tasks", mode).exits(1)
    for words in MISTAKES.values():
        assert words in answer.err
    assert not list((project.root / "tasks/.repype").glob("*/*.zip"))


def test_files_that_are_read_while_items_are_made_count(make_project: MakeProject) -> None:
    body = "for index in range(2):\n    yield {'a': pipeline.resolve('in', input_id).read_text() + str(index)}"
    project = make_project({
        "stages.py": stages(stage("A", "", "a", body)), "in_1": "x",
        "tasks/task.yml": {"pipeline": ["stages.A"], "input_ids": [1], "runnable": True, "scopes": {"in": "../in_%s"}}})
    project.run("run", "tasks").ok()
    assert list(project.results("tasks")[1]["a"]) == ["x0", "x1"]
    project.write("in_1", "y")
    project.run("run", "tasks").ok()
    assert list(project.results("tasks")[1]["a"]) == ["y0", "y1"]


def test_pipelines_in_the_process_of_their_user_make_sequences_as_well(make_project: MakeProject) -> None:
    own = ("\n\nclass Own(Pipeline):\n    def process(self, *args, **kwargs):\n"
           "        return super().process(*args, **kwargs)")
    make = "\n\ndef make(**kwargs):\n    return create_pipeline([Sum(), Cut()], pipeline_cls=Own, **kwargs)\n"
    project = _project(make_project, YIELDS, pipeline="stages.make")
    project.write("stages.py", "from repype_like.pipeline import Pipeline, create_pipeline\n"
                  + project.read("stages.py") + own + make)
    project.run("run", "tasks").ok()
    fields = project.results("tasks")[2]
    assert fields["total"] == ["StoredSequence", 2, [0, 20_000], [1], 0]
    assert len(fields["tile"]) == 2


PEAK = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024"


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is told in kB on Linux only")
def test_the_whole_is_never_in_memory(make_project: MakeProject) -> None:
    """12 items of 8 MB are made, handed on and loaded with less than half of what they take together."""
    cut = stage("Cut", "", "tile made", f"""
        before = {PEAK}
        random = np.random.default_rng(0)
        for _ in range(12):
            yield {{'tile': random.random(1 << 20)}}
        return {{'made': {PEAK} - before}}
        """)
    read = stage("Sum", "tile", "read", f"before = {PEAK}\nassert sum(item[0] for item in tile) < 12\n{PEAK} - before")
    project = make_project({"stages.py": "import numpy as np, resource\n" + stages(cut, read),
                            "tasks/task.yml": {"pipeline": ["stages.Cut", "stages.Sum"], "input_ids": [1],
                                               "runnable": True}})
    project.run("run", "tasks", "-j1").ok()
    project.write("load.py", f"""
        import resource, repype_like, numpy
        fields = repype_like.open("tasks").load()[1]
        before = {PEAK}
        sequence = fields["tile"]
        assert sum(item.sum() > 0 for item in sequence) == len(sequence) == 12
        print({PEAK} - before, fields["made"], fields["read"])
        """)
    answer = subprocess.run([sys.executable, "load.py"], cwd=project.root, capture_output=True, text=True, check=True)
    loading, made, reading = map(int, answer.stdout.split())
    assert max(loading, made, reading) < 48, "MB"
