"""What host and agent say to each other, and leave in files."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from repype_like.execute.dask.job import Job, MismatchError, read_job, write_job
from repype_like.execute.dask.protocol import (
    Said,
    begin_once,
    begun_by,
    last_words,
    leave_last_words,
    pack,
    send,
    unpack,
)
from repype_like.plan import Limits, Node, Unit


def test_a_batch_begins_once(tmp_path: Path) -> None:
    job = tmp_path / "host.1.0123456789ab.job"
    assert begin_once(job, 3, "tcp://first")
    assert not begin_once(job, 3, "tcp://second")
    assert begin_once(job, 4, "tcp://second")
    assert begun_by(job, 3) == "tcp://first"
    assert begun_by(job, 5) == ""


def test_last_words_are_heard_once(tmp_path: Path) -> None:
    job = tmp_path / "host.1.0123456789ab.job"
    assert last_words(job, 1) == []
    leave_last_words(job, 1, [Said(1, b"a"), Said(2, b"b")])
    assert last_words(job, 1) == [Said(1, b"a"), Said(2, b"b")]
    assert last_words(job, 1) == []
    assert not list(tmp_path.iterdir())


def test_units_are_sent_without_what_they_had_to_wait_for() -> None:
    unit = Unit((Node("n", "a", 1, ("t",), ()),), {}, after=(5,))
    (sent,), (given,) = unpack(pack([(unit, {})]))
    assert (sent.nodes, sent.after, given) == (unit.nodes, (), {})


def test_sending_to_nobody_is_noticed() -> None:
    ours, theirs = multiprocessing.Pipe()
    assert send(ours, "message")
    theirs.close()
    assert not send(ours, "message")
    ours.close()


def test_another_job_file_of_the_same_name_is_noticed(tmp_path: Path) -> None:
    job = Job(tmp_path, "", {}, {}, {}, Limits(), ())
    expected = write_job(job, tmp_path / "here" / "job")
    assert read_job(tmp_path / "here" / "job", expected) == job
    write_job(Job(tmp_path, "other", {}, {}, {}, Limits(), ()), tmp_path / "here" / "job")
    with pytest.raises(MismatchError):
        read_job(tmp_path / "here" / "job", expected)
