"""A project with a pipeline class of its own, and scripts that use batches and tasks without the command line."""
# ruff: noqa: E501  what scripts print is as long as it is

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

LAB = """
    import json
    import pathlib
    from dataclasses import dataclass, field

    import repype.pipeline
    import repype.task
    from repype.batch import Batch, RunContext
    from repype.pipeline import create_pipeline
    from repype.stage import Stage
    from repype.typing import Dict, InputID, List

    @dataclass
    class Peak:
        position: int
        height: float
        tags: List[str] = field(default_factory=list)

    class ReadStage(Stage):
        inputs = ['input_id']
        outputs = ['signal']

        def __init__(self, folder):
            super().__init__()
            self.folder = folder

        def process(self, input_id, pipeline, config, status=None):
            text = (pipeline.folder / self.folder / f'{input_id}.txt').read_text()
            return {'signal': [float(word) for word in text.split()]}

    class Baseline(Stage):
        inputs = ['signal']
        outputs = ['flat']

        def process(self, signal, pipeline, config, status=None):
            signal.sort() if config.get('sort', False) else None
            base = min(signal) if config.get('mode', 'min') == 'min' else config['level']
            return {'flat': [value - base for value in signal]}

    class PeaksStage(Stage):
        inputs = ['flat', 'input_id']
        outputs = ['peaks', 'best']

        def configure(self, pipeline, input_id, offset=0):
            return {'height': [pipeline.gain[0] + offset, 1, {'type': float, 'max': 2.5}]}

        def process(self, flat, input_id, pipeline, config, status=None):
            peaks = [Peak(index, value, [str(input_id)]) for index, value in enumerate(flat) if value > config['height']]
            return {'peaks': peaks, 'best': max((peak.height for peak in peaks), default=None)}

    class SpectrumPipeline(repype.pipeline.Pipeline):

        gain = (2.0, 1.0)

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.folder = pathlib.Path(__file__).parent

        @property
        def detector(self):
            return self.stage('peaks')

    def build(*args, scopes, **kwargs):
        stages = [PeaksStage(), Baseline(), ReadStage('spectra')]
        return create_pipeline(stages, *args, pipeline_cls=SpectrumPipeline, scopes=scopes, **kwargs)

    class SpectrumTask(repype.task.Task):

        @property
        def input_ids(self):
            return sorted(path.stem for path in (self.root.path.parent / 'spectra').glob(self.full_spec['pattern']))

        @property
        def marginal_stages(self):
            yield 'read'
            yield from super().marginal_stages

        def create_config(self):
            config = super().create_config()
            config['peaks/AF_height'] = self.full_spec.get('sensitivity', 1.0)
            return config

        def on_peaks_end(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            with open('hooks.jsonl', 'a') as file:
                print(json.dumps([self.path.name, event, input_id, data['best'], config['height']]), file=file)

    class LazyTask(SpectrumTask):
        '''Is complete once it is complete, whatever changes.'''

        def is_pending(self, pipeline, config):
            return super().is_pending(pipeline, config) if self.digest is None else ''
    """

USE_BATCH = """
    import asyncio
    import pathlib
    import sys
    import lab
    import repype.status
    from repype.batch import Batch, RunContext

    def describe(value):
        return repr(sorted(value.items(), key=lambda item: item[0])) if isinstance(value, dict) else repr(value)

    def main(root):
        batch = Batch(lab.SpectrumTask)
        batch.load(root)
        print('tasks', sorted(path.resolve().name for path in batch.tasks))
        print('contexts', [(rc.task.path.resolve().name, rc.pending) for rc in batch.contexts])
        with repype.status.create() as status:
            print('ran', asyncio.run(batch.run(status=status)))
        batch = Batch(lab.SpectrumTask)
        batch.load(root)
        print('pending', batch.pending)
        rc = batch.context(pathlib.Path(root) / 'sensitive')
        print(isinstance(rc, RunContext), rc.pipeline.detector.id, type(rc.pipeline).__name__, rc.config['peaks/AF_height'])
        for context in batch.contexts:
            for input_id, fields in sorted(context.task.load(context.pipeline).items()):
                print(context.task.path.resolve().name, input_id, describe(dict(fields)))
        print(batch.context(root).task is batch.task(root), batch.task(pathlib.Path(root) / 'nowhere'))
        print(rc.task.parent is batch.task(root), rc.task.root.path.resolve().name, [t.path.name for t in rc.task.parents])
        print(rc.task.digest['config'] == {}, rc.task.digest['pattern'], rc.task.digest['config'].get('baseline'))
        print(sorted(rc.pipeline.fields), sorted(rc.pipeline.persistent_fields))
        print(sorted(rc.task.get_marginal_fields(rc.pipeline)))
        print(rc.task.find_first_diverging_stage(rc.pipeline, rc.config))
        print(sorted(map(str, rc.task.times.df.columns)), rc.task.times['peaks', 'a'] >= 0)

    if __name__ == '__main__':
        main(sys.argv[1])
    """

