"""The format of one's own that the how-to shows works as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from project import Project

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "choose-formats.md"

TRIMESH = """
    class Trimesh:
        def __init__(self, text):
            self.text = text

        def export(self, path):
            path.write_text("solid " + self.text)

    def load_mesh(path):
        return Trimesh(path.read_text().removeprefix("solid "))
    """


def test_a_format_of_ones_own_is_ten_lines(make_project: Callable[[Mapping[str, Any]], Project]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    own, use = (next(block for block in blocks if start in block) for start in ("class Mesh", "formats import Mesh"))
    assert len(own.strip().splitlines()) <= 14, "the comment with the path and empty lines included"
    process = ("    def process(self, pipeline, config, status=None):\n"
               "        import trimesh\n        return {'surface': trimesh.Trimesh('sphere')}\n")
    read = ("\n\nclass Look(Stage):\n    inputs = ['surface']\n    outputs = ['text']\n\n"
            "    def process(self, pipeline, config, surface, status=None):\n        return {'text': surface.text}\n")
    project = make_project({
        "trimesh.py": TRIMESH, "formats.py": own,
        "stages.py": f"from repype_like.stage import Stage\n{use}\n{process}{read}",
        "task.yml": {"runnable": True, "pipeline": ["stages.Reconstruct", "stages.Look"], "input_ids": [1]}})
    project.run("run", "-j1").ok()
    blob, = (project.root / ".repype/blobs").iterdir()
    assert blob.suffix == ".stl"
    assert blob.read_text() == "solid sphere"
    project.edit("task.yml", "stages.Look", "stages.Look\nconfig: {look: {x: 1}}")
    project.run("run", "-j1").ok()
    assert project.run("show", ".", "text").ok().out == "sphere\n"
    described = project.run("show", ".", "surface").ok()
    assert described.out.startswith("trimesh.Trimesh, 12 B, stored as formats:Mesh")
    project.run("show", ".", "surface", "-o", "sphere.stl").ok()
    assert project.read("sphere.stl") == "solid sphere"
