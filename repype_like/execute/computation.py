"""One execution of one stage for one input, in the process that this is called in.

    the files of an earlier result are put out of the way
    the configuration is adapted to the input
    hooks, process, check
    what the stage met in files becomes observations and output files
    its values are encoded: what is kept goes to the store

If any of that fails, the files are what they were before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from repype_like import events
from repype_like.config import Config, to_plain
from repype_like.errors import DamagedError
from repype_like.execute.file_account import FileAccount
from repype_like.execute.filing import file_fields, file_results
from repype_like.execute.gathered import GatheredSlot, as_dicts
from repype_like.execute.hooks import call_hooks, has_hooks
from repype_like.execute.memory import PeakMemory
from repype_like.execute.mentions import mentioned_place
from repype_like.execute.messages import Happened, Message
from repype_like.execute.provisions import Provisions
from repype_like.execute.values import LostValueError, Slot, StoredSlot
from repype_like.execute.workplace import Workplace
from repype_like.plan import (
    DRAW,
    GATHERED,
    PLACE,
    Files,
    Node,
    Stored,
    is_mark,
    key_for,
    mark_of,
    prepare,
    record_id,
    told,
)
from repype_like.stage import Lazy, Stage
from repype_like.status import Status
from repype_like.store import (
    ACCEPTED,
    CheckoutFolder,
    FieldValue,
    NotStorableError,
    Observation,
    OutputFile,
    Record,
    Store,
)
from repype_like.typing import Any, NamedTuple, Plain, cast

__all__ = ["Computation", "Computed", "Known"]

Known = dict[str, tuple[str, "Slot | StoredSlot | GatheredSlot"]]
"""For one task: by field, the id of the record that it is part of, and its value."""


_NOTHING: Mapping[str, Any] = {}
_NO_FIELDS: frozenset[str] = frozenset()


class Computed(NamedTuple):
    """What came of it."""

    record: Record
    slots: Mapping[str, Slot]
    """The values of the outputs that somebody is going to read."""
    passed: Mapping[str, Stored]
    """Where other units find those that they read."""


@dataclass
class Computation:
    """What is needed for one execution; see :meth:`run`."""

    node: Node
    place: Workplace
    """The task that computes."""
    tasks: tuple[str, ...]
    """All tasks that the result is for."""
    known: Known
    """The fields that the stage may read."""
    kept: frozenset[str]
    """The outputs that any of the tasks keeps."""
    passing: frozenset[str]
    """The outputs that other units read."""
    readers: Mapping[str, int]
    """How many stages of the unit are going to read an output, at most, by field."""
    hooked: bool
    """Whether hooks may look at the outputs as well."""
    emit: Callable[[Message], None]
    files: Files
    checkouts: CheckoutFolder
    """Where the files are that the stage reads."""
    holding: CheckoutFolder
    """Where files are held that are not kept, as long as stages of the same unit may read them."""
    lost: LostValueError | None = None
    """What it found damaged."""

    def __post_init__(self) -> None:
        self.stage = cast(Stage, self.place.pipeline.stage(self.node.stage))
        self.fields = self.node.fields
        self.file_fields = file_fields(self.stage) if self.stage.formats else _NO_FIELDS
        self.account = FileAccount(self.place, self.node, self.emit)

    @property
    def met(self) -> tuple[str, ...]:
        """The files that the stage has met so far."""
        return self.account.tracker.paths

    def run(self) -> Computed:
        """Execute the stage.

        Raises:
            LostValueError: If a value that the stage reads is damaged.
            SpoiledInputError: If the stage changed a file that it had read.
            OutputMismatch: If it returned other fields than its outputs.
            NotStorableError: If a value that it returned cannot be stored.
            StorageError: If the file system does not do what it is asked to.
            BaseException: Whatever the stage raises.
        """
        place, node, view = self.place, self.node, self.place.view
        inputs = self._read_inputs()
        self._happened(events.StageStarted(task=view.name, stage=node.stage, input_id=node.input_id, tasks=self.tasks,
                                           worker=0))
        peak = PeakMemory()
        with self.account as account:
            tracker = account.tracker
            with tracker:
                adapted = view.configure(node.input_id, node.stage)
            prepared = prepare(view, view.stage[node.stage], adapted)
            section = Config.of_stage(adapted, node.stage)
            reads = {field: self.known[field][0] for field in self.fields}
            key = key_for(prepared.basis, node.input_id, reads)
            self.stage.fill_in(section)
            if self.stage.event_callbacks:
                self._call_start_hooks()
            provisions = Provisions(self.stage, key, place)
            with provisions, tracker:
                outputs, seconds = self._process(inputs, section)
            tracker.recall(lambda: self.stage.signature)
            observations, files = tracker.findings(self.files)
            if tracker.unasked:
                self._warn_of(tracker.unasked)
            mentioned = mentioned_place(self._without_files(outputs), view.path, place.tree)
            fields, passed = self._keep(outputs, provisions)
            provisions.clear()
        memory = peak.bytes()
        record = self._record(key, reads, prepared.plain, section, observations, files, fields, mentioned, seconds,
                              memory)
        if files:
            place.note(record)
        self._happened(events.StageFinished(task=view.name, stage=node.stage, input_id=node.input_id, tasks=self.tasks,
                                            seconds=seconds, memory=memory))
        return self._computed(record, outputs, fields, passed)

    def _without_files(self, outputs: dict[str, Any]) -> Collection[Any]:
        """Return the values that are not files: what counts of a file is not where it is."""
        if not self.file_fields:
            return outputs.values()
        return [value for field, value in outputs.items() if field not in self.file_fields]

    def _keep(self, outputs: dict[str, Any],
              provisions: Provisions) -> tuple[dict[str, FieldValue | None], dict[str, tuple[Store, FieldValue]]]:
        """Store the values of the outputs.

        Returns:
            What is kept, by field, and what goes to other units or is a file that others read, with the store it is in.
        """
        files = self.file_fields
        if files:
            folder = provisions.folder
            own = [*([folder] if folder is not None else ()), *([self.checkouts.path] if self.checkouts.used else ())]
            outputs.update(file_results(self.stage, outputs, files, own, self.account.tracker.paths))
        order = sorted(outputs)
        if files:
            order.sort(key=files.__contains__)  # they are moved, so they go last
        fields = {field: self._encode(field, outputs[field]) if field in self.kept else None for field in order}
        passed: dict[str, tuple[Store, FieldValue]] = {}
        if not self.passing and not files:
            return fields, passed
        passed.update((field, self._pass_on(field, outputs[field], fields[field])) for field in self.passing
                      if not is_mark(field))
        for field in files:
            if fields[field] is None and field not in passed and (field in self.readers or self.hooked):
                store = Store(self.holding.make())
                passed[field] = store, self._encode(field, outputs[field], store)
        return fields, passed

    def _computed(self, record: Record, outputs: dict[str, Any], fields: dict[str, FieldValue | None],
                  passed: dict[str, tuple[Store, FieldValue]]) -> Computed:
        """Return what came of it, for those who read it."""
        if not (self.readers or self.hooked or self.passing):
            return Computed(record, _NOTHING, _NOTHING)
        own, mark = self.place.view.store, mark_of(self.node.stage)
        slots: dict[str, Slot] = {}
        for field, value in fields.items():
            if field in self.readers or self.hooked:
                stored = passed.get(field) or (None if value is None else (own, value))
                slots[field] = Slot(outputs[field], stored, self.readers.get(field, 0) + self.hooked)
        if mark in self.readers or self.hooked:
            slots[mark] = Slot(None, None, 0)
        found = {field: Stored(replace(record, fields={field: value}), store.directory)
                 for field, (store, value) in passed.items() if field in self.passing}
        if mark in self.passing:
            found[mark] = Stored(replace(record, fields={}), own.directory)
        return Computed(record, slots, found)

    def _read_inputs(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {"input_id": self.node.input_id} if "input_id" in self.stage.inputs else {}
        lazy = self.stage.lazy
        for field in self.fields:
            if not is_mark(field):
                slot = self.known[field][1]
                inputs[field] = Lazy(partial(self._read, slot.peek, slot), field) if field in lazy else (
                    self._read(slot.read, slot))
        return inputs

    def _read(self, read: Callable[[], Any], slot: Slot | StoredSlot | GatheredSlot) -> Any:
        """Return the value of a slot; if it is damaged, nothing that the stage makes of that counts."""
        try:
            return read()
        except DamagedError as error:
            if not isinstance(slot, StoredSlot):
                raise
            self.lost = LostValueError(slot, error)
            raise self.lost from error

    def _first_lost(self) -> LostValueError | None:
        """Return what was read and turned out to be damaged, if anything was."""
        if self.lost is not None or not self.node.gathers:
            return self.lost
        slots = [self.known[field][1] for field in self.fields]
        return next((lost for slot in slots if isinstance(slot, GatheredSlot) for lost in slot.lost), None)

    def _process(self, inputs: dict[str, Any], section: Config) -> tuple[dict[str, Any], float]:
        """Have the stage compute, and return its outputs and how many seconds it took."""
        try:
            return self._processed(inputs, section)
        finally:
            for field in self.stage.lazy:
                if field in inputs:
                    inputs[field].close()
                    self.known[field][1].release()
            lost = self._first_lost()
            if lost is not None:
                raise lost  # whatever the stage made of it

    def _processed(self, inputs: dict[str, Any], section: Config) -> tuple[dict[str, Any], float]:
        stage, pipeline, status = self.stage, self.place.pipeline, Status(report=self._reported)
        started = time.perf_counter()
        if type(stage).run is not Stage.run:
            data = dict(inputs)
            stage.run(pipeline=pipeline, input_id=self.node.input_id, data=data, config=section, status=status)
            outputs: Any = {field: data[field] for field in stage.outputs if field in data}
        else:
            outputs = stage.process(pipeline=pipeline, config=stage.config_to_process(section), status=status, **inputs)
        if self.node.gathers:
            outputs = as_dicts(outputs)
        checked = stage.check_outputs(outputs, self.place.view.store.begin_sequence)
        return checked, int((time.perf_counter() - started) * 1e6) / 1e6  # many digits take long to write

    def _record(self, key: str, reads: dict[str, str], config: Any, section: Config,
                observations: tuple[Observation, ...], files: tuple[OutputFile, ...],
                fields: dict[str, FieldValue | None], mentioned: tuple[str, str] | None, seconds: float,
                peak_memory: int) -> Record:
        node, view = self.node, self.place.view
        note: dict[str, Plain] = {"final": section.plain()}
        if view.packages:
            note["packages"] = dict(view.packages)
        if mentioned is not None:
            note[PLACE] = list(mentioned)
        draw = node.draw if node.draw != "" else os.urandom(8).hex()
        if draw is not None:
            note[DRAW] = draw
        if node.gathers:
            slots = {field: slot for field in self.fields if isinstance(slot := self.known[field][1], GatheredSlot)}
            note[GATHERED] = told([slots[gather.field].gathered[gather.key] for gather in node.gathers])
        made = record_id(key, observations, mentioned, draw)
        if node.accepted is not None and node.accepted[0] == made:
            note[ACCEPTED] = node.accepted[1]
        return Record(
            id=made, pre_key=key, stage=node.stage, input_id=node.input_id,
            fingerprint=view.stage[node.stage].fingerprint, config=config, reads=reads,
            observations=observations, outputs=files, fields=fields, started=self.account.started,
            seconds=seconds, peak_memory=peak_memory, note=note)

    def _pass_on(self, field: str, value: Any, kept: FieldValue | None) -> tuple[Store, FieldValue]:
        """Return where a value lies for other units: with the results if it is one of them, for this run otherwise."""
        store = self.place.view.store
        if kept is not None:
            return store, kept
        passing = Store(Path(store.passing))
        return passing, self._encode(field, value, passing)

    def _encode(self, field: str, value: Any, store: Store | None = None) -> FieldValue:
        try:
            return (store or self.place.view.store).encode(value, self.stage.formats.get(field))
        except NotStorableError as error:
            raise NotStorableError(
                f'the field "{field}" of the stage "{self.stage.id}" cannot be stored: {error}') from None

    def _call_start_hooks(self) -> None:
        if has_hooks(self.stage, "start"):
            slots = {field: slot for field, (_, slot) in self.known.items()}
            call_hooks(self.place, self.stage, "start", self.node.input_id, slots, self._happened)

    def _warn_of(self, unasked: list[str]) -> None:
        for path in unasked:  # for many inputs, these may be as many files of one folder
            self._happened(events.Warned(
                task=self.place.view.name, about=f'what the stage "{self.stage.id}" reads in {Path(path).parent}',
                message=f'the stage "{self.stage.id}" reads {_shown(path, self.place)} without asking the pipeline for '
                "it (pipeline.resolve or pipeline.track); its content counts. Others of its folder are not named"))

    def _reported(self, content: Plain, intermediate: bool) -> None:
        around: dict[str, Any] = dict(task=self.place.view.name, stage=self.stage.id, input_id=self.node.input_id)
        if isinstance(content, dict) and content.get("info") == "progress":
            self._happened(events.Progress(step=content["step"], total=content["max_steps"],
                                           details=to_plain(content["details"]), **around))
        else:
            self._happened(events.Message(content=to_plain(content), intermediate=intermediate, **around))

    def _happened(self, event: events.Event) -> None:
        self.emit(Happened(event))


def _shown(path: str, place: Workplace) -> str:
    """Return a path relative to the tree, if it is in there."""
    return Path(path).relative_to(place.tree).as_posix() if Path(path).is_relative_to(place.tree) else path