USE_TASKS = """
    import pathlib
    import sys
    import lab
    from repype.config import Config

    root = lab.SpectrumTask(path=pathlib.Path('memory'), spec=dict(
        runnable=True, pipeline='lab.build', pattern='[ab].txt', config=dict(baseline=dict(mode='level', level=0.5))))
    root.path.mkdir(exist_ok=True)
    child = lab.SpectrumTask(path=root.path / 'child', spec=dict(sensitivity=0.25, config=dict(peaks=dict())), parent=root)
    child.path.mkdir(exist_ok=True)
    try:
        root.load()
    except AssertionError:
        print('nothing yet')
    for task in (root, child):
        pipeline, config = task.create_pipeline(), task.create_config()
        print(repr(task.is_pending(pipeline, config)), pipeline.stages, task.find_pickup_task(pipeline, config)['task'] is None)
        data = task.run(config, pipeline)
        print(sorted(data), sorted(data['a']), data['a']['best'], repr(task.is_pending(pipeline, config)))
        print({field: value for field, value in sorted(task.load()['b'].items())})
    config['peaks/height'] = 0.125
    found = child.find_pickup_task(pipeline, config)
    print(found['task'].path.name, found['first_diverging_stage'].id, child.find_first_diverging_stage(pipeline, config).id)
    print(child.compute_sha() != child.compute_sha(config), child.get_full_spec_with_config(config)['config']['peaks'])
    data, final, times = pipeline.process('a', pipeline.configure(config, 'a', offset=1))
    print(sorted(data), final['peaks/height'], sorted(times))
    data, final, times = pipeline.process('a', pipeline.configure(config, 'a'), first_stage='peaks', data=data)
    print(sorted(times), len(data['peaks']))
    print(child.run(child.create_config(), pickup=False, strip_marginals=False).keys() == {'a', 'b'})
    child.reset()
    print(repr(child.is_pending(pipeline, child.create_config())), child.digest)
    template = lab.SpectrumTask(path=root.path / 'template', spec=dict(runnable=False), parent=root)
    for attempt in (lambda: template.run(config), lambda: template.load()):
        try:
            attempt()
        except AssertionError as error:
            print('refused')
    """

FILES = {
    "lab.py": LAB, "use_batch.py": USE_BATCH, "use_tasks.py": USE_TASKS,
    "run.py": """
        import sys, lab, repype.cli
        sys.exit(0 if repype.cli.run_cli(getattr(lab, sys.argv.pop())) else 1)
        """,
    "spectra/a.txt": "1 2 3.5 1 0.5", "spectra/b.txt": "4 4 4.25 1", "spectra/c.txt": "0 9",
    "series/task.yml": """
        pipeline: lab.build
        pattern: "*.txt"
        runnable: true
        config:
          baseline: {mode: min}
        """,
    "series/sensitive/task.yml": "sensitivity: 0.5\nconfig: {peaks: {AF_height: 99}}\n",
    "series/level/task.yml": "config: {baseline: {mode: level, level: 0.25, sort: true}}\nmarginal_stages: [baseline]\n",
    "series/level/template/task.yml": "runnable: false\n",
}


BATCH_SAID = """\
tasks ['level', 'sensitive', 'series', 'template']
contexts [('series', 'incomplete'), ('level', 'incomplete'), ('sensitive', 'incomplete')]
ran True
pending []
True peaks SpectrumPipeline 0.5
series a [('best', 3.0), ('flat', [0.5, 1.5, 3.0, 0.5, 0.0]), ('input_id', 'a'), ('peaks', [P(2, 3.0, 'a')])]
series b [('best', 3.25), ('flat', [3.0, 3.0, 3.25, 0.0]), ('input_id', 'b'), ('peaks', [P(0, 3.0, 'b'), P(1, 3.0, 'b'), P(2, 3.25, 'b')])]
series c [('best', 9.0), ('flat', [0.0, 9.0]), ('input_id', 'c'), ('peaks', [P(1, 9.0, 'c')])]
level a [('best', 3.25), ('input_id', 'a'), ('peaks', [P(4, 3.25, 'a')])]
level b [('best', 4.0), ('input_id', 'b'), ('peaks', [P(1, 3.75, 'b'), P(2, 3.75, 'b'), P(3, 4.0, 'b')])]
level c [('best', 8.75), ('input_id', 'c'), ('peaks', [P(1, 8.75, 'c')])]
sensitive a [('best', 3.0), ('flat', [0.5, 1.5, 3.0, 0.5, 0.0]), ('input_id', 'a'), ('peaks', [P(1, 1.5, 'a'), P(2, 3.0, 'a')])]
sensitive b [('best', 3.25), ('flat', [3.0, 3.0, 3.25, 0.0]), ('input_id', 'b'), ('peaks', [P(0, 3.0, 'b'), P(1, 3.0, 'b'), P(2, 3.25, 'b')])]
sensitive c [('best', 9.0), ('flat', [0.0, 9.0]), ('input_id', 'c'), ('peaks', [P(1, 9.0, 'c')])]
True None
True series ['series']
False *.txt frozendict.frozendict({'mode': 'min'})
['best', 'flat', 'input_id', 'peaks', 'signal'] ['best', 'flat', 'input_id', 'peaks', 'signal']
['signal']
None
['a', 'b', 'c'] True
"""

