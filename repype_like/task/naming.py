"""What the dotted names in a specification stand for."""

from __future__ import annotations

import copy
import inspect
import sys
from pathlib import Path
from weakref import WeakKeyDictionary

from repype_like.errors import UsageError
from repype_like.fingerprint import Codebase
from repype_like.fingerprint.codebases import codebase_for
from repype_like.pipeline import Pipeline
from repype_like.stage import Stage
from repype_like.task.errors import blaming
from repype_like.typing import Any

__all__ = ["load", "load_from_module", "make_pipeline", "make_stage"]

_loaded: WeakKeyDictionary[Codebase, dict[str, Any]] = WeakKeyDictionary()


def load_from_module(name: str) -> Any:
    """Return the object with a dotted name, such as ``package.module.Class``.

    Raises:
        RepypeError: If there is none.
    """
    return codebase_for(Path.cwd(), ()).load(name)


def load(codebase: Codebase, name: str) -> Any:
    """Return the object with a dotted name in the modules of a project.

    A class or function is remembered, for as long as its module has it.

    Raises:
        RepypeError: If there is none.
    """
    known = _loaded.setdefault(codebase, {})
    value = known.get(name)
    module = sys.modules.get(getattr(value, "__module__", ""))
    if module is None or getattr(module, getattr(value, "__qualname__", ""), None) is not value:
        value = known[name] = codebase.load(name)
    return value


def make_pipeline(maker: Any, name: str, *args: Any, **kwargs: Any) -> Pipeline:
    """Return the pipeline that a class or function makes that a specification names in place of stages.

    Raises:
        UsageError: If it makes none.
        UserCodeError: If the pipeline cannot be made.
    """
    if isinstance(maker, Stage) or (isinstance(maker, type) and issubclass(maker, Stage)):
        raise UsageError(f'"{name}" is a stage, not a pipeline: write a list of stages, [{name}]')
    if not callable(maker):
        raise UsageError(f'"{name}" is neither a class nor a function that makes a pipeline')
    if inspect.isfunction(maker):
        try:
            inspect.signature(maker).bind(*args, **kwargs)
        except TypeError as error:
            mend = f"put @stage(outputs=[...]) above it, and write a list of stages, [{name}]"
            raise UsageError(f'"{name}" makes no pipeline: the function is called with scopes=..., and {error}; '
                             f"if it is to be a stage, {mend}") from error
    with blaming(name):
        pipeline: Pipeline = maker(*args, **kwargs)
    if not hasattr(pipeline, "stages"):
        raise UsageError(f'"{name}" returned {type(pipeline).__name__} instead of a pipeline')
    return pipeline


def make_stage(cls: Any, name: str) -> Stage:
    """Return the stage that a name in a pipeline stands for: an instance of the class, or the stage itself.

    Raises:
        UsageError: If it is neither.
        UserCodeError: If the stage cannot be made.
    """
    with blaming(name):
        stage = cls() if isinstance(cls, type) else copy.copy(cls)  # hooks are added to it
    if not isinstance(stage, Stage):
        mend = ("put @stage(outputs=[...]) above the function" if inspect.isfunction(cls) else
                "its class has to be derived from repype_like.stage.Stage")
        raise UsageError(f'"{name}" is not a stage: {mend}')
    return stage
