"""What happened has one word in every vocabulary, and messages say the very thing that changed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from domain.agent_events import EVENT_OF_KIND
from domain.base import CATALOGUE, Event
from domain.voice import facts
from domain.voice.facts import CallKind, Fact, FactKind, PresenceKind
from domain.voice.happenings import MEANINGS, SAID, UNSAID, said_of
from domain.voice.interaction_events import BY_KIND
from domain.webhook_messages import KINDS, MessageData

WITHOUT_EVENT = {"reason", "talked", "restarted"}
"""What is observed of an agent, or of a restarted PBX, besides other facts: `agent.observed` has it."""

STATED = re.findall(r'^    "(\w+)",  # (.*)$', inspect.getsource(facts), re.MULTILINE)
"""Each kind with what its facts state, as their module says it."""


def test_the_kind_of_a_fact_is_the_word_of_its_event() -> None:
    assert {kind for kind in get_args(CallKind) if kind not in BY_KIND} == set()
    assert {kind for kind in get_args(PresenceKind) if kind not in EVENT_OF_KIND} == WITHOUT_EVENT
    both: tuple[tuple[Mapping[str, type[Event]], str], ...] = ((BY_KIND, "interaction"), (EVENT_OF_KIND, "agent"))
    for events, slice_ in both:
        assert all(CATALOGUE[event.TOPIC] is event and event.word() == word for word, event in events.items())
        assert {event.TOPIC.partition(".")[0] for event in events.values()} - {"visit"} == {slice_}


def test_a_webhook_posts_events_by_their_names() -> None:
    assert KINDS.keys() - CATALOGUE.keys() == {"queue.changed"}, "it stands for every event of a queue"
    kinds = {kind.partition(".")[2] for kind in KINDS} - {"changed"}
    assert kinds <= {*get_args(CallKind), *get_args(PresenceKind)}


@pytest.mark.parametrize(("kind", "stated"), [pytest.param(*one, id=one[0]) for one in STATED])
def test_what_a_fact_states_is_said_or_there_is_a_reason_why_not(kind: FactKind, stated: str) -> None:
    fields = {name for name, written in (("text", r"\btext\b"), ("by", r"\bby(?=:| =)")) if re.search(written, stated)}
    said = {SAID[kind][1]} if kind in SAID else set()
    assert fields == said or (said < fields and UNSAID[kind])


@pytest.mark.parametrize("kind", SAID)
def test_each_field_has_the_value_of_its_fact(kind: FactKind) -> None:
    field, of_fact = SAID[kind]
    assert field in MEANINGS
    assert f"`{kind}`" in MEANINGS[field]
    given: dict[str, Any] = {of_fact: "DIVERT_HOLDTIME" if kind == "turned_away" else "almoço"}
    assert said_of(Fact(kind, 0, **given)) == {field: "divert-holdtime" if kind == "turned_away" else "almoço"}
    assert said_of(Fact(kind, 0)) == {}


def test_a_webhook_has_a_field_for_all_that_its_messages_say() -> None:
    posted = {SAID[kind][0] for kind in SAID if {f"interaction.{kind}", f"agent.{kind}"} & KINDS.keys()}
    assert posted == MEANINGS.keys() & set(MessageData.__struct_fields__)
