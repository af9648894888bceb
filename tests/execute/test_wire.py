"""What a worker has to say arrives as it was said, by whichever way."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from repype_like.events import Progress, StageFinished, StageStarted, Warned
from repype_like.execute.messages import Happened, Idle, Made, Message, Missed, UnitDone
from repype_like.execute.wire import packed, unpacked
from repype_like.store import FieldValue, Observation, OutputFile, Record

RECORD = Record(
    id="0" * 32, pre_key="1" * 32, stage="a", input_id="x", fingerprint="f", config={"k": [1, True, None, 0.5]},
    reads={"b": "2" * 32}, observations=(Observation("scope", 1, None, "h"),),
    outputs=(OutputFile(None, None, "made.txt", "h", 3, 0o644),),
    fields={"y": FieldValue("json", 2, "h", b"24", None, {"value": 24}), "z": None,
            "big": FieldValue("npy", 9, "h", None, "name.npy", {"type": "ndarray"})},
    started=1.5, seconds=0.25, peak_memory=7, note={"final": {"k": 1}})

MADE = Made(RECORD, "task", 2.0, ("other",), recomputed=True)

COMMON: list[Message | Idle] = [
    MADE, UnitDone(3, True), Happened(StageStarted(task="t", stage="a", input_id=1, tasks=("t", "u"), worker=2)),
    Happened(StageFinished(task="t", stage="a", input_id="1", tasks=("t",), seconds=0.1))]

RARE: list[Message | Idle] = [
    Idle(worn=True), Missed("x"), Happened(Warned(message="w")),
    Happened(Progress(task="t", stage="a", input_id=1, step=1, total=None, details=Fraction(1, 3))),
    MADE._replace(record=replace(RECORD, note={"final": Fraction(1, 3)}))]


@pytest.mark.parametrize("message", [*COMMON, *RARE])
def test_a_message_arrives_as_it_was_said(message: Message | Idle) -> None:
    (found,) = unpacked(packed([message]))
    assert found == message
    assert type(found) is type(message)
    assert unpacked(memoryview(packed([message]))) == [message]


def test_messages_travel_together() -> None:
    assert unpacked(packed(COMMON)) == COMMON
    assert unpacked(packed([*COMMON, *RARE])) == [*COMMON, *RARE]


def test_equal_numbers_of_different_types_stay_apart() -> None:
    for value in (1, 1.0, True):
        (made,) = unpacked(packed([MADE._replace(record=replace(RECORD, config={"k": value}))]))
        assert isinstance(made, Made)
        assert type(made.record.config["k"]) is type(value)


def test_records_of_a_stage_have_one_configuration_together() -> None:
    (first,), (second,) = (unpacked(packed([MADE])) for _ in range(2))
    assert isinstance(first, Made)
    assert isinstance(second, Made)
    assert first.record.config is second.record.config
