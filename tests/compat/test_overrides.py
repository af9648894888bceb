"""A project that overrides how tasks, pipelines and stages run and store."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pytest

SURVEY = """
    import json
    import pickle

    import repype.pipeline
    import repype.stage
    import repype.task

    def note(*what):
        with open('notes.jsonl', 'a') as file:
            print(json.dumps(what), file=file)

    class Collect(repype.stage.Stage):
        inputs = ['input_id']
        outputs = ['answers', 'raw']

        def process(self, input_id, pipeline, config, status=None):
            note('collect', input_id)
            return dict(answers=[input_id * factor for factor in config.get('factors', [1, 2, 3])], raw=b'x' * 10)

    class Score(repype.stage.Stage):
        inputs = ['answers']
        outputs = ['score']

        def run(self, pipeline, input_id, data, config, status=None, **kwargs):
            note('score.run', input_id)
            seconds = super().run(pipeline, input_id, data, config, status=status, **kwargs)
            data['score'] = data['score'] + config.get('bonus', 0)
            return seconds

        def process(self, answers, pipeline, config, status=None):
            return dict(score=sum(answers) * config.get('weight', 1))

    class Whole(repype.pipeline.Pipeline):

        def process(self, input_id, config, *args, **kwargs):
            note('process', input_id)
            data, config, times = super().process(input_id, config, *args, **kwargs)
            data['score'] = -data['score']
            return data, config, times

    def whole(*args, **kwargs):
        return repype.pipeline.create_pipeline([Collect(), Score()], *args, pipeline_cls=Whole, **kwargs)

    class Announced(repype.task.Task):

        def run(self, config, *args, **kwargs):
            note('run', self.path.name)
            config['score/weight'] = config.get('score/weight', 1) * 10
            data = super().run(config, *args, **kwargs)
            note('ran', self.path.name, {str(input_id): fields['score'] for input_id, fields in data.items()})
            return data

        def on_score_end(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            note('hook', self.path.name, input_id, data['score'])

    class Total(repype.task.Task):

        def store(self, pipeline, data, config, times):
            super().store(pipeline, data, config, times)
            total = sum(fields['score'] for fields in data.values())
            (self.path / 'total.json').write_text(json.dumps(total))

        def load(self, pipeline=None):
            data = super().load(pipeline)
            for fields in data.values():
                fields['share'] = fields['score'] / json.loads((self.path / 'total.json').read_text())
            return data

        def strip_marginals(self, pipeline, data_chunk):
            stripped = super().strip_marginals(pipeline, data_chunk)
            stripped['answers'] = stripped['answers'][:2]
            return stripped

    class FromScratch(repype.task.Task):

        def find_pickup_task(self, pipeline, config):
            return dict(task=None, first_diverging_stage=None)

    class Stubborn(repype.task.Task):

        def find_first_diverging_stage(self, pipeline, config):
            return pipeline.stage('score')

    class OwnStore(repype.task.Task):
        '''Keeps nothing but a pickle of its own.'''

        def store(self, pipeline, data, config, times):
            plain = {input_id: dict(fields) for input_id, fields in data.items()}
            (self.path / 'own.pickle').write_bytes(pickle.dumps(plain))
            super().store(pipeline, data, config, times)

        def load(self, pipeline=None):
            return pickle.loads((self.path / 'own.pickle').read_bytes())
    """

LIST = "runnable: true\npipeline: [survey.Collect, survey.Score]\ninput_ids: 1-2\nmarginal_stages: []\n"

FILES = {
    "survey.py": SURVEY,
    "run.py": """
        import sys, survey, repype.cli, repype.task
        sys.exit(0 if repype.cli.run_cli(getattr(survey, sys.argv.pop(), repype.task.Task)) else 1)
        """,
    "use_load.py": """
        import sys, survey, repype.batch, repype.task
        batch = repype.batch.Batch(getattr(survey, sys.argv[2], repype.task.Task))
        batch.load(sys.argv[1])
        for context in batch.contexts:
            print(context.task.path.resolve().name, repr(context.pending))
            for input_id, fields in context.task.load().items():
                print(input_id, {field: fields[field] for field in sorted(fields)})
        """,
    "use_in_process.py": """
        import sys, survey, repype.batch, repype.task
        batch = repype.batch.Batch(getattr(survey, sys.argv[2], repype.task.Task))
        batch.load(sys.argv[1])
        for context in batch.pending:
            data = context.run()
            for input_id, fields in data.items():
                print(input_id, {field: fields[field] for field in sorted(fields)})
            print(repr(context.task.is_pending(context.pipeline, context.task.create_config())))
        """,
    "plain/task.yml": LIST,
    "announced/task.yml": LIST + "config: {score: {bonus: 0.5}}\n",
    "total/task.yml": LIST, "total/more/task.yml": "config: {collect: {factors: [5, 6, 7]}}\n",
    "scratch/task.yml": LIST, "scratch/child/task.yml": "config: {score: {weight: 2}}\n",
    "stubborn/task.yml": LIST, "stubborn/child/task.yml": "config: {}\n",
    "own/task.yml": LIST,
    "whole/task.yml": LIST.replace("[survey.Collect, survey.Score]", "survey.whole"),
}


@pytest.fixture
def old(make_old_project: Callable[..., Any]) -> Any:
    return make_old_project(FILES)


def loaded(run: Any, task: str, cls: str) -> dict[str, Any]:
    """Return what a script loads: by task, why it is pending, and its fields by input."""
    tasks: dict[str, Any] = {}
    fields: dict[Any, Any] = {}
    for line in run("use_load.py", task, cls).out.splitlines():
        name, _, text = line.partition(" ")
        value = ast.literal_eval(text)
        if isinstance(value, str):
            fields = tasks[name] = {"pending": value}
        else:
            fields[int(name)] = {field: item for field, item in value.items() if field not in ("raw", "input_id")}
    return tasks


def noted(project: Any) -> list[Any]:
    """Return what the project has noted since the last call; inputs may be processed in any order."""
    path = project.root / "notes.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted((json.loads(line) for line in lines), key=str)


RUNS = [["collect", 1], ["collect", 2], ["score.run", 1], ["score.run", 2]]


def test_a_stage_with_its_own_run(old: Any) -> None:
    project, run = old
    project.edit("plain/task.yml", "marginal_stages: []", "config: {score: {bonus: 0.5}}")
    run("run.py", "plain", "--run", "Task")
    assert noted(project) == RUNS
    assert loaded(run, "plain", "Task")["plain"] == {
        "pending": "", 1: {"answers": [1, 2, 3], "score": 6.5}, 2: {"answers": [2, 4, 6], "score": 12.5}}
    # Of another size: the script imports the module itself, and Python judges its bytecode by second and size.
    project.edit("survey.py", "sum(answers)", "max(answers, default=0)")
    run("run.py", "plain", "--run", "Task")
    assert noted(project) == RUNS[2:]
    assert loaded(run, "plain", "Task")["plain"][2] == {"answers": [2, 4, 6], "score": 6.5}


def test_a_task_with_its_own_run(old: Any) -> None:
    """It changes the hyperparameters that it is given, so that it is never what the specification asks for."""
    project, run = old
    run("run.py", "announced", "--run", "Announced")
    assert noted(project) == sorted([
        ["run", "announced"], *RUNS, ["ran", "announced", {"1": 60.5, "2": 120.5}],
        ["hook", "announced", 1, 60], ["hook", "announced", 2, 120]], key=str)
    assert loaded(run, "announced", "Announced")["announced"] == {
        "pending": "specification", 1: {"answers": [1, 2, 3], "score": 60.5}, 2: {"answers": [2, 4, 6], "score": 120.5}}
    run("run.py", "announced", "--run", "Announced")
    assert noted(project) == [["ran", "announced", {"1": 60.5, "2": 120.5}], ["run", "announced"]]


def test_a_task_that_stores_loads_and_strips_in_its_own_way(old: Any) -> None:
    project, run = old
    run("run.py", "total", "--run", "Total")
    assert json.loads(project.read("total/more/total.json")) == 18 + 36
    tasks = loaded(run, "total", "Total")
    assert tasks["total"] == {"pending": "", 1: {"answers": [1, 2], "score": 6, "share": 6 / 18},
                              2: {"answers": [2, 4], "score": 12, "share": 12 / 18}}
    assert tasks["more"][2] == {"answers": [10, 12], "score": 36, "share": 36 / 54}
    noted(project)
    run("run.py", "total", "--run", "Total")
    assert not noted(project), "both are up to date"
    project.edit("survey.py", "['answers'][:2]", "['answers'][0:1]")
    run("run.py", "total", "--run", "Total")
    tasks = loaded(run, "total", "Total")
    assert tasks["total"][1]["answers"] == [1], "the code of such a class counts"


def test_a_task_that_starts_from_scratch(old: Any) -> None:
    project, run = old
    run("run.py", "scratch", "--run", "FromScratch")
    assert noted(project) == sorted([*RUNS, *RUNS], key=str)
    assert loaded(run, "scratch", "FromScratch")["child"] == {
        "pending": "", 1: {"answers": [1, 2, 3], "score": 12}, 2: {"answers": [2, 4, 6], "score": 24}}
    project.edit("scratch/child/task.yml", "weight: 2", "weight: 3")
    run("run.py", "scratch", "--run", "FromScratch")
    assert noted(project) == RUNS, "although the first stage had results"


def test_a_task_that_always_begins_with_a_certain_stage(old: Any) -> None:
    """With repype 1.0.4 it cannot run at all, since there is nothing to begin with."""
    project, run = old
    run("run.py", "stubborn", "--run", "Stubborn")
    noted(project)
    assert loaded(run, "stubborn", "Stubborn")["child"]["pending"] == ""
    project.edit("survey.py", "bonus", "extra")
    run("run.py", "stubborn", "--run", "Stubborn")
    assert ["collect", 1] not in noted(project)


def test_a_task_with_its_own_store(old: Any) -> None:
    _, run = old
    run("run.py", "own", "--run", "OwnStore")
    assert loaded(run, "own", "OwnStore")["own"] == {
        "pending": "", 1: {"answers": [1, 2, 3], "score": 6}, 2: {"answers": [2, 4, 6], "score": 12}}


def test_a_pipeline_that_processes_in_its_own_way(old: Any) -> None:
    project, run = old
    run("run.py", "whole", "--run", "Task")
    assert noted(project) == sorted([["process", 1], ["process", 2], *RUNS], key=str)
    assert loaded(run, "whole", "Task")["whole"] == {
        "pending": "", 1: {"answers": [1, 2, 3], "score": -6}, 2: {"answers": [2, 4, 6], "score": -12}}
    run("run.py", "whole", "--run", "Task")
    assert not noted(project)
    project.edit("survey.py", "-data['score']", "-2 * data['score']")
    assert loaded(run, "whole", "Task")["whole"]["pending"] == "pipeline"
    run("run.py", "whole", "--run", "Task")
    assert loaded(run, "whole", "Task")["whole"][2]["score"] == -24


@pytest.mark.parametrize(("task", "cls"), [
    ("plain", "Task"), ("total", "Total"), ("whole", "Task"), ("own", "OwnStore"),
])
def test_tasks_run_in_the_process_of_a_script_after_their_inputs_changed(old: Any, task: str, cls: str) -> None:
    """With repype 1.0.4 that takes a reset."""
    project, run = old
    run("run.py", task, "--run", cls)
    project.edit(f"{task}/task.yml", "1-2", "2-3")
    run("use_in_process.py", task, cls)
    fields = loaded(run, task, cls)[task]
    assert fields["pending"] == ""
    assert set(fields) == {"pending", 2, 3}


def test_what_fails_in_code_of_the_users_own_is_named(old: Any) -> None:
    project, run = old
    project.edit("survey.py", "note('process', input_id)", "note('process', 1 / 0)")
    told = run("run.py", "whole", "--run", "Task", code=1).err
    assert "ZeroDivisionError" in told
    assert "survey.py" in told
