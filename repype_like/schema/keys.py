"""The JSON schemas of the keys of ``task.yml``."""

from __future__ import annotations

from repype_like.spec import KEYS
from repype_like.typing import Any

__all__ = ["schemas_of_keys"]

_DOTTED = {"type": "string", "pattern": r"^[^\s.]+(\.[^\s.]+)+$"}
_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_ID = {"type": ["integer", "string"]}
_SECTIONS = {"type": ["object", "null"], "additionalProperties": {"type": ["object", "null"]}}
_LIMITS = {"type": ["object", "null"], "additionalProperties": False, "properties": {
    "timeout": {"type": ["number", "null"], "exclusiveMinimum": 0, "description": "Seconds for one input."},
    "retries": {"type": ["integer", "null"], "minimum": 0, "description": "How often a stage is tried again."},
    "resources": {"type": ["object", "null"], "description": "What the stage needs, such as cpus, memory and gpus.",
                  "properties": {"memory": {"type": ["string", "integer"], "description": "Such as 4 GB."}},
                  "additionalProperties": {"type": "number", "minimum": 0}}}}

_SHAPES: dict[str, dict[str, Any]] = {
    "runnable": {"type": "boolean"},
    "pipeline": {"anyOf": [_DOTTED, {"type": "array", "minItems": 1, "items": _DOTTED}]},
    "input_ids": {"anyOf": [
        {"type": "array", "items": _ID}, _ID,
        {"type": "object", "properties": {"glob": {"type": "string"}}, "required": ["glob"],
         "additionalProperties": False}]},
    "config": _SECTIONS,
    "base_config_path": {"type": ["string", "null"], "minLength": 1},
    "scopes": {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}},
    "limits": {"type": ["object", "null"], "additionalProperties": _LIMITS},
    "marginal_stages": _TEXTS,
    "root": {"type": "boolean"},
    "task_class": _DOTTED,
    "pythonpath": {"anyOf": [{"type": "string", "minLength": 1}, _TEXTS]},
    "packages": _TEXTS,
}


def schemas_of_keys() -> dict[str, dict[str, Any]]:
    """Return the schema of each key, by name. What another key needs is said by its check alone."""
    shapes = {}
    for name, key in KEYS.items():
        shapes[name] = {"description": key.doc, **_SHAPES.get(name, {})}
        if key.default is not None:
            shapes[name]["default"] = key.default
    return shapes
