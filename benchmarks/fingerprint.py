"""How long fingerprints take: 12 stages of a project with 30 modules and about 6,000 lines.

Cold, beside parsing and normalizing these modules once; warm, per stage. All figures are CPU time.
"""

from __future__ import annotations

import ast
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from repype_like.fingerprint.codebase import Codebase
from repype_like.fingerprint.fingerprint import Fingerprinter
from repype_like.fingerprint.normalize import Normalizer

MODULES, STAGES, FUNCTIONS = 30, 12, 11
ROUNDS = 7

_FUNCTION = '''

def step_{number}(image, sigma=1.0, mode="reflect", *, limit={number}, scale=SCALES["fine"]):
    """Smooth and cut an image, or do something like it; the text goes on for a while, as docstrings do.

    Arguments:
        image: An array.
        sigma: The width.
    """
    weights = [sigma ** power for power in range(limit) if power % 2 == 0]
    total = sum(weights) or 1.0  # never zero
    result = {{"mode": mode, "weights": [weight / total for weight in weights]}}
    for index, weight in enumerate(result["weights"]):
        if weight > THRESHOLD and index not in SKIPPED:
            result[f"w{{index}}"] = np.clip(image * weight, 0, limit)
        elif mode == "reflect":
            result.setdefault("rest", []).append((index, weight * scale))
    return {call}
'''


def write_project(root: Path) -> int:
    """Write the project to `root` and return its number of lines."""
    lines = 0
    for number in range(MODULES):
        text = ["import numpy as np", "", 'SCALES = {"fine": 0.5, "coarse": 2.0}', f"THRESHOLD = 0.{number + 1}",
                "SKIPPED = {1, 3, 5}"]
        others = [other for other in (number + 1, number + 2) if other < MODULES]
        text += [f"import module_{other}" for other in others[:1]]
        text += [f"from module_{other} import step_0 as other_{other}" for other in others[1:]]
        for function in range(FUNCTIONS):
            call = "result"
            if function + 1 < FUNCTIONS:
                call = f"step_{function + 1}(image, sigma)"
            elif others:
                call = f"module_{others[0]}.step_0(image, sigma)"
            text.append(_FUNCTION.format(number=function, call=call))
        (root / f"module_{number}.py").write_text("\n".join(text))
        lines += "\n".join(text).count("\n")
    stages = ["from repype_like.stage import Stage", *(f"import module_{number}" for number in range(STAGES))]
    stages += [f"""

class Stage{number}(Stage):
    inputs = ["x"]
    outputs = ["y{number}"]

    def process(self, pipeline, config, status=None, x=None):
        return dict(y{number}=module_{number}.step_0(x, config["sigma"]))
""" for number in range(STAGES)]
    (root / "stages.py").write_text("\n".join(stages))
    return lines


def seconds(action: Callable[[], Any]) -> float:
    """Return how long `action` takes, as CPU time."""
    started = time.process_time()
    action()
    return time.process_time() - started


def parse_and_dump(files: list[Path]) -> None:
    """Parse and normalize with nothing but the standard library: without docstrings, and as text."""
    for file in files:
        tree = ast.parse(file.read_bytes())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            first = body[0] if isinstance(body, list) and body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
        ast.dump(tree)


def parse_and_normalize(files: list[Path]) -> None:
    """Parse and normalize as the fingerprint does, once."""
    for file in files:
        for statement in ast.parse(file.read_bytes()).body:
            normalizer = Normalizer()
            normalizer.statement(statement)
            normalizer.close()


def measure(root: Path) -> tuple[float, float]:
    """Return the seconds for all stages, cold, and for each of them, warm; imports are not counted."""
    codebase = Codebase(root)
    classes = [codebase.load(f"stages.Stage{number}") for number in range(STAGES)]
    fingerprinter = Fingerprinter(codebase)
    cold = seconds(lambda: [fingerprinter.stage(cls()) for cls in classes])
    warm = seconds(lambda: [fingerprinter.stage(cls()) for cls in classes]) / STAGES
    return cold, warm


def main() -> int:
    """Measure, print and judge."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lines = write_project(root)
        files = sorted(root.glob("*.py"))
        measure(root)  # imports numpy and the rest
        rounds = [(seconds(lambda: parse_and_dump(files)), seconds(lambda: parse_and_normalize(files)), *measure(root))
                  for _ in range(ROUNDS)]
    dump, normalize, cold, warm = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{MODULES} modules, {lines} lines, {STAGES} stages; medians of {ROUNDS} rounds")
    print(f"parse and ast.dump, once      {dump * 1e3:8.1f} ms")
    print(f"parse and normalize, once     {normalize * 1e3:8.1f} ms")
    print(f"all fingerprints, cold        {cold * 1e3:8.1f} ms   {cold / normalize:.2f} x normalize (at most 1.5), "
          f"{cold / dump:.2f} x ast.dump")
    print(f"one fingerprint, warm         {warm * 1e3:8.1f} ms   (below 20)")
    return 0 if cold <= 1.5 * normalize and warm < 0.02 else 1


if __name__ == "__main__":
    sys.exit(main())
