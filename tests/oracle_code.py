"""The sources of the project that the master oracle edits: five to seven stages with a diamond, and two helper modules.

Every value says in words how it came about, so that whatever is stale shows in it.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["EXTRAS", "INERT", "MERGES", "SLOTS", "sources"]

SLOTS = ("factor", "gain", "scale", "deep", "default", "weight", "literal", "wrapped", "bounds")
"""Places in the code where a constant stands that changes results; each stands for a kind of code."""

INERT = ("comment", "docstring", "order", "unrelated", "blank")
"""Places in the code where an edit changes nothing."""

MERGES = ("Merge", "MergeB")
EXTRAS = ("Reread", "Extra", "Wide", "Gather")

_CONSTANTS = ("1", "2", "1.0", "True", "'1'")

_TRACING = '''\
"""Tells the test what is executed, and fails or dies where the test wants it. All it reads lies elsewhere."""

import json
import os
import signal


def begin(stage, input_id):
    """Fail or die, if that is wanted of this stage and input."""
    try:
        with open(os.environ["ORACLE_CONTROL"]) as file:
            control = json.load(file)
    except FileNotFoundError:
        return
    if [stage, input_id] == control.get("at"):
        if control["how"] == "edit":  # as a user does while it runs, once
            os.unlink(os.environ["ORACLE_CONTROL"])
            if os.fork() == 0:  # not in this process, whose own files are no inputs
                with open(control["path"], "a") as file:
                    file.write(control["text"])
                os._exit(0)
            os.wait()
        if control["how"] == "fail":
            raise RuntimeError("as the test wants it")
        if control["how"] == "kill":
            os.kill(int(os.environ["ORACLE_PID"]), signal.SIGKILL)
            signal.pause()
        if control["how"] == "die":
            os.kill(os.getpid(), signal.SIGKILL)


def ended(stage, input_id, value):
    """Append one line, in one write, so that lines of several processes do not mix."""
    descriptor = os.open(os.environ["ORACLE_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b"\\n" + json.dumps([stage, input_id, value]).encode() + b"\\n")
    os.close(descriptor)
    return value
'''

_HELPERS = '''\
import lib.core as core


BOUNDS = [0, {bounds}]


def scaled(text):
    """{docstring}"""
    return f"scaled({{text}}, {scale}, {{core.deep(text[:4])}})"


def bounded(text):
    # {comment}
    return f"bounded({{text}}, {{BOUNDS}})"
'''

_CORE = """\
import functools


def deep(text, seen=()):
    # {comment}
    if len(text) > 3:
        return _shorter(text)
    return f"{{text}}~{deep}"


def _shorter(text):
    return deep(text[1:])


def tagged(tag):
    def decorate(function):
        @functools.wraps(function)
        def inner(*args):
            return f"{{tag}}:{wrapped}:{{function(*args)}}"
        return inner
    return decorate
"""

_HEAD = '''\
"""{docstring}"""
# {comment}
from pathlib import Path

import helpers
import tracing
from lib.core import tagged as marked
from repype_like.stage import Stage

FACTOR = {factor}
TABLE = {{"gain": {{"low": {gain}, "high": 9}}, "names": {{"a", "b", "c"}}}}
'''

_PIECES = {
    "unrelated": """\
def unrelated():
    return {unrelated}
""",
    "joined": """\
def joined(text, offset={default}):
    def inner(part):
        return f"{{part}}+{{offset!r}}"
    return inner(text)
""",
    "signed": """\
@marked("signed")
def signed(text):
    return text
""",
    "Weighted": """\
class Weighted(Stage):
    weight = {weight}

    def weighted(self, text):
        return f"{{text}}*{{self.weight!r}}"
""",
    "Load": """\
class Load(Stage):
    inputs = ["input_id"]
    outputs = ["raw"]

    def process(self, pipeline, config, status=None, input_id=None):
        tracing.begin(self.id, input_id)
        data = pipeline.resolve("data", input_id)
        local = pipeline.resolve("local", input_id)
        more = local.read_text() if local.exists() else None
        raw = f"load({{input_id!r}}, {{data.read_text()!r}}, {{more!r}}, {{config.get('mode', 'unset')!r}})"
        return {{"raw": tracing.ended(self.id, input_id, raw)}}
""",
    "Blur": """\
