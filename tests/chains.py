"""Stages in few words, for tests that need many different ones."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

__all__ = ["chain", "stage", "stages"]

_HEADER = """\
import ctypes, json, os, random, signal, subprocess, sys, threading, time, warnings
from pathlib import Path
from repype_like import status as _status
from repype_like.stage import Stage
from tracing import trace


def text_of(path):
    return path.read_text() if path.exists() else None


"""


def stage(name: str, inputs: str, outputs: str, body: str, **attributes: Any) -> str:
    """Return the source of a stage class.

    Arguments:
        name: The name of the class; its id is the same in lower case.
        inputs: The fields it reads, separated by spaces; ``input_id`` is always among them.
        outputs: The fields it produces, separated by spaces.
        body: What :meth:`process` does, with the fields as local names; if it does not return or yield, the first
            output is the value of its last line, an expression.
        attributes: Further class attributes.
    """
    lines = textwrap.dedent(body).strip().splitlines()
    if not any(word in body for word in ("return", "raise", "yield")):
        lines[-1] = f'return {{"{outputs.partition(" ")[0]}": {lines[-1]}}}'
    declared = {"inputs": [*inputs.split(), "input_id"], "outputs": outputs.split(), "id": name.lower(), **attributes}
    fields = [*inputs.split(), *attributes.get("consumes", ())]
    source = [f"class {name}(Stage):", *(f"    {key} = {value!r}" for key, value in declared.items()), "",
              f"    def process(self, {', '.join(['pipeline', 'config', 'input_id', *fields])}, status=None):",
              "        trace(self.id, input_id)", *(f"        {line}" for line in lines)]
    return "\n".join(source)


def stages(*sources: str) -> str:
    """Return the source of a module with these stages."""
    return _HEADER + "\n\n\n".join(sources) + "\n"


def chain(*names: str, **more: Any) -> Mapping[str, Any]:
    """Return the files of a tree whose stages are a chain: each adds ``config["plus"]`` to what the one before gave.

    Arguments:
        names: The names of the stage classes; the field that each produces is the same in lower case.
        more: Further keys of the topmost task.
    """
    sources, before = [], "input_id"
    for name in names:
        sources.append(stage(name, "" if before == "input_id" else before, name.lower(),
                             f'{before} + config.get("plus", 0)'))
        before = name.lower()
    spec = {"pipeline": [f"stages.{name}" for name in names], "input_ids": [1, 2], **more}
    return {"stages.py": stages(*sources), "tasks/task.yml": spec}
