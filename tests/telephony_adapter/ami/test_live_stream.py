"""A live stream gives packets the instants of the PBX, however late they are read."""

from __future__ import annotations

import pytest

from commands.observations import ObserveCall
from domain.base import MS, SECOND
from domain.voice.facts import Fact
from telephony_adapter.ami.last_known import LastKnown
from telephony_adapter.ami.live_stream import LiveStream
from tests.kit.one_call import CALL, CALLER
from tests.kit.packets import T0, event, undated

AHEAD_S = 30
"""This machine's clock is so far ahead of the PBX's."""


class Clock:
    now_s = float(T0 + AHEAD_S)

    def us(self) -> int:
        return round(self.now_s * SECOND)


def waiting_of(late_s: float) -> Fact:
    """What is observed of a caller whom a list after a cut shows to wait since 20 s after T0, if it is read so long after it arrived 22 s after T0."""
    clock = Clock()
    stream = LiveStream("pbx", clock.us, LastKnown())
    stream.receive([event("Newchannel", 0, **CALLER, ChannelState=4, Exten="4001")], [0.0])
    clock.now_s += 10
    stream.disconnected()
    clock.now_s += 11
    stream.connected()
    stream.taken()
    clock.now_s += 1 + late_s
    stream.receive([undated("Event: QueueEntry", **CALLER, Queue="vendas", Position=1, Wait=2)], [late_s])
    (fact,) = [
        fact
        for seen in stream.taken()
        if isinstance(seen, ObserveCall) and seen.call == CALL
        for fact in seen.facts
        if fact.kind == "waiting"
    ]
    return fact


@pytest.mark.parametrize("late_s", [0.0, 6.0])
def test_a_row_of_a_list_has_the_instant_of_its_arrival_however_late_it_is_read(late_s: float) -> None:
    fact = waiting_of(late_s)
    assert fact.at - (fact.wait_ms or 0) * MS == (T0 + 20) * SECOND
