"""The packets between the thread that reads and the one that translates: a bounded number."""

from __future__ import annotations

import threading

from telephony_adapter.ami.inbox import Inbox
from tests.kit.waiting import within


def test_packets_come_out_in_their_order_some_at_a_time() -> None:
    inbox = Inbox()
    for name in "abcde":
        inbox.put(name)
    assert [inbox.take(2, 0), inbox.take(2, 0), inbox.take(2, 0), inbox.take(2, 0)] == [["a", "b"], ["c", "d"], ["e"], []]


def test_a_full_one_lets_the_reader_wait_and_says_that_it_is_crowded() -> None:
    inbox = Inbox(4)
    put: list[int] = []

    def fill() -> None:
        for number in range(8):
            inbox.put(str(number))
            put.append(number)

    reader = threading.Thread(target=fill, daemon=True)
    reader.start()
    within(lambda: len(put) == 4, 10)
    assert inbox.is_crowded
    taken: list[str] = []
    while len(taken) < 8:
        taken += inbox.take(1, 10)
    reader.join(10)
    assert taken == [str(number) for number in range(8)]


def test_closed_it_lets_a_waiting_reader_go_and_keeps_what_it_has() -> None:
    inbox = Inbox(1)
    inbox.put("kept")
    reader = threading.Thread(target=inbox.put, args=("dropped",), daemon=True)
    reader.start()
    inbox.close()
    reader.join(10)
    assert not reader.is_alive()
    assert inbox.take(9, 0) == ["kept"]
