"""The JSON schema of ``task.yml``, for editors."""

from __future__ import annotations

from collections.abc import Iterable

from repype_like.schema.docs import docs_of
from repype_like.schema.keys import schemas_of_keys
from repype_like.schema.types import is_sayable, schema_for
from repype_like.stage import SETTINGS, Stage, settings_of, to_yaml
from repype_like.typing import Any

__all__ = ["DIALECT", "hint_of", "schema_of", "section_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(stages: Iterable[Stage] | None = None, *, further_keys: bool = False) -> dict[str, Any]:
    """Return a JSON schema of ``task.yml``.

    It is also one of the tasks that inherit: nothing is required.

    Arguments:
        stages: The stages of the pipeline; without them, the sections of ``config`` may hold anything.
        further_keys: Whether there may be keys that only a class of tasks knows.
    """
    keys = schemas_of_keys()
    if stages is not None:
        stages = list(stages)
        keys["config"] = {
            **keys["config"], "additionalProperties": False,
            "properties": {stage.id: section_schema(stage) for stage in stages}}
        keys["limits"] = {**keys["limits"], "additionalProperties": False, "properties": {
            stage.id: keys["limits"]["additionalProperties"] for stage in stages}}
    return {"$schema": DIALECT, "title": "task.yml", "type": ["object", "null"], "properties": keys,
            "additionalProperties": further_keys}


def section_schema(stage: Stage) -> dict[str, Any]:
    """Return the schema of the section of a stage.

    Where the stage has a way of its own to read its section, types are for it to check.
    """
    docs, declared = docs_of(stage), stage.declared
    is_read_otherwise = stage.normalizes_config
    properties: dict[str, dict[str, Any]] = {
        name: {**schema_for(hint), "description": SETTINGS[name]} for name, hint in settings_of(stage).items()}
    properties["enabled"]["default"] = stage.enabled_by_default
    names = [item.name for item in declared.all] if declared is not None else []
    for name in dict.fromkeys([*names, *stage.default_config]):
        shape = schema_for(hint_of(stage, name)) if not is_read_otherwise else {}
        if name in docs.parameters:
            shape["description"] = docs.parameters[name]
        if name in stage.default_config and is_sayable(default := to_yaml(stage.default_config[name])):
            shape["default"] = default
        properties[name] = shape
    is_closed = declared is not None and not declared.is_open and not is_read_otherwise
    section: dict[str, Any] = {"type": ["object", "null"], "properties": properties}
    if docs.summary:
        section["description"] = docs.summary
    if is_closed:
        section["additionalProperties"] = False
        if names:
            section["patternProperties"] = {f"^AF_({'|'.join(names)})$": {}}  # factors, for the rules of configure()
    return section


def hint_of(stage: Stage, name: str) -> Any:
    """Return the type that a stage declares for a hyperparameter; ``Any`` if it declares none."""
    parameter = stage.declared.by_name.get(name) if stage.declared is not None else None
    return Any if parameter is None else parameter.hint
