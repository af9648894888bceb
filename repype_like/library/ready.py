"""What the stages of the library have in common: one class serves many fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from repype_like.errors import UsageError, did_you_mean
from repype_like.fingerprint.uses import STEERING
from repype_like.stage import Stage
from repype_like.stage.attributes import check_attributes
from repype_like.stage.levels import check_aggregate
from repype_like.stage.wiring import check_wiring
from repype_like.typing import Any

__all__ = ["ReadyStage"]


class ReadyStage(Stage):
    """A stage whose attributes can be given when it is made, as well as by deriving a class from it.

    Arguments:
        inputs: The fields that it reads, in order.
        outputs: The fields that it produces.
        attributes: Any other attribute of the stage, by name, such as `id`, `default_config` or `timeout`.

    Raises:
        UsageError: If there is no such attribute.
    """

    revision: int = 1
    """Counts as part of the code: raised whenever a release of this package has the stage give something else."""

    def __init__(self, inputs: Collection[str] | None = None, outputs: Collection[str] | None = None,
                 **attributes: Any):
        cls = type(self)
        known = [name for name in dir(cls) if not name.startswith("_") and not callable(getattr(cls, name, None))]
        for name in attributes:
            if name not in known and name != "id":
                hint = did_you_mean(name, known)
                raise UsageError(f'{cls.__name__} has no attribute "{name}"{f"; {hint}" if hint else ""}')
        given = dict(attributes)
        stage_id = given.pop("id", None)
        super().__init__()
        fields = {"inputs": inputs, "outputs": outputs}
        check_attributes(stage_id or self.id, {
            "version": cls.version, **given, **{name: value for name, value in fields.items() if value is not None}})
        vars(self).update(given)
        self._given = frozenset(given)
        if stage_id is not None:
            self.id = stage_id
        if given.get("default_config"):
            self.default_config = {**(self.declared.defaults if self.declared else {}), **given["default_config"]}
        self.revision = cls.revision  # an attribute of the object, so that it counts
        self.consumes = frozenset(given.get("consumes", cls.consumes))
        order = [*(cls.inputs if inputs is None else inputs), *self.optional_inputs, *sorted(self.consumes)]
        self.order = tuple(dict.fromkeys(order))
        self.inputs = frozenset(order)
        self.outputs = frozenset(cls.outputs if outputs is None else outputs)
        check_wiring(self)
        check_aggregate(self)

    def state_that_counts(self) -> Mapping[str, Any]:
        """Return the attributes that count for what the stage does; others of those that were given steer it only."""
        aside = {"_given", *(STEERING & self._given)}
        return {name: value for name, value in vars(self).items() if name not in aside}
