"""Makes the golden tree of the format version of this program: what later versions have to be able to read.

    python tests/golden/make.py

writes ``tests/golden/v<version>/``, a finished tree, unless it is there. Keep what it has written in the repository,
and never change it. It holds no pickles and nothing that depends on the version of Python.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from repype_like.store.digest import decode_digest, encode_digest
from repype_like.store.layout import FORMAT_VERSION

STAGES = '''\
"""The stages of the golden trees."""

from repype_like.stage import Stage


class Load(Stage):
    """A large value for the first input, which becomes a blob."""

    version, fingerprint = 1, "version"
    inputs = ["input_id"]
    outputs = ["image"]

    def process(self, pipeline, config, input_id, status=None):
        import numpy

        return {"image": (numpy.arange(8_500 // input_id ** 4) * 0.37) ** 2 % 1.0 * 5}


class Look(Stage):
    """A value that is not kept."""

    version, fingerprint = 1, "version"
    inputs = ["image"]
    outputs = ["size"]

    def process(self, pipeline, config, image, status=None):
        return {"size": image.size}


class Mark(Stage):
    """Reads a file and makes one."""

    version, fingerprint = 1, "version"
    inputs = ["image", "input_id"]
    outputs = ["marked", "labels"]
    default_config = {"level": 2}

    def process(self, pipeline, config, image, input_id, status=None):
        text = pipeline.resolve("notes", input_id).read_text(encoding="utf-8")
        pipeline.resolve("made", input_id).write_text(text.upper(), encoding="utf-8")
        return {"marked": {"level": config["level"], "text": text.strip(), "none": None, "list": [1, 2.5, "\\u00e9"]},
                "labels": (image > config["level"]).astype("int16")}


class Total(Stage):
    """Small values."""

    version, fingerprint = 1, "version"
    inputs = ["size", "image", "labels", "input_id"]
    outputs = ["total", "count"]

    def process(self, pipeline, config, size, image, labels, input_id, status=None):
        return {"total": float(image.sum()), "count": int(labels.sum())}
'''

FILES = {
    "stages.py": STAGES,
    "tasks/task.yml": """\
runnable: true
pipeline: [stages.Load, stages.Look, stages.Mark, stages.Total]
input_ids: [1, 2]
marginal_stages: [look]
scopes:
  notes: "{ROOTDIR}/notes/%s.txt"
  made: "made-%s.txt"
""",
    "tasks/level=3/task.yml": "config:\n  mark:\n    level: 3\n",
    "tasks/notes/1.txt": "one\n",
    "tasks/notes/2.txt": "two\n",
}


def main() -> None:
    """Make the tree of the present format version."""
    target = Path(__file__).parent / f"v{FORMAT_VERSION}"
    if target.exists():
        sys.exit(f"{target} is there; it is never made again")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "golden"
        for path, content in FILES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "repype_like", "run", "tasks"], cwd=root, check=True)
        for file in root.rglob("digest.json"):  # on which machine it was made is nobody's business
            digest = decode_digest(file.read_bytes(), file)
            digest.provenance = {}
            file.write_bytes(encode_digest(digest))
        shutil.copytree(root, target, ignore=shutil.ignore_patterns("__pycache__", "aside", "runs"))


if __name__ == "__main__":
    main()