STAGES = "[<ReadStage, id: read>, <Baseline, id: baseline>, <PeaksStage, id: peaks>]"

TASKS_SAID = f"""\
nothing yet
'incomplete' {STAGES} True
['a', 'b'] ['best', 'flat', 'input_id', 'peaks'] 3.0 ''
{{'best': 3.75, 'flat': [3.5, 3.5, 3.75, 0.5], 'input_id': 'b', 'peaks': [P(0, 3.5, 'b'), P(1, 3.5, 'b'), P(2, 3.75, 'b')]}}
'incomplete' {STAGES} False
['a', 'b'] ['best', 'flat', 'input_id', 'peaks'] 3.0 ''
{{'best': 3.75, 'flat': [3.5, 3.5, 3.75, 0.5], 'input_id': 'b', 'peaks': [P(0, 3.5, 'b'), P(1, 3.5, 'b'), P(2, 3.75, 'b')]}}
child peaks peaks
True {{'AF_height': 0.25, 'height': 0.125}}
['best', 'flat', 'input_id', 'peaks', 'signal'] 0.125 ['baseline', 'peaks', 'read']
['peaks'] 4
True
'incomplete' None
refused
refused
"""


def shortened(text: str) -> str:
    return re.sub(r"Peak\(position=(\d+), height=([\d.]+), tags=\[('\w')\]\)", r"P(\1, \2, \3)", text)


@pytest.fixture
def old(make_old_project: Callable[..., Any]) -> Any:
    return make_old_project(FILES)


def test_a_batch_runs_from_a_script(old: Any) -> None:
    project, run = old
    assert shortened(run("use_batch.py", "series").out) == BATCH_SAID
    hooks = sorted(project.read("hooks.jsonl").splitlines())
    assert hooks[:3] == ['["level", "end", "a", 3.25, 2.0]', '["level", "end", "b", 4.0, 2.0]',
                         '["level", "end", "c", 8.75, 2.0]']
    assert len(hooks) == 9


def test_tasks_run_from_a_script_without_any_file(old: Any) -> None:
    """With repype 1.0.4 it is the parent that ``find_pickup_task`` names first; here it is the task itself."""
    _, run = old
    assert shortened(run("use_tasks.py").out) == TASKS_SAID


def test_a_task_says_itself_whether_it_is_pending(old: Any) -> None:
    """What it calls complete is left alone, results included."""
    project, run = old
    run("run.py", "series", "--run", "LazyTask")
    project.edit("series/level/task.yml", "0.25", "0.75")
    assert "Nothing to do" in run("run.py", "series", "LazyTask").err
    run("run.py", "series", "--run", "LazyTask")
    assert "1 of 3 tasks would run" in run("run.py", "series", "SpectrumTask").err


def test_inputs_that_a_property_finds_are_up_to_date(old: Any) -> None:
    project, run = old
    run("run.py", "series", "--run", "SpectrumTask")
    project.remove("spectra/c.txt")
    project.write("spectra/d.txt", "1 2 9")
    (project.root / "hooks.jsonl").unlink()
    run("run.py", "series", "--run", "SpectrumTask")
    inputs = [json.loads(line)[2] for line in project.read("hooks.jsonl").splitlines()]
    assert inputs == ["d", "d", "d"], "with repype 1.0.4 that needs a reset, and runs everything"


def test_the_code_of_a_pipeline_class_that_configures_counts(old: Any) -> None:
    project, run = old
    run("run.py", "series", "--run", "SpectrumTask")
    project.edit("lab.py", "gain = (2.0, 1.0)", "gain = (1.50, 1.0)")
    assert "3 of 3 tasks would run" in run("run.py", "series", "SpectrumTask").err
