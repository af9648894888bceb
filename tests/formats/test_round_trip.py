"""Values of all kinds come through a run, and out of the store in another process, as the stage has made them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import all_values
from chains import stage, stages
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

EMITTED = """
from all_values import VALUES

FIELDS = {"v_" + "".join(letter if letter.isalnum() else "_" for letter in name): name for name in VALUES}
OWN = ["local", "of_main", "function", "closure", "local_class"]


def emit():
    class Local:
        def __init__(self, size):
            self.size = size

        def double(self):
            return 2 * self.size

    of_main = type("OfMain", (Local,), {"__module__": "__main__", "__qualname__": "OfMain"})
    factor = 7
    return {**{field: VALUES[name] for field, name in FIELDS.items()}, "local": Local([3]), "of_main": of_main(4),
            "function": lambda number: number + 1, "closure": lambda number: number * factor, "local_class": Local}
"""

LOAD = """
import json
import repype_like
from all_values import VALUES, same
from emitted import FIELDS, OWN

results = repype_like.open("tasks").load()[1]
assert set(results) >= {*FIELDS, *OWN}
print(json.dumps({
    "wrong": {name: repr(results[field]) for field, name in FIELDS.items() if not same(results[field], VALUES[name])},
    "own": [results["local"].double(), type(results["of_main"]).__name__, results["of_main"].double(),
            results["function"](1), results["closure"](2), results["local_class"](5).double()]}))
"""


def test_values_of_all_kinds_come_back_in_another_process(make_project: MakeProject) -> None:
    emitted: dict[str, Any] = {}
    exec(EMITTED, emitted)
    fields = [*emitted["FIELDS"], *emitted["OWN"]]
    project = make_project({
        "all_values.py": Path(all_values.__file__).read_text(encoding="utf-8"),
        "emitted.py": EMITTED,
        "load.py": LOAD,
        "stages.py": stages(stage("Emit", "", " ".join(fields), "from emitted import emit\nreturn emit()")),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.Emit"], "input_ids": [1]}})
    project.run("run", "tasks", "-j1").ok()
    child = project._popen("load.py")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert json.loads(out) == {"wrong": {}, "own": [[3, 3], "OfMain", 8, 2, 14, 10]}
    project.executions()
    project.run("run", "tasks", "-j1").ok()
    assert not project.executions()


def test_masks_and_label_images_take_a_fraction_of_their_size(make_project: MakeProject) -> None:
    project = make_project({
        "stages.py": stages(stage("Segment", "", "noise mask labels", """
            import numpy as np
            rows, columns = np.ogrid[:1000, :1000]
            mask = (rows % 100 - 50) ** 2 + (columns % 100 - 50) ** 2 < 40 ** 2
            labels = np.where(mask, rows // 100 * 10 + columns // 100 + 1, 0).astype(np.int32)
            return {"noise": np.random.default_rng(input_id).random((200, 200)), "mask": mask, "labels": labels}
            """)),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.Segment"], "input_ids": "1-3"}})
    project.run("run", "tasks", "-j1").ok()
    found = project.results("tasks")
    raw = {name: sum(fields[name].nbytes for fields in found.values()) for name in ("noise", "mask", "labels")}
    taken = sum(path.stat().st_blocks * 512 for path in (project.root / "tasks/.repype").rglob("*"))
    assert raw["mask"] == 3 * 1000 * 1000
    assert raw["labels"] == 4 * raw["mask"]
    assert taken < 1.1 * raw["noise"] + (raw["mask"] + raw["labels"]) / 20
    assert all(fields["labels"].max() == 100 and fields["mask"].sum() > 400_000 for fields in found.values())
