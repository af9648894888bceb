"""A project on disk that is edited at random.

An edit is a tuple ``(kind, a, b, c)`` with numbers that mean something whatever the state is: so a sequence of edits
can be drawn, shortened and written down in a test as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from oracle_code import EXTRAS, INERT, MERGES, SLOTS, sources

__all__ = ["INPUTS", "Edit", "World"]

Edit = tuple[str, int, int, int]

_VALUES: tuple[Any, ...] = (1, 1.0, "1", True, 2, None, [1, 2], {"x": 1}, {"x": 1.0, "y": None}, 0.5, float("nan"))
_OPTIONS = (("blur", "sigma"), ("blur", "AF_width"), ("blur", "width"), ("edge", "threshold"), ("edge", "verbose"),
            ("merge", "mode"), ("merge-b", "mode"), ("load", "mode"), ("write", "prefix"), ("extra", "mode"))
_NUMBERS = (1, 2, 1.0, 3, 2.5)
INPUTS: tuple[Any, ...] = (1, 2, "b", 10)
_PLACES = ("a", "b", "c", "a/x", "a/y", "b/x", "g/z", "a/x/w")
_MARGINAL = ("load", "blur", "edge", "write")
_OUTPUTS = ("out/%s.txt", "out2/r-%s.txt", "out/deep/%s.txt")
_CONTENTS = ("alpha", "beta", "gamma")


@dataclass
class Spec:
    """What a task.yml says."""

    runnable: bool | None = None
    config: dict[str, dict[str, Any]] = field(default_factory=dict)
    base: int | None = None
    out: int | None = None
    marginal: list[str] | None = None
    inputs: list[Any] | None = None
    pipeline: list[str] | None = None

    def rendered(self) -> dict[str, Any]:
        """Return it as what is to be written."""
        found: dict[str, Any] = {}
        if self.runnable is not None:
            found["runnable"] = self.runnable
        if self.config:
            found["config"] = self.config
        if self.base is not None:
            found["base_config_path"] = f"{{ROOTDIR}}/base{self.base}.yml"
        if self.out is not None:
            found["scopes"] = {"out": _OUTPUTS[self.out]}
        if self.marginal is not None:
            found["marginal_stages"] = self.marginal
        if self.inputs is not None:
            found["input_ids"] = self.inputs
        if self.pipeline is not None:
            found["pipeline"] = [f"stages.{name}" for name in self.pipeline]
        return found


class World:
    """The project, in a folder of its own below `directory`."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.home = directory / "home"
        self.home.mkdir(parents=True)
        self.moves = 0
        self.slots: dict[str, int] = {}
        self.inert: dict[str, int] = {}
        self.bases: list[dict[str, dict[str, Any]]] = [{"blur": {"sigma": 2}}, {"edge": {"threshold": 3}}]
        self.tasks: dict[str, Spec] = {
            "": Spec(runnable=False, inputs=[1, 2], pipeline=["Load", "Blur", "Edge", "Merge", "Write", "Extra"],
                     marginal=["blur"], out=0),
            "a": Spec(runnable=True), "b": Spec(runnable=True, config={"merge": {"mode": 1}}),
            "a/x": Spec(config={"extra": {"mode": 2}})}
        self.known: set[tuple[Any, ...]] = set()
        """The executions whose results are stored somewhere in the tree, so that there is no need to repeat them."""
        self.is_littered = False
        """Whether there may be files that stages have made, and of which nothing is known any more."""
        self.log: list[str] = []
        self.render()
        for number, input_id in enumerate(INPUTS):
            self.write(f"data/{input_id}.txt", _CONTENTS[number % 2])
        self.write("parameters.txt", "p")
        self.write("many/one.txt", "1")

    @property
    def root(self) -> Path:
        """The directory of the topmost task."""
        return self.directory / f"p{self.moves}"

    def write(self, path: str, content: str) -> None:
        """Write a file unless it has this content already."""
        file = self.root / path
        if not file.is_file() or file.read_text() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def render(self) -> None:
        """Write what the model says."""
        for path, text in sources(self.slots, self.inert).items():
            self.write(path, text)
        for number, base in enumerate(self.bases):
            self.write(f"base{number}.yml", yaml.safe_dump(base))
        for path, spec in self.tasks.items():
            self.write(f"{path}/task.yml" if path else "task.yml", self._document(path, spec))

    def _document(self, path: str, spec: Spec) -> str:
        content = spec.rendered()
        if not path:
            content["scopes"] = {"data": "{ROOTDIR}/data/%s.txt", "local": "local/%s.txt", "config": "cfg/%s.yml",
                                 "folder": "{ROOTDIR}/many", **content.get("scopes", {})}
        text: str = yaml.safe_dump(content, sort_keys=bool(self.inert.get("keys", 0) % 2),
                                   default_flow_style=bool(self.inert.get("flow", 0) % 2))
        return text

    # --- what the edits are about ------------------------------------------------------------------------------------

    def task(self, number: int) -> str:
        """Return the path of one of the tasks."""
        return sorted(self.tasks)[number % len(self.tasks)]

    def below(self, path: str) -> list[str]:
        """Return a task and all below it."""
        return [other for other in self.tasks if other == path or other.startswith(f"{path}/" if path else "")]

    def forget(self, *stages: str) -> None:
        """Tolerate that these stages run once more; all, if none is named."""
        self.known = {item for item in self.known if stages and item[0] not in stages}

    # --- edits -------------------------------------------------------------------------------------------------------

    def edit(self, edit: Edit) -> None:
        """Do it."""
        kind, a, b, c = edit
        self.log.append(f"{edit}")
        getattr(self, f"do_{kind}")(a, b, c)

    def do_config(self, a: int, b: int, c: int) -> None:
        self._set(self.tasks[self.task(a)].config, b, c)

    def do_base(self, a: int, b: int, c: int) -> None:
        self._set(self.bases[a % 2], b, c)

    def _set(self, config: dict[str, dict[str, Any]], b: int, c: int) -> None:
        stage, key = _OPTIONS[b % len(_OPTIONS)]
        values: Sequence[Any] = _NUMBERS if key == "AF_width" else _VALUES
        if c % (len(values) + 1) == len(values):
            config.get(stage, {}).pop(key, None)
            if stage in config and not config[stage]:
                del config[stage]
        else:
            config.setdefault(stage, {})[key] = values[c % len(values)]
        self.render()

    def do_base_path(self, a: int, b: int, c: int) -> None:
        self.tasks[self.task(a)].base = (None, 0, 1)[b % 3]
        self.render()

    def do_code(self, a: int, b: int, c: int) -> None:
        self.slots[SLOTS[a % len(SLOTS)]] = b
        stamps = {path: (self.root / path).stat() for path in ("stages.py", "helpers.py", "lib/core.py")}
        self.render()
        if c % 3 == 0:  # as a quick editor, or a restored backup, leaves them
            for path, status in stamps.items():
                os.utime(self.root / path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def do_inert(self, a: int, b: int, c: int) -> None:
        names = (*INERT, "keys", "flow")
        self.inert[names[a % len(names)]] = b
        self.render()

    def do_data(self, a: int, b: int, c: int) -> None:
        path = self.root / f"data/{INPUTS[a % len(INPUTS)]}.txt"
        status, how = path.stat(), c % 4
        if how == 1:
            path.unlink()
        path.write_text(_CONTENTS[b % len(_CONTENTS)] if how != 2 else path.read_text())
        if how == 3:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def do_local(self, a: int, b: int, c: int) -> None:
        path = self.root / self.task(a) / f"local/{INPUTS[b % 2]}.txt"
        path.parent.mkdir(exist_ok=True)
        if c % 3:
            path.write_text(_CONTENTS[c % 3])
        else:
            path.unlink(missing_ok=True)

    def do_parameters(self, a: int, b: int, c: int) -> None:
        self.write("parameters.txt", _CONTENTS[a % 3])

    def do_many(self, a: int, b: int, c: int) -> None:
        path = self.root / f"many/{('one', 'two', 'deep/three')[a % 3]}.txt"
        path.parent.mkdir(exist_ok=True)
        if b % 3:
            path.write_text(_CONTENTS[b % 3])
        else:
            path.unlink(missing_ok=True)

    def do_inputs(self, a: int, b: int, c: int) -> None:
        path = self.task(a)
        self.tasks[path].inputs = [item for number, item in enumerate(INPUTS) if (b | 1) & (1 << number)]
        if path and c % 3 == 0:
            self.tasks[path].inputs = None
        self.render()

    def do_pipeline(self, a: int, b: int, c: int) -> None:
        path = self.task(a)
        names = ["Load", "Blur", "Edge", MERGES[b % 2], "Write",
                 *(name for number, name in enumerate(EXTRAS) if b >> 1 & (1 << number))]
        if c % 3 == 1:
            names.reverse()
        self.tasks[path].pipeline = None if path and c % 3 == 2 else names
        self.render()

    def do_enabled(self, a: int, b: int, c: int) -> None:
        self.tasks[self.task(a)].config.setdefault(("extra", "reread", "wide")[b % 3], {})["enabled"] = bool(c % 2)
        self.render()

    def do_marginal(self, a: int, b: int, c: int) -> None:
        path = self.task(a)
        chosen = [stage for number, stage in enumerate(_MARGINAL) if b & (1 << number)]
        self.tasks[path].marginal = None if path and c % 3 == 0 else chosen
        self.forget(*_MARGINAL)  # values that were not kept are computed once more
        self.render()

    def do_out(self, a: int, b: int, c: int) -> None:
        path = self.task(a)
        self.tasks[path].out = None if path and c % 3 == 0 else b % len(_OUTPUTS)
        self.forget("write", "reread")
        self.render()

    def do_runnable(self, a: int, b: int, c: int) -> None:
        path = self.task(a)
        self.tasks[path].runnable = (True, False, None)[b % 3] if path else bool(b % 2)
        self.forget()  # results of templates are not picked up
        self.render()

    def do_add(self, a: int, b: int, c: int) -> None:
        path = _PLACES[a % len(_PLACES)]
        if path not in self.tasks:
            self.tasks[path] = Spec(runnable=(True, None)[b % 2])
            self._set(self.tasks[path].config, b, c)

    def do_copy(self, a: int, b: int, c: int) -> None:
        source, target = self.task(a), _PLACES[b % len(_PLACES)]
        if not source or (self.root / target).exists() or target.startswith(f"{source}/"):
            return
        shutil.copytree(self.root / source, self.root / target, copy_function=shutil.copy2 if c % 2 else shutil.copy)
        for path in self.below(source):
            spec = self.tasks[path]
            self.tasks[target + path[len(source):]] = Spec(**{
                **vars(spec), "config": {stage: dict(section) for stage, section in spec.config.items()}})

    def do_move(self, a: int, b: int, c: int) -> None:
        source, target = self.task(a), _PLACES[b % len(_PLACES)]
        if not source or (self.root / target).exists() or target.startswith(f"{source}/"):
            return
        (self.root / target).parent.mkdir(exist_ok=True, parents=True)
        (self.root / source).rename(self.root / target)
        self.tasks = {target + path[len(source):] if path in self.below(source) else path: spec
                      for path, spec in self.tasks.items()}

    def do_delete(self, a: int, b: int, c: int) -> None:
        path = self.task(a)
        if path:
            shutil.rmtree(self.root / path)
            for other in self.below(path):
                del self.tasks[other]
            self.forget()

    def do_move_tree(self, a: int, b: int, c: int) -> None:
        old = self.root
        self.moves += 1
        old.rename(self.root)
