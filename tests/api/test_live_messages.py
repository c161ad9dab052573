"""The messages of the live stream: which events have one, in which words, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from api.live_before import befores
from api.live_messages import AgentMessage, InteractionMessage, LiveAction, QueueMessage, message_of
from commands.agents import LogIn
from commands.companies import RegisterCompany
from commands.handler_context import Command
from commands.interactions import (
    AnswerCall,
    AnswerDial,
    DialOut,
    EndCall,
    HoldCall,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    WrapUp,
)
from commands.queues import RegisterQueue
from domain import webhook_messages
from domain.agent_events import AgentEvent, AgentTookCall
from domain.base import CATALOGUE, Event
from domain.known_before import Before
from domain.queues import QueueNameTaken, QueueRenamed
from domain.voice.calls import Call
from domain.voice.happenings import MEANINGS, UNSAID, said_of
from domain.voice.interaction_events import InteractionEvent
from domain.webhook_messages import KINDS, MessageData, messages_of
from projections.queries.webhooks import known_before
from tests.kit.http import TimedCenter, operator
from tests.kit.pasts import live_through

OF_SEVERAL = {"interaction.observed", "visit.amended", "agent.observed", "agent.amended", "agent.identified"}
"""Events that may have several facts, each with a word of its own."""


def test_a_renamed_queue_has_one_message_and_the_reservation_of_its_name_none():
    queue, name, tenant = uuid4(), uuid4(), uuid4()
    common = {"tenant": tenant, "originator_version": 1, "actor": "test", "occurred_at": 1_000_000, "recorded_at": 1_000_000}
    renamed = message_of(QueueRenamed(originator_id=queue, name="comercial", **common), 1, Before())
    assert isinstance(renamed, QueueMessage)
    assert renamed.queue_id == queue
    assert message_of(QueueNameTaken(originator_id=name, name="comercial", owner=queue, **common), 2, Before()) is None


@pytest.fixture(scope="module")
def center(tmp_path_factory) -> Iterator[TimedCenter]:
    """An hour of the simulated center."""
    center = TimedCenter(tmp_path_factory.mktemp("morning") / "data")
    center.bus.execute(RegisterCompany(name="Empresa"), operator("Empresa"))
    live_through(center, "Empresa", 1)
    yield center
    center.close()


@pytest.fixture(scope="module")
def morning(center) -> list[tuple[int, Event]]:
    """Its events, with their positions."""
    return [(recorded.position, recorded.event) for recorded in center.store.read(0, 10**6)]


def test_what_happened_has_the_word_of_its_event_in_the_stream_and_in_webhooks(morning, monkeypatch):
    monkeypatch.setattr(webhook_messages, "LATEST_US", 10**18)
    calls: dict[UUID, Call] = {}
    words = set()
    for position, event in morning:
        if not isinstance(event, InteractionEvent | AgentEvent) or isinstance(event, AgentTookCall):
            continue
        if isinstance(event, InteractionEvent) and event.change.call is not None:
            calls.setdefault(event.originator_id, event.change.call)
        before = Before(calls.get(event.originator_id))
        message = message_of(event, position, before)
        assert isinstance(message, InteractionMessage | AgentMessage)
        told = [f"{message.type}.{step.kind}" for step in message.steps]
        assert set(told) <= CATALOGUE.keys()
        if event.facts and event.TOPIC not in OF_SEVERAL:
            assert told == [event.TOPIC]
        posted = list(messages_of(event, position, before))
        assert [one.type for one in posted] == [word for word in told if word in KINDS]
        steps = [step for step, word in zip(message.steps, told, strict=True) if word in KINDS]
        assert [said_by(one.data) for one in posted] == [said_by(step) for step in steps]
        words |= set(told)
    assert len(words) > 15


@pytest.mark.parametrize("page", [1, 7, 200])
def test_a_step_concerns_the_queue_and_the_agent_of_the_webhooks_message_of_the_same_position(center, morning, monkeypatch, page):
    monkeypatch.setattr(webhook_messages, "LATEST_US", 10**18)
    nameless = {"held", "resumed", "released", "wrap_up", "tagged"}
    named = set()
    for first in range(0, len(morning), page):
        some = morning[first : first + page]
        known = befores(center.store, [event for _, event in some])
        for (position, event), before in zip(some, known, strict=True):
            if not isinstance(event, InteractionEvent):
                continue
            message = message_of(event, position, before)
            assert isinstance(message, InteractionMessage)
            told = [(step.kind, step.queue, step.agent) for step in message.steps if f"interaction.{step.kind}" in KINDS]
            posted = messages_of(event, position, known_before(center.store, event))
            assert told == [(one.type.removeprefix("interaction."), one.data.queue, one.data.agent) for one in posted]
            assert all(agent for kind, _, agent in told if kind in nameless), told
            named |= {kind for kind, _, agent in told if agent}
    assert named >= {"released", "wrap_up", "tagged", "dialled", "dial_answered", "dial_failed", "rang", "ring_no_answer", "answered"}


def test_a_customer_who_was_dialled_concerns_who_dialled_and_then_who_answered(center):
    caller = operator("Empresa")

    def say(command: Command) -> UUID:
        return center.bus.execute(command, caller).id

    say(RegisterQueue(name="retorno"))
    for agent in ("Rita", "Saulo"):
        say(LogIn(agent=agent, queues=("retorno",)))
    call = say(DialOut(to_number="5511987654321", agent="Rita", queue="retorno"))
    for command in (
        AnswerDial(interaction=call),
        HoldCall(interaction=call),
        ResumeCall(interaction=call),
        ReleaseCall(interaction=call, by="transfer"),
        OfferCall(interaction=call, queue="retorno"),
        AnswerCall(interaction=call, agent="Saulo"),
        HoldCall(interaction=call),
        EndCall(interaction=call),
        WrapUp(interaction=call, tag="venda"),
    ):
        say(command)
    events = center.store.stream(call)
    messages = [message_of(event, 1, before) for event, before in zip(events, befores(center.store, events), strict=True)]
    steps = [step for message in messages if isinstance(message, InteractionMessage) for step in message.steps]
    assert [(step.kind, step.queue, step.agent) for step in steps] == [
        ("dialled", "retorno", "Rita"),
        ("dial_answered", "retorno", "Rita"),
        ("held", "retorno", "Rita"),
        ("resumed", "retorno", "Rita"),
        ("released", "retorno", "Rita"),
        ("offered", "retorno", None),
        ("answered", "retorno", "Saulo"),
        ("held", "retorno", "Saulo"),
        ("released", "retorno", "Saulo"),
        ("hung_up", None, None),
        ("wrap_up", "retorno", "Saulo"),
        ("tagged", None, "Saulo"),
    ]
    posted = [message for event in events for message in messages_of(event, 1, known_before(center.store, event))]
    assert [(one.data.queue, one.data.agent) for one in posted] == [(step.queue, step.agent) for step in steps]


def test_a_step_says_what_changed(morning):
    silent = set()
    for position, event in morning:
        if isinstance(event, AgentEvent) and not isinstance(event, AgentTookCall):
            message = message_of(event, position, Before())
            assert isinstance(message, AgentMessage)
            for fact, step in zip(event.facts, message.steps, strict=True):
                assert said_by(step) == said_of(fact)
                if (fact.text or fact.by) and not said_by(step):
                    silent.add(fact.kind)
    assert silent <= UNSAID.keys()


def said_by(told: LiveAction | MessageData) -> dict[str, str]:
    """What a step or a webhook's message says of what changed."""
    return {name: getattr(told, name) for name in MEANINGS if getattr(told, name, None)}
