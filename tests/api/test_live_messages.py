"""The messages of the live stream: which events have one, in which words, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from api.live_messages import AgentMessage, InteractionMessage, LiveAction, QueueMessage, message_of
from commands.companies import RegisterCompany
from domain import webhook_messages
from domain.agent_events import AgentEvent, AgentTookCall
from domain.base import CATALOGUE, Event
from domain.queues import QueueNameTaken, QueueRenamed
from domain.voice.calls import Call
from domain.voice.happenings import MEANINGS, UNSAID, said_of
from domain.voice.interaction_events import InteractionEvent
from domain.webhook_messages import KINDS, Before, MessageData, messages_of
from tests.kit.http import TimedCenter, operator
from tests.kit.pasts import live_through

OF_SEVERAL = {"interaction.observed", "visit.amended", "agent.observed", "agent.amended", "agent.identified"}
"""Events that may have several facts, each with a word of its own."""


def test_a_renamed_queue_has_one_message_and_the_reservation_of_its_name_none():
    queue, name, tenant = uuid4(), uuid4(), uuid4()
    common = {"tenant": tenant, "originator_version": 1, "actor": "test", "occurred_at": 1_000_000, "recorded_at": 1_000_000}
    renamed = message_of(QueueRenamed(originator_id=queue, name="comercial", **common), 1, {}, {})
    assert isinstance(renamed, QueueMessage)
    assert renamed.queue_id == queue
    assert message_of(QueueNameTaken(originator_id=name, name="comercial", owner=queue, **common), 2, {}, {}) is None


@pytest.fixture(scope="module")
def morning(tmp_path_factory) -> Iterator[list[tuple[int, Event]]]:
    """The events of an hour of the simulated center, with their positions."""
    center = TimedCenter(tmp_path_factory.mktemp("morning") / "data")
    center.bus.execute(RegisterCompany(name="Empresa"), operator("Empresa"))
    live_through(center, "Empresa", 1)
    yield [(recorded.position, recorded.event) for recorded in center.store.read(0, 10**6)]
    center.close()


def test_what_happened_has_the_word_of_its_event_in_the_stream_and_in_webhooks(morning, monkeypatch):
    monkeypatch.setattr(webhook_messages, "LATEST_US", 10**18)
    calls: dict[UUID, Call] = {}
    words = set()
    for position, event in morning:
        if not isinstance(event, InteractionEvent | AgentEvent) or isinstance(event, AgentTookCall):
            continue
        if isinstance(event, InteractionEvent) and event.change.call is not None:
            calls.setdefault(event.originator_id, event.change.call)
        message = message_of(event, position, calls, {})
        assert isinstance(message, InteractionMessage | AgentMessage)
        told = [f"{message.type}.{step.kind}" for step in message.steps]
        assert set(told) <= CATALOGUE.keys()
        if event.facts and event.TOPIC not in OF_SEVERAL:
            assert told == [event.TOPIC]
        posted = list(messages_of(event, position, Before(call=calls.get(event.originator_id))))
        assert [one.type for one in posted] == [word for word in told if word in KINDS]
        steps = [step for step, word in zip(message.steps, told, strict=True) if word in KINDS]
        assert [said_by(one.data) for one in posted] == [said_by(step) for step in steps]
        words |= set(told)
    assert len(words) > 15


def test_a_step_says_what_changed(morning):
    silent = set()
    for position, event in morning:
        if isinstance(event, AgentEvent) and not isinstance(event, AgentTookCall):
            message = message_of(event, position, {}, {})
            assert isinstance(message, AgentMessage)
            for fact, step in zip(event.facts, message.steps, strict=True):
                assert said_by(step) == said_of(fact)
                if (fact.text or fact.by) and not said_by(step):
                    silent.add(fact.kind)
    assert silent <= UNSAID.keys()


def said_by(told: LiveAction | MessageData) -> dict[str, str]:
    """What a step or a webhook's message says of what changed."""
    return {name: getattr(told, name) for name in MEANINGS if getattr(told, name, None)}
