"""Members whom Atende itself takes out of a queue and puts back."""

from __future__ import annotations

from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.stream import PacketStream
from telephony_adapter.ami.translator import Translator
from tests.kit.packets import event

MEMBER = {"Queue": "vendas", "Interface": "PJSIP/1001", "MemberName": "Ana", "Paused": "0"}


class Members:
    """A stream of events of members, and what agents did according to it."""

    def __init__(self) -> None:
        self.translator = Translator("ami:test")
        self.stream = PacketStream(self.translator.interest)
        self.at = 0

    def sees(self, name: str) -> list[str]:
        self.at += 1
        packets: list[Packet] = list(self.stream.packet(event(name, self.at, **MEMBER), 0, self.at))
        observed = [each for packet in packets for each in self.translator.feed(packet)]
        return [fact.kind for each in observed for fact in getattr(each, "facts", ()) if getattr(each, "agent", "")]


def test_a_renewal_is_seen_by_nobody_and_what_follows_it_is() -> None:
    members = Members()
    assert members.sees("QueueMemberAdded") == ["joined"]
    members.translator.pbx.renewals.begin("vendas", "PJSIP/1001")
    assert members.sees("QueueMemberRemoved") == []
    assert members.sees("QueueMemberAdded") == []
    assert members.sees("QueueMemberRemoved") == ["left"]
    assert members.sees("QueueMemberAdded") == ["joined"]


def test_a_renewal_that_the_pbx_refused_hides_nothing() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.translator.pbx.renewals.begin("vendas", "PJSIP/1001")
    members.translator.pbx.renewals.cancel("vendas", "PJSIP/1001")
    assert members.sees("QueueMemberRemoved") == ["left"]


def test_a_renewal_of_an_earlier_connection_hides_nothing() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.translator.pbx.renewals.begin("vendas", "PJSIP/1001")
    members.translator.pbx.renewals.forget()
    assert members.sees("QueueMemberRemoved") == ["left"]
