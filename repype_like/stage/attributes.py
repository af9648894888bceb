"""What the attributes of a stage may be, whether a class has them or they are given."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from repype_like.errors import UsageError, did_you_mean
from repype_like.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repype_like.stage.base import Stage

__all__ = ["check_attributes", "check_hyperparameters", "check_names"]

_NAMES = ("inputs", "outputs", "consumes", "optional_inputs", "lazy", "extra_dependencies", "ignore_config")
_SWITCHES = ("enabled_by_default", "deterministic", "cache", "seeded")
_MAPPINGS = ("default_config", "formats", "metadata")
_FINGERPRINTS = ("code", "version")


def check_names(stage_id: str, attribute: str, value: Any) -> None:
    """Check an attribute that is a collection of names: a text would be taken for its letters.

    Raises:
        UsageError: If it is none.
    """
    if isinstance(value, str) or not isinstance(value, Collection):
        names = f'["{value}"]' if isinstance(value, str) else "[...]"
        raise UsageError(f'{attribute} of the stage "{stage_id}" has to be a list: {attribute}={names}')


def check_attributes(stage_id: str, attributes: Mapping[str, Any]) -> None:
    """Check the attributes of a stage, each by itself; any of them may be missing.

    Raises:
        UsageError: If one of them is not what it has to be.
    """
    for name in filter(attributes.__contains__, _NAMES):
        check_names(stage_id, name, attributes[name])
    for names, kind, words in ((_SWITCHES, bool, "True or False"), (_MAPPINGS, Mapping, "a dictionary"),
                               (("version",), (str, int, float), "a text or a number")):
        for name in filter(attributes.__contains__, names):
            if not isinstance(attributes[name], kind):
                raise UsageError(f'{name} of the stage "{stage_id}" has to be {words} instead of {attributes[name]!r}')
    fingerprint = attributes.get("fingerprint", "code")
    if fingerprint not in _FINGERPRINTS:
        raise UsageError(f'fingerprint of the stage "{stage_id}" has to be "code" or "version" instead of '
                         f"{fingerprint!r}")
    if fingerprint == "version" and attributes.get("version", "") == "":
        raise UsageError(f'the stage "{stage_id}" says fingerprint = "version", so it needs a version: version = 1')


def check_hyperparameters(stage: Stage) -> None:
    """Check the attributes of a stage that name hyperparameters, if it declares which ones there are.

    Raises:
        UsageError: If one of them names another one.
    """
    declared = stage.declared
    if declared is None or declared.is_open or stage.normalizes_config:
        return
    for attribute in ("ignore_config", "default_config"):
        for name in getattr(stage, attribute):
            if name not in declared.by_name:
                raise UsageError(f'{attribute} of the stage "{stage.id}" names "{name}", which is none of its '
                                 f"parameters; {did_you_mean(name, declared.by_name)}".rstrip("; "))
