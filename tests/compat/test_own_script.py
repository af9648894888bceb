"""A project whose task class, with its hooks, lives in the user's own script."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

STAGES = """
    import csv
    import numpy as np
    import repype.status
    from repype.stage import Stage
    from repype.typing import Optional, PipelineData

    class LoadStage(Stage):
        inputs = ['input_id']
        outputs = ['image', 'meta']

        def process(self, input_id, pipeline, config, status=None) -> PipelineData:
            path = pipeline.resolve('raw', input_id)
            image = np.loadtxt(path, delimiter=',')
            return dict(image=image * config.get('gain', 1.0), meta=dict(name=path.name, shape=image.shape))

    class Blur(Stage):
        id = 'smooth'
        inputs = ['input_id']
        consumes = ['image']
        outputs = ['smooth', 'noise']

        def configure(self, pipeline, input_id, *args, **kwargs):
            scale = 3.0 if input_id == 'alpha' else float(input_id)
            return {
                'radius': (scale, 1.0, dict(type=int, min=2, max=5)),
                'weight': [scale, 0.5],
            }

        def process(self, image, input_id, pipeline, config, status=None):
            result = image.copy()
            for step in repype.status.progress(status, range(config['radius']), details='smoothing'):
                result = (np.roll(result, 1, 0) + config['weight'] * result + np.roll(result, -1, 0)) / 3
            repype.status.update(status, f'smoothed {input_id}')
            return dict(smooth=result, noise=round(float(np.abs(image - result).mean()), 6))

    class SegmentStage(Stage):
        inputs = ['smooth']
        outputs = ['mask', 'count']

        def process(self, smooth, pipeline, config, status=None):
            mask = smooth > config.get('threshold', 0.5) * smooth.max()
            return dict(mask=mask, count=int(mask.sum()))

    class RefineStage(Stage):
        enabled_by_default = False
        inputs = ['input_id', 'mask', 'smooth']

        def process(self, input_id, mask, smooth, pipeline, config, status: Optional[repype.status.Status] = None):
            refined = np.logical_and(mask, smooth > config.get('level', 0.0)).astype(int)
            np.savetxt(pipeline.resolve('refined', input_id), refined, fmt='%d')
            return {}

    class C2_MeasureStage(Stage):
        inputs = ['input_id', 'mask', 'smooth', 'noise', 'meta', 'count']
        outputs = ['table', 'summary']

        def process(self, input_id, mask, smooth, noise, meta, count, pipeline, config, status=None):
            sub = repype.status.derive(status)
            rows = []
            for row in repype.status.progress(sub, iter(range(len(mask))), iterations=len(mask)):
                rows.append((row, int(mask[row].sum())))
            repype.status.update(sub, info='rows', rows=len(rows), intermediate=True)
            path = pipeline.resolve('tables', input_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open('w', newline='') as file:
                csv.writer(file).writerows(rows)
            summary = dict(id=input_id, count=count, noise=noise, name=meta['name'], unit=config.get('unit', 'px'))
            return dict(table=rows, summary=summary)

    class ReportStage(Stage):
        inputs = ['summary']

        def process(self, summary, pipeline, config, status=None):
            path = pipeline.resolve('report', summary['id'])
            path.write_text(f"{summary['id']!r}: {summary['count']}")
            return dict()
    """

SCRIPT = """
    import json
    import sys
    import repype.cli
    import repype.task

    class CellTask(repype.task.Task):

        def create_config(self):
            config = super().create_config()
            if 'segment/quality' in config:
                config.set_default('segment/threshold', dict(low=0.9, high=0.4)[config['segment/quality']])
                config['segment/threshold'] = dict(low=0.9, high=0.4)[config.pop('segment/quality', None)]
            return config

        def note(self, *what):
            with open('hooks.jsonl', 'a') as file:
                file.write(json.dumps([self.path.name, *what]) + chr(10))

        def on_load_start(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            self.note(stage.id, event, input_id, sorted(data), pipeline.find(stage.id))

        def on_smooth_end(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            self.note(stage.id, event, input_id, sorted(data), data['noise'], config['radius'])

        def on_refine_skip(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            self.note(stage.id, event, input_id)

        def on_c_2_measure_after(self, stage, event, pipeline, input_id, data, config, status, **kwargs):
            self.note(stage.id, event, input_id, sorted(data), config.get('unit', '?'))

    if __name__ == '__main__':
        sys.exit(0 if repype.cli.run_cli(CellTask) else 1)
    """

FILES = {
    "stages.py": STAGES,
    "run.py": SCRIPT,
    "data/1.csv": "1,2,3\n4,5,7\n9,1,2\n", "data/2.csv": "5,5,1\n0,2,7\n3,1,2\n",
    "data/alpha.csv": "1,0,0\n4,5,9\n9,1,4\n",
    "tasks/task.yml": """
        runnable: true
        pipeline:
          - stages.ReportStage
          - stages.C2_MeasureStage
          - stages.RefineStage
          - stages.SegmentStage
          - stages.Blur
          - stages.LoadStage
        scopes:
          raw: "{ROOTDIR}/../data/%s.csv"
          tables: tables/%s.csv
          report: "report-%s.txt"
          refined: "%s.refined"
          config: cfg/%s.yml
        input_ids: 1-2
        marginal_stages:
          - stages.LoadStage
          - segment
        base_config_path: base.yml
        config:
          load:
            gain: 2.0
        """,
    "tasks/base.yml": """
        load: {gain: 1.5}
        segment: {threshold: 0.6}
        c-2-measure: {unit: um}
        """,
    "tasks/refined/task.yml": """
        config:
          refine: {enabled: true, level: 0.7}
        """,
    "tasks/radius/task.yml": """
        config:
          smooth: {AF_radius: 2}
        scopes:
          report: "{DIRNAME}-%s.txt"
        """,
    "tasks/radius/fixed/task.yml": """
        base_config_path: "{ROOTDIR}/base.yml"
        config:
          smooth: {radius: 7, weight: null}
        input_ids: [2, 1]
        marginal_stages: []
        """,
    "letters/task.yml": """
        runnable: true
        pipeline: [stages.LoadStage, stages.Blur, stages.SegmentStage]
        scopes: {raw: "../data/%s.csv"}
        input_ids: alpha
        """,
    "tasks/quality/task.yml": """
        config:
          segment: {quality: low}
        """,
}

LOAD = """
    import json, sys
    import repype.batch, run
    batch = repype.batch.Batch(run.CellTask)
    batch.load(sys.argv[1])
    shown = {}
    for context in batch.contexts:
        results = context.task.load() if context.task.digest is not None else {}
        shown[context.task.path.name] = [context.pending, {
            repr(input_id): {field: fields[field].tolist() if hasattr(fields[field], 'tolist') else fields[field]
                             for field in sorted(fields)} for input_id, fields in results.items()}]
    print(json.dumps(shown))
    """


@pytest.fixture
def old(make_old_project: Any) -> Any:
    return make_old_project({**FILES, "load.py": LOAD})


def test_it_runs_with_the_same_results(old: Any) -> None:
    _, run = old
    run("run.py", "tasks", "--run")
    tasks = run("load.py", "tasks").json()
    assert {name: pending for name, (pending, _) in tasks.items()} == dict.fromkeys(
        ["tasks", "quality", "radius", "fixed", "refined"], "")
    assert tasks["quality"][1]["1"] == {
        "input_id": 1, "noise": 3.938272, "table": [[0, 1], [1, 1], [2, 1]],
        "smooth": [[6.277777777777778, 3.6666666666666665, 5.5],
                   [6.444444444444444, 3.8333333333333335, 5.722222222222222],
                   [6.722222222222221, 3.6111111111111107, 5.4444444444444455]],
        "summary": {"id": 1, "count": 3, "noise": 3.938272, "name": "1.csv", "unit": "um"}}
    counts = {name: [fields["summary"]["count"] for fields in results.values()]
              for name, (_, results) in tasks.items()}
    assert counts == {"tasks": [6, 9], "quality": [3, 3], "radius": [6, 9], "fixed": [6, 9], "refined": [6, 9]}
    assert sorted(tasks["fixed"][1]["2"]) == [
        "count", "input_id", "mask", "meta", "noise", "smooth", "summary", "table"]
    assert tasks["fixed"][1]["2"]["meta"] == {"name": "2.csv", "shape": [3, 3]}
    assert tasks["fixed"][1]["2"]["noise"] == 2.888889


def test_files_lie_where_the_scopes_say(old: Any) -> None:
    project, run = old
    run("run.py", "tasks", "--run")
    assert project.read("tasks/report-2.txt") == "2: 9"
    assert project.read("tasks/radius/radius-1.txt") == "1: 6"
    assert project.read("tasks/radius/fixed/fixed-2.txt") == "2: 9"
    assert project.read("tasks/refined/tables/1.csv").split() == ["0,2", "1,2", "2,2"]
    assert project.read("tasks/refined/1.refined").split("\n")[0] == "1 0 1"
    assert not (project.root / "tasks/1.refined").exists(), "the stage is disabled there"
    final = yaml.safe_load(project.read("tasks/radius/fixed/cfg/2.yml"))
    assert final["smooth"] == {"AF_radius": 2, "AF_weight": 0.5, "enabled": True, "radius": 5, "weight": 1.0}
    assert final["load"] == {"enabled": True, "gain": 1.5}
    assert final["c-2-measure"] == {"enabled": True, "unit": "um"}


def test_hooks_are_called_beside_the_stages(old: Any) -> None:
    """With repype 1.0.4 they are called only if a task is run from a script that has set them up."""
    project, run = old
    run("run.py", "letters", "--run")
    assert [json.loads(line) for line in project.read("hooks.jsonl").splitlines()] == [
        ["letters", "load", "start", "alpha", ["input_id"], 0],
        ["letters", "smooth", "end", "alpha", ["input_id", "meta", "noise", "smooth"], 3.372942, 3]]


def test_exit_codes_are_those_of_the_script(old: Any) -> None:
    project, run = old
    run("run.py", code=2)
    run("run.py", "tasks", "--run", "--reset", code=2)
    project.edit("stages.py", "count=int(mask.sum())", "count=int(mask.sum()) // 0")
    run("run.py", "tasks", "--run", code=1)
