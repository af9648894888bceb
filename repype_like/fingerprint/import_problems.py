"""Why something that a spec names cannot be imported: the thing, the place in the user's code, and the mend."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from repype_like.errors import Location, Problem, RepypeError, closest_to, did_you_mean, text_of
from repype_like.fingerprint.definitions import definitions_of, modules_in
from repype_like.typing import Any

__all__ = ["ImportProblem", "edited", "failed", "missing_attribute", "missing_module", "not_dotted",
           "reloaded"]


class ImportProblem(RepypeError):
    """A dotted name cannot be imported."""

    exit_code = 2

    def __init__(self, message: str, where: Location | None = None, hint: str = "", is_missing: bool = False):
        self.message = message
        self.where = where
        """The place in the user's code that is at fault, if there is one."""
        self.hint = hint
        self.is_missing = is_missing
        """Whether there is no such thing where it was looked for; it may be elsewhere."""
        super().__init__(str(Problem(message, where, hint)))

    def __reduce__(self) -> Any:
        return type(self), (self.message, self.where, self.hint, self.is_missing)


def not_dotted(dotted: str, search: Sequence[Path]) -> ImportProblem:
    """Explain that `dotted` names no module."""
    names = re.split(r"[\s,]+", dotted.strip(" ,"))
    meant = _defined(dotted, search) if len(names) == 1 else ""
    hint = f'did you mean "{meant}"?' if meant else (
        f"several names are a list: [{', '.join(names)}]" if len(names) > 1 else
        "write the module and the name in it, such as stages.Segment")
    return ImportProblem(f'"{dotted}" is no dotted name', hint=hint)


def missing_module(dotted: str, module: str, search: Sequence[Path]) -> ImportProblem:
    """Explain that the outermost `module` that `dotted` leads through does not exist."""
    package, _, _ = module.rpartition(".")
    folders = list(getattr(sys.modules.get(package), "__path__", ())) if package else [str(folder) for folder in search]
    prefix = f"{package}." if package else ""
    similar = closest_to(module, [prefix + name for name in modules_in(folders)])
    meant = _defined(dotted, search)
    if meant.endswith(dotted.removeprefix(module)):  # what is wrong is so with all that is named in the module
        meant = meant.removesuffix(dotted.removeprefix(module))
    if similar and (not meant or f"{meant}.".startswith(f"{similar}.")):
        meant = similar
    looked = "" if package else f" in {' or '.join(folders)}, nor among the installed packages"
    message = f'cannot import "{dotted}": there is no module "{module}"{looked}'
    return ImportProblem(message, hint=f'did you mean "{meant}"?' if meant else "", is_missing=not package)


def missing_attribute(dotted: str, owner: Any, name: str, search: Sequence[Path]) -> ImportProblem:
    """Explain that `owner`, which `dotted` leads through, has no `name`."""
    is_module = isinstance(owner, ModuleType)
    kind = "module" if is_module else "class" if isinstance(owner, type) else type(owner).__name__
    shown = owner.__name__ if is_module else getattr(owner, "__qualname__", owner)
    if is_module and shown == "__main__":
        return ImportProblem(f'cannot import "{dotted}": what a notebook, a session or a script defines is there only '
                             "while that runs", hint=f'put "{name}" into a module, and name it as "module.{name}"')
    module = owner if is_module else sys.modules.get(getattr(owner, "__module__", ""))
    file = getattr(module, "__file__", None)
    names = getattr(owner, "__all__", None) or [known for known in dir(owner) if not known.startswith("_")]
    if is_module:
        names = [*names, *modules_in(getattr(owner, "__path__", ()))]
    similar = closest_to(name, map(str, names))
    # The same name elsewhere is likelier than another one here
    meant = similar if similar.casefold() == name.casefold() else _defined(dotted, search) or similar
    return ImportProblem(f'cannot import "{dotted}": the {kind} "{shown}" has no "{name}"',
                         Location(Path(file)) if file else None, f'did you mean "{meant}"?' if meant else "", is_module)


def edited(module: str, file: str) -> ImportProblem:
    """Explain that what is in memory of a module is not what its file says."""
    return ImportProblem(f'the module "{module}" was edited after this process had imported it, so what would run is '
                         "not what the file says", Location(Path(file)),
                         f"restart the notebook or session, or call importlib.reload({module})")


def reloaded(dotted: str, module: str) -> ImportProblem:
    """Explain that what is in memory of a module is not what was hashed of it."""
    return ImportProblem(f'cannot use "{dotted}": the module "{module}" was reloaded after the task had been loaded',
                         hint="open the task again")


def failed(dotted: str, module: str, error: BaseException, is_project: Callable[[str], bool],
           search: Sequence[Path]) -> ImportProblem:
    """Explain that `module` exists, and raised `error` while it was imported."""
    if isinstance(error, SyntaxError) and error.filename:
        where: Location | None = Location(Path(error.filename), error.lineno or 0, error.offset or 0)
        return ImportProblem(f'cannot import "{dotted}": {error.msg}', where)
    import traceback  # takes a while, and is needed only here

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_project(frame.filename)]
    where = Location(Path(frames[-1].filename), frames[-1].lineno or 0) if frames else None
    hint = ""
    if isinstance(error, RepypeError):  # a stage that is declared wrongly
        return ImportProblem(f'cannot import "{dotted}": {text_of(error)}', where)
    if isinstance(error, ModuleNotFoundError) and error.name:
        hint = did_you_mean(error.name, modules_in([str(folder) for folder in search])) or (
            f'install what provides "{error.name}", or name its folder in "pythonpath"')
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    return ImportProblem(f'cannot import "{dotted}": importing "{module}" raised {text}', where, hint)


def _defined(dotted: str, search: Sequence[Path]) -> str:
    """Return the dotted name under which the project has what `dotted` ends in, or an empty text."""
    return closest_to(dotted, definitions_of(re.split(r"\W", dotted)[-1], search), cutoff=0)
