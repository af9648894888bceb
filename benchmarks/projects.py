"""The same work as a project of each tool: tasks of a few trivial stages, one after the other, on a few inputs.

Stage number s of task number t multiplies what the stage before has made by a number that differs from task to task
for the last stage only, so that tasks of a tree can share the others.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

__all__ = ["write_doit", "write_joblib", "write_jug", "write_pipefunc", "write_tree"]


def write_tree(directory: Path, tasks: int, stages: int, inputs: int = 1) -> None:
    """Write a task tree."""
    names = [f"Stage{number}" for number in range(stages)]
    code = ["from repype_like.stage import Stage"]
    for number, name in enumerate(names):
        field = "input_id" if number == 0 else f"f{number - 1}"
        code += [f"class {name}(Stage):", f"    inputs = [{field!r}]", f"    outputs = ['f{number}']",
                 f"    def process(self, pipeline, config, {field}, status=None):",
                 f"        return {{'f{number}': {field} * config['k']}}", ""]
    _write(directory / "stages.py", code)
    sections = ", ".join(f"{_id(number)}: {{k: 2}}" for number in range(stages))
    listed = ", ".join(f"stages.{name}" for name in names)
    _write(directory / "task.yml",
           [f"pipeline: [{listed}]", f"input_ids: 1-{inputs}" if inputs > 1 else "input_ids: 1",
            f"config: {{{sections}}}"])
    for task in range(tasks):
        _write(directory / f"t{task}/task.yml",
               ["runnable: true", f"config: {{{_id(stages - 1)}: {{k: {task}}}}}"])


def _id(number: int) -> str:
    return f"stage-{number}"


def write_doit(directory: Path, tasks: int, stages: int, inputs: int = 1) -> None:
    """Write a ``dodo.py``: results are kept in its database, and handed on by ``getargs``."""
    _write(directory / "dodo.py", [textwrap.dedent(f"""
        from doit.tools import config_changed

        def first(x, k):
            return {{"value": x * k}}

        def other(value, k):
            return {{"value": value * k}}

        def task_all():
            for t in range({tasks}):
                for x in range(1, {inputs} + 1):
                    for s in range({stages}):
                        k = t if s == {stages} - 1 else 2
                        task = {{"name": f"{{t}}-{{x}}-{{s}}", "uptodate": [config_changed({{"k": k, "x": x}})]}}
                        if s:
                            task["actions"] = [(other, [], {{"k": k}})]
                            task["getargs"] = {{"value": (f"all:{{t}}-{{x}}-{{s - 1}}", "value")}}
                        else:
                            task["actions"] = [(first, [x, k])]
                        yield task
        """)])


def write_jug(directory: Path, tasks: int, stages: int, inputs: int = 1) -> None:
    """Write a ``jugfile.py``."""
    _write(directory / "jugfile.py", [textwrap.dedent(f"""
        from jug import TaskGenerator

        @TaskGenerator
        def stage(value, s, k):
            return value * k

        for t in range({tasks}):
            for x in range(1, {inputs} + 1):
                value = x
                for s in range({stages}):
                    value = stage(value, s, t if s == {stages} - 1 else 2)
        """)])


def write_joblib(directory: Path, tasks: int, stages: int, inputs: int = 1) -> None:
    """Write a program whose functions are cached."""
    _write(directory / "program.py", [textwrap.dedent(f"""
        from joblib import Memory

        @Memory("cache", verbose=0).cache
        def stage(value, s, k):
            return value * k

        for t in range({tasks}):
            for x in range(1, {inputs} + 1):
                value = x
                for s in range({stages}):
                    value = stage(value, s, t if s == {stages} - 1 else 2)
        """)])


def write_pipefunc(directory: Path, tasks: int, stages: int, inputs: int = 1) -> None:
    """Write a program that maps a pipeline over all tasks and inputs, with results in files."""
    functions: list[str] = []
    for number in range(stages):
        source = "x" if number == 0 else f"f{number - 1}"
        functions += [f"@pipefunc(output_name='f{number}', mapspec='{source}[i] -> f{number}[i]')",
                      f"def stage{number}({source}):", f"    return {source} * 2", ""]
    names = ", ".join(f"stage{number}" for number in range(stages))
    _write(directory / "program.py", [
        "from pipefunc import Pipeline, pipefunc", "", *functions, "if __name__ == '__main__':",
        f"    Pipeline([{names}]).map({{'x': list(range({tasks * inputs}))}}, run_folder='cache', parallel=False,",
        "        storage='file_array', show_progress=False)"])


def _write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
