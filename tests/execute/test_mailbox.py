"""What a worker has said is there even if the worker is not."""

from __future__ import annotations

import multiprocessing
import os
import signal

from repype_like.events import Warned
from repype_like.execute.mailbox import Mailbox
from repype_like.execute.messages import Happened, Idle, Missed
from repype_like.execute.wire import packed


def mailbox() -> Mailbox:
    return Mailbox(multiprocessing.get_context("fork").Lock())


def test_messages_come_out_in_order_and_once() -> None:
    box = mailbox()
    said = [Happened(Warned(message=str(number))) for number in range(100)]
    for message in said:
        assert box.put(packed([message]))
    assert box.take() == said
    assert box.take() == []


def test_a_full_mailbox_takes_nothing_until_it_is_emptied() -> None:
    box, data = mailbox(), packed([Missed("x" * 20_000)])
    count = 0
    while box.put(data):
        count += 1
    assert count > 10
    assert len(box.take()) == count
    assert box.put(data)
    assert box.is_too_large(b"x" * (1 << 22))
    assert not box.is_too_large(data)


def test_what_a_killed_process_said_is_not_lost() -> None:
    box = mailbox()
    child = os.fork()
    if child == 0:
        box.note(3, 4)
        box.put(packed([Idle()]))
        box._lock.acquire()  # at the worst moment
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert box.recall() is None
    assert box.noted[:3] == (3, 4, False)
    assert box.take(dead=True) == [Idle()]


def test_units_can_be_recalled() -> None:
    box = mailbox()
    assert box.begin(5)
    assert box.recall() == 5
    assert not box.begin(6)
    assert box.noted[:3] == (5, -1, False)
    box.open()
    assert box.begin(6)