class Blur(Stage):
    inputs = ["raw", "input_id"]
    outputs = ["smooth"]
    default_config = {{"sigma": 1.0}}

    def configure(self, pipeline, input_id):
        return {{"width": (len(str(input_id)) + {literal}, 3)}} if {literal} != "1" else {{"width": (7, 3)}}

    def process(self, pipeline, config, status=None, raw=None, input_id=None):
        tracing.begin(self.id, input_id)
        options = [config[key] for key in ("sigma", "width", "AF_width")]
        smooth = f"blur({{helpers.scaled(raw)}}, {{options}}, {{FACTOR!r}})"
        tracing.ended(self.id, input_id, smooth)
        return {{"smooth": (smooth + "\\n").encode() * (1 + 70_000 // len(smooth))}}
""",
    "Edge": '''\
class Edge(Weighted):
    inputs = ["raw", "input_id"]
    outputs = ["edges", "temp"]
    ignore_config = ["verbose"]

    def process(self, pipeline, config, status=None, raw=None, input_id=None):
        """{docstring}"""
        tracing.begin(self.id, input_id)
        edges = f"edge({{raw}}, {{config.get('threshold', 'unset')!r}}, {{self.weighted('w')}}, {{TABLE['gain']}})"
        tracing.ended(self.id, input_id, edges)
        return {{"edges": [edges, input_id], "temp": {{"of": edges}}}}
''',
    "Merge": """\
class Merge(Stage):
    inputs = ["smooth", "edges", "input_id"]
    outputs = ["merged"]
    consumes = ["temp"]
{blank}
    def process(self, pipeline, config, status=None, smooth=None, edges=None, temp=None, input_id=None):
        tracing.begin(self.id, input_id)
        edges.append("spoiled")
        temp["of"] += "!"
        smooth = smooth.split(b"\\n")[0].decode()
        parts = [joined(smooth), edges[0], temp["of"][-9:], config.get("mode", "unset"), {literal}]
        merged = f"merge({{parts}})"
        return {{"merged": tracing.ended(self.id, input_id, merged)}}
""",
    "MergeB": """\
class MergeB(Merge):
    def process(self, *args, **kwargs):
        from helpers import bounded as limited
        return {{"merged": limited(super().process(*args, **kwargs)["merged"])}}
""",
    "Write": """\
class Write(Stage):
    inputs = ["merged", "input_id"]
    outputs = ["count"]

    def process(self, pipeline, config, status=None, merged=None, input_id=None):
        path = pipeline.resolve("out", input_id)
        litter = "on litter" if path.exists() else "on carpet"
        text = f"write({{merged}}, {{config.get('prefix', 'unset')!r}}, {{signed('s')}}, {{litter}})"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w") as file:
            file.write(text[:9])
            file.flush()
            tracing.begin(self.id, input_id)
            file.write(text[9:])
        return {{"count": tracing.ended(self.id, input_id, text)}}
""",
    "Reread": """\
class Reread(Stage):
    inputs = ["count", "input_id"]
    outputs = ["seen"]

    def process(self, pipeline, config, status=None, count=None, input_id=None):
        tracing.begin(self.id, input_id)
        seen = f"reread({{pipeline.resolve('out', input_id).read_text()}}, {{len(count)}})"
        return {{"seen": tracing.ended(self.id, input_id, seen)}}
""",
    "Extra": """\
class Extra(Weighted):
    inputs = ["merged", "edges", "input_id"]
    outputs = ["extra"]

    def process(self, pipeline, config, status=None, merged=None, edges=None, input_id=None):
        tracing.begin(self.id, input_id)
        parameters = (Path(__file__).parent / "parameters.txt").read_text()
        parts = [merged, edges[1:], self.weighted("x"), parameters, config.get("mode", "unset")]
        extra = f"extra({{parts}})"
        return {{"extra": tracing.ended(self.id, input_id, extra)}}
""",
    "Gather": """\
class Gather(Stage):
    inputs = ["count", "input_id"]
    outputs = ["gathered"]

    def process(self, pipeline, config, status=None, count=None, input_id=None):
        tracing.begin(self.id, input_id)
        first = pipeline.resolve("out", 1)
        gathered = f"gather({{first.read_text() if first.exists() else None}}, {{len(count)}})"
        return {{"gathered": tracing.ended(self.id, input_id, gathered)}}
""",
    "Wide": """\
class Wide(Stage):
    inputs = ["raw", "input_id"]
    outputs = ["listing"]

    def process(self, pipeline, config, status=None, raw=None, input_id=None):
        tracing.begin(self.id, input_id)
        folder = pipeline.resolve("folder")
        listing = {{file.name: file.read_text() for file in sorted(folder.rglob("*.txt"))}}
        wide = f"wide({{raw}}, {{listing}})"
        return {{"listing": tracing.ended(self.id, input_id, wide)}}
""",
}


def sources(slots: Mapping[str, int], inert: Mapping[str, int]) -> dict[str, str]:
    """Return the modules of the project, by path.

    Arguments:
        slots: By slot, the number of the constant that stands there.
        inert: By place, the number of the variant that stands there.
    """
    values = {slot: _CONSTANTS[slots.get(slot, 0) % len(_CONSTANTS)] for slot in SLOTS}
    words = {name: f"variant {inert.get(name, 0)}" for name in ("comment", "docstring")}
    filled = {**values, **words, "unrelated": inert.get("unrelated", 0), "blank": "\n" * (inert.get("blank", 0) % 3)}
    names = list(_PIECES)
    if inert.get("order", 0) % 2:  # a base class has to stand before those that derive from it
        names.sort(key=lambda name: (name not in ("Weighted", "Merge"), name))
    stages = "\n\n".join([_HEAD.format(**filled), *(_PIECES[name].format(**filled) for name in names)])
    return {"stages.py": stages, "helpers.py": _HELPERS.format(**filled), "lib/core.py": _CORE.format(**filled),
            "lib/__init__.py": "", "tracing.py": _TRACING}
