"""What is said together, and what is said at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from repype_like.events import StageFinished, StageStarted
from repype_like.execute.mailbox import Mailbox
from repype_like.execute.messages import Happened, Made, Missed, UnitDone
from repype_like.execute.outbox import Outbox
from repype_like.execute.wire import unpacked
from repype_like.store import Record

BEGUN = Happened(StageStarted(task="t", stage="a", input_id=1, tasks=("t",), worker=0))
FINISHED = Happened(StageFinished(task="t", stage="a", input_id=1, tasks=("t",), seconds=0.1))
MADE = Made(Record("0" * 32, "1" * 32, "a", 1, "f", {}, {}), "t", 1.0)
DONE = UnitDone(0, False)


@pytest.fixture
def bell() -> Iterator[tuple[Connection, Connection]]:
    here, there = multiprocessing.Pipe()
    with here, there:
        yield here, there


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(multiprocessing.get_context("fork").Lock())


def test_what_a_stage_has_made_waits_for_the_next_message(
        bell: tuple[Connection, Connection], mailbox: Mailbox) -> None:
    outbox = Outbox(bell[1], mailbox)
    outbox.waits = True
    outbox.put(BEGUN)
    assert mailbox.take() == [BEGUN]
    outbox.put(FINISHED)
    outbox.put(MADE)
    assert mailbox.take() == []
    outbox.put(DONE)
    assert mailbox.take() == [FINISHED, MADE, DONE]


def test_nothing_waits_where_the_user_is_called(bell: tuple[Connection, Connection], mailbox: Mailbox) -> None:
    outbox = Outbox(bell[1], mailbox)
    for message in (FINISHED, MADE):
        outbox.put(message)
        assert mailbox.take() == [message]


def test_what_waits_can_be_sent_for(bell: tuple[Connection, Connection], mailbox: Mailbox) -> None:
    outbox = Outbox(bell[1], mailbox)
    outbox.waits = True
    outbox.put(MADE)
    outbox.send()
    outbox.send()
    assert mailbox.take() == [MADE]


def test_what_the_mailbox_is_too_small_for_goes_by_the_pipe(bell: tuple[Connection, Connection],
                                                            mailbox: Mailbox) -> None:
    outbox, large = Outbox(bell[1], mailbox), Missed("x" * (1 << 22))
    writer = multiprocessing.get_context("fork").Process(target=outbox.put, args=(large,))
    writer.start()  # a pipe takes less than that at a time
    assert unpacked(bell[0].recv_bytes()) == [large]
    writer.join()
    assert mailbox.take() == []
