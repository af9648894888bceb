"""What is to happen when the interpreter ends happens, although memory is left to the system then."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from project import Project
from repype_like.collector import collector_paused, collector_relieved

_SPEC = {"pipeline": ["stages.Write"], "input_ids": [1], "runnable": True}


def test_handlers_are_called_at_the_end(make_project: Callable[[dict[str, Any]], Project]) -> None:
    project = make_project({"task.yml": _SPEC, "stages.py": """
        import atexit, sys
        from repype_like.stage import Stage

        atexit.register(sys.stderr.write, "the end")

        class Write(Stage):
            inputs = ["input_id"]
            outputs = ["twice"]

            def process(self, pipeline, config, status=None, input_id=None):
                return {"twice": 2 * input_id}
        """})
    for command in (["status"], ["run"], ["run", "--serial"]):
        assert project.run(*command).ok().err.endswith("the end")


def test_what_a_stage_has_left_open_is_flushed(make_project: Callable[[dict[str, Any]], Project]) -> None:
    project = make_project({"task.yml": _SPEC, "stages.py": """
        from repype_like.stage import Stage

        LOG = open("log.txt", "w")

        def log(text):  # holds the module's names, so that they are part of a cycle
            LOG.write(text)

        class Write(Stage):
            inputs = ["input_id"]
            outputs = ["twice"]

            def process(self, pipeline, config, status=None, input_id=None):
                log("all of it")
                return {"twice": 2 * input_id}
        """})
    project.run("run", "--serial").ok()
    assert (project.root / "log.txt").read_text() == "all of it"


def test_what_is_passed_over_stays_so_when_more_is_made_in_a_pause() -> None:
    before = gc.get_freeze_count()
    with collector_relieved():
        with collector_paused(), collector_relieved():
            pass
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() <= before
