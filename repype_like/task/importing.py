"""Takes over the results that repype 1.0.4 has stored for a task.

What is taken over counts as computed by the code as it stands: which code computed it is not known. Which files the
stages looked at is not known either, so all files count that the scopes of the task name. The configuration and the
inputs are those that the results were computed with, as far as repype wrote them down; where they are others by now,
the stages concerned run.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from repype_like.benchmark import Benchmark
from repype_like.config import Config
from repype_like.errors import RepypeError, text_of
from repype_like.hashing import hash_file
from repype_like.pipeline import Pipeline
from repype_like.store import Observation
from repype_like.task.errors import blaming
from repype_like.task.storing import store_data
from repype_like.typing import TYPE_CHECKING, Any, InputID, PipelineData

if TYPE_CHECKING:
    from repype_like.task.task import Task

__all__ = ["ImportFailedError", "has_foreign_results", "import_results"]

_DATA, _HASHES, _SPEC = "data.dill.gz", ".sha.json", ".task.json"

_OWN_SCOPE = "config"
"""repype writes the configuration of each input there, and so do we."""


class ImportFailedError(RepypeError):
    """Results of repype 1.0.4 cannot be taken over."""


def has_foreign_results(directory: Path) -> bool:
    """Tell whether repype 1.0.4 has stored results in the directory of a task."""
    return (directory / _DATA).is_file()


def import_results(task: Task, pipeline: Pipeline) -> int:
    """Take over the results that repype 1.0.4 has stored for `task`, and return for how many inputs.

    This loads a pickle, which can run any code.

    Raises:
        ImportFailedError: If the results are incomplete, damaged, or cannot be loaded.
    """
    if not (task.directory / _HASHES).is_file():
        raise ImportFailedError(f"{task.directory / _DATA}: repype has not completed this task (there is no {_HASHES})")
    spec = _read_json(task.directory / _SPEC)
    found = _load(task)
    data = {input_id: found[input_id] for input_id in task.input_ids if input_id in found}
    if not data:
        raise ImportFailedError(f"{task.directory / _DATA}: has none of the inputs of the task")
    config = Config(spec["config"]) if isinstance(spec.get("config"), dict) else task.create_config()
    store_data(task, pipeline, data, config, _times(task), {key: _files(pipeline, key) for key in data},
               {"imported_from": "repype 1.0.4"})
    return len(data)


def _load(task: Task) -> dict[InputID, PipelineData]:
    import dill  # needed for nothing else here

    path = task.directory / _DATA
    try:
        with task.codebase.activate(), gzip.open(path, "rb") as file:
            found: Any = dill.load(file)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailedError(f"{path}: cannot be read: {error}") from error
    except Exception as error:  # a pickle may raise anything
        raise ImportFailedError(f"{path}: cannot be loaded: {type(error).__name__}: {text_of(error)}; results of "
                                "another version of Python or of a library may have to be computed again") from error
    if not isinstance(found, dict) or not all(isinstance(fields, dict) for fields in found.values()):
        raise ImportFailedError(f"{path}: is not what repype 1.0.4 stores")
    return found


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ImportFailedError(f"{path}: cannot be read: {error}") from error
    return found if isinstance(found, dict) else {}


def _times(task: Task) -> Benchmark[float]:
    try:
        return task.times
    except (OSError, ValueError):  # how long it took is not worth failing for
        return Benchmark[float](task.directory / ".no-times")


def _files(pipeline: Pipeline, input_id: InputID) -> tuple[tuple[Observation, ...], tuple[()]]:
    """Return the files that the stages may have looked at, as observations of the results for an input."""
    observations = []
    for scope in pipeline.scopes:
        with blaming(f'the scope "{scope}"'):
            path = pipeline.resolve(scope, input_id) if scope != _OWN_SCOPE else None
        if path is not None and path.is_file():
            observations.append(Observation(scope, input_id, None, hash_file(path)))
    return tuple(observations), ()
