"""Whose a telephone was, from when to when: a claim changes nothing of the past, and what is learnt of the past takes nothing from a claimer."""

from __future__ import annotations

from uuid import UUID

import pytest

from commands.agents import LogIn
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.observations import MatchMember, ObserveAgent
from commands.phones import ChoosePhone, ReleasePhone
from domain.access import PERMISSIONS
from domain.agent_events import AgentEvent
from domain.agents import SpanKey
from domain.base import SECOND
from domain.ids import agent_id
from domain.voice.facts import Fact
from domain.voice.presence import PresenceSpan
from store.event_store import Store
from tests.kit.clocks import Settable

TENANT = UUID(int=7)
CALLER = Caller(TENANT, "test", frozenset(PERMISSIONS))
PHONE = "PJSIP/1002"


class Center:
    """Facts about the telephone are observed and its holders change, second by second."""

    def __init__(self, store: Store) -> None:
        self.clock = Settable()
        self.bus = CommandBus(store, self.clock)
        self.began = self.clock.us
        for agent in ("Ana", "Bruno"):
            self.do(LogIn(agent=agent))

    def at(self, second: int, command: Command) -> None:
        self.clock.us = self.began + second * SECOND
        self.do(command)

    def do(self, command: Command) -> None:
        self.bus.execute(command, CALLER)

    def paused(self, second: int, reason: str, told_at: int | None = None) -> None:
        """Somebody paused on the telephone at that second, which a source tells then or later."""
        at = self.began + second * SECOND
        facts = (Fact("paused", at, clock="ami", text=reason), Fact("resumed", at + SECOND // 2, clock="ami"))
        self.at(second if told_at is None else told_at, ObserveAgent(agent=PHONE, facts=facts))

    def pauses(self, name: str) -> list[str]:
        """The reasons of the pauses that are this agent's, in their order."""
        spans: dict[SpanKey, PresenceSpan] = {}
        for event in self.bus.store.stream(agent_id(TENANT, name)):
            assert isinstance(event, AgentEvent)
            for key in event.dropped:
                del spans[key]
            spans.update({span.key: span for span in event.spans})
        return [span.reason for span in sorted(spans.values(), key=lambda span: span.from_ms) if span.kind == "pause"]


@pytest.fixture
def center(store: Store) -> Center:
    return Center(store)


def test_a_claim_takes_over_nothing_that_happened_before_whenever_it_is_told(center: Center) -> None:
    center.paused(10, "before")
    center.at(20, ChoosePhone(agent="Ana", interface=PHONE))
    center.paused(30, "within")
    center.paused(15, "before, told late", told_at=35)
    center.at(40, ReleasePhone(agent="Ana", interface=PHONE))
    center.paused(50, "after")
    center.paused(32, "within, told late", told_at=55)
    assert center.pauses("Ana") == ["within", "within, told late"]
    assert center.pauses(PHONE) == ["before", "before, told late", "after"]


def test_the_echo_of_a_claim_at_the_pbx_takes_over_nothing_either(center: Center) -> None:
    center.paused(10, "before")
    center.at(20, ChoosePhone(agent="Ana", interface=PHONE))
    center.at(21, MatchMember(interface=PHONE, member="Ana"))
    assert center.pauses("Ana") == []
    assert center.pauses(PHONE) == ["before"]


def test_who_a_source_names_first_takes_over_the_past_but_not_what_was_anothers(center: Center) -> None:
    center.paused(10, "before")
    center.at(20, ChoosePhone(agent="Ana", interface=PHONE))
    center.paused(30, "Ana's")
    center.at(40, ReleasePhone(agent="Ana", interface=PHONE))
    center.at(50, MatchMember(interface=PHONE, member="Bruno"))
    center.paused(60, "after")
    center.paused(12, "before, told late", told_at=65)
    center.paused(32, "Ana's, told late", told_at=66)
    assert center.pauses("Bruno") == ["before", "before, told late", "after"]
    assert center.pauses("Ana") == ["Ana's", "Ana's, told late"]
    assert center.pauses(PHONE) == []


def test_a_telephone_that_goes_from_one_member_to_another_leaves_each_their_time(center: Center) -> None:
    center.at(10, MatchMember(interface=PHONE, member="Ana"))
    center.paused(20, "Ana's")
    center.at(30, MatchMember(interface=PHONE, member="Bruno"))
    center.paused(40, "Bruno's")
    center.paused(22, "Ana's, told late", told_at=45)
    assert (center.pauses("Ana"), center.pauses("Bruno")) == (["Ana's", "Ana's, told late"], ["Bruno's"])


def test_the_echo_of_a_claim_takes_over_nothing_after_the_telephone_was_given_up(center: Center) -> None:
    """A PBX that is asked for its members again, as after a restart, may still name who chose the telephone once."""
    center.paused(10, "before")
    center.at(20, ChoosePhone(agent="Ana", interface=PHONE))
    center.at(30, ReleasePhone(agent="Ana", interface=PHONE))
    center.paused(35, "between")
    center.at(40, MatchMember(interface="pjsip/1002", member="ana"))
    center.paused(50, "after")
    center.paused(12, "before, told late", told_at=55)
    assert center.pauses("Ana") == ["after"]
    assert center.pauses(PHONE) == ["before", "before, told late", "between"]
