"""A small tree with all that a store can hold, and a check that what it holds is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chains import stage, stages
from project import TRACING
from repype_like.store import Store

__all__ = ["FILES", "RUN", "TASKS", "check_stores"]

RUN = ("run", "tasks", "--serial")

FILES: dict[str, Any] = {
    "tracing.py": TRACING,
    "stages.py": stages(
        stage("Load", "", "image", "import numpy\nreturn {'image': numpy.random.default_rng(input_id).random(70_000)}"),
        stage("Write", "image", "written", """
            made = pipeline.resolve("made", input_id)
            found = made.read_text() if made.exists() else ""
            made.write_text(found + str(config["level"]))
            return {"written": image * config["level"]}
            """),
        stage("Pack", "written", "pack", """
            folder = self.work_dir / "pack"
            folder.mkdir(exist_ok=True)
            (folder / "sum.txt").write_text(repr(float(written.sum())))
            return {"pack": folder}
            """, formats={"pack": "file"}),
        stage("Sum", "pack", "total", "float((pack / 'sum.txt').read_text())")),
    "tasks/task.yml": {"runnable": True, "pipeline": [f"stages.{name}" for name in ("Load", "Write", "Pack", "Sum")],
                       "input_ids": [1, 2],
                       "scopes": {"made": "made-%s.txt"}, "config": {"write": {"level": 2}}},
    "tasks/variant/task.yml": {"config": {"sum": {"n": 1}}},
}
TASKS = ("tasks", "tasks/variant")


def check_stores(root: Path, levels: set[int], *, complete: bool = False) -> None:
    """See that what is stored has the value that one of the `levels` gives."""
    for task in TASKS:
        store = Store(root / task)
        faults = [fault for fault in store.verify() if "a superseded output file" not in fault.problem]
        assert faults == [], "superseded files may be torn: they are compared before they are used"
        assert store.digest is not None, "the task had been completed before the fault"
        for stage_id, pairs in store.digest.records.items():
            for input_id, record_id in pairs:
                record = store.records.by_id(record_id)
                assert record is not None, f"{task}: {stage_id}, {input_id}: the record is gone"
                for name, field in record.fields.items():
                    assert field is not None
                    found = store.decode(field)
                    content = float((found / "sum.txt").read_text()) if isinstance(found, Path) else found
                    assert any(np.array_equal(content, value) for value in _values(name, input_id, levels))
        if complete:
            assert store.is_sound()
            assert not store.is_torn
            assert not list((root / task / ".repype").glob("aside/*")), "nothing is left behind"
            assert not list((root / task).glob(".times*"))
            for number in (1, 2):
                assert (root / task / f"made-{number}.txt").read_text() == "3"


def _values(field: str, input_id: Any, levels: set[int]) -> list[Any]:
    image = np.random.default_rng(input_id).random(70_000)
    return [{"image": image, "written": image * level, "total": float((image * level).sum()),
             "pack": float((image * level).sum())}[field]
            for level in levels]
