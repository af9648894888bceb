from __future__ import annotations

import json
import pickle
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repype_like.store import FieldValue, Observation, OutputFile, Record, Store
from repype_like.store.record import decode, encode, to_plain
from stored import record_of

RECORD = Record(
    id="a" * 32, pre_key="b" * 32, stage="measure", input_id="é1", fingerprint="f" * 32,
    config={"sigma": float("inf"), "list": [1, {"a": None}]}, reads={"image": "c" * 32},
    observations=(Observation("raw", 1, None, "absent"), Observation(None, None, "data/x.csv", "d" * 32)),
    outputs=(OutputFile("seg", "1", None, "e" * 32, 12, 0o755, "a/b.png"),),
    fields={"gone": None, "blob": FieldValue("npy", 10**6, "9" * 32, None, "9" * 32 + ".npy", {"type": "ndarray"})},
    started=1763700000.123456, seconds=0.1, peak_memory=5, note={"final": {"a": 1}})


def test_every_field_comes_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    fields = {"b": store.encode(0.5), **RECORD.fields, "a": store.encode(np.arange(3)), "empty": store.encode("")}
    record = replace(RECORD, fields=fields)
    decoded = decode(record.id, record.pre_key, *encode(record))
    assert decoded == record
    assert list(decoded.fields) == list(record.fields)
    assert decoded.input_id == "é1"


def test_inputs_of_different_types_stay_apart() -> None:
    assert decode("", "", *encode(replace(RECORD, input_id=1))).input_id == 1
    assert decode("", "", *encode(replace(RECORD, input_id="1"))).input_id == "1"


def test_a_longer_record_of_a_later_version_is_read() -> None:
    description, inline = encode(RECORD)
    assert decode(RECORD.id, RECORD.pre_key, description[:-1] + b',"more"]', inline) == RECORD


def test_records_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps(RECORD)) == RECORD


def test_what_records_have_in_common_is_told_apart_by_its_bytes(tmp_path: Path) -> None:
    """What is written for the record before is used again, but never for another configuration that is equal to it."""
    store = Store(tmp_path)
    configs: list[Any] = [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": 1}, {"a": (1, 2)}, {"a": [1, 2]}, {"a": Path("b")},
                          {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": Decimal(1)}]
    for config in [*configs, *reversed(configs)]:
        written = json.loads(encode(replace(record_of(store, 1, x=0.5), config=config, note={"final": config}))[0])
        assert repr(written[3]) == repr(to_plain(config)) == repr(written[11]["final"])


@pytest.mark.parametrize("value", [0.1, float("nan"), float("inf"), -0.0, np.float64(0.25), 1e300, 7, "a", None])
def test_what_is_shown_of_a_value_survives(tmp_path: Path, value: Any) -> None:
    store = Store(tmp_path)
    record = record_of(store, 1, ü=value, large=np.arange(20_000.0))
    description, inline = encode(record)
    decoded = decode(record.id, record.pre_key, description, inline)
    assert repr(decoded.fields) == repr(record.fields)
    assert list(decoded.blobs) == list(record.blobs) == [decoded.fields["large"].blob]  # type: ignore[union-attr]
