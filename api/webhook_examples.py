"""Examples of every message of webhooks: what a short day of a center posts, made from its events as real ones are, so that they never tell of what cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from domain.agents import Agent
from domain.base import SECOND, Event, EventMetadata
from domain.ids import agent_id, company_id, interaction_id, queue_id
from domain.known_before import Before
from domain.queues import Queue, QueueSettings
from domain.voice.context import Context
from domain.voice.facts import CallKind, Fact
from domain.voice.interactions import Interaction
from domain.webhook_messages import POSTED, WebhookMessage, message_of_test, messages_of

_COMPANY = company_id("Empresa")
_WEBHOOK = UUID("7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10")
_BEGINS_US = 1_772_471_109_250_000
_FIRST_POSITION = 1_204
_FIRST_PROTOCOL = 4_711
_STEP_US = 4 * SECOND


class _Day:
    """What happens one after another, and the first message of each type that it gives."""

    def __init__(self) -> None:
        self.messages: dict[str, WebhookMessage] = {}
        self._at = _BEGINS_US
        self._position = _FIRST_POSITION
        self._protocol = _FIRST_PROTOCOL

    def queue_is_registered(self, name: str) -> None:
        """Its settings change from nothing to the usual ones."""
        queue = Queue(queue_id(_COMPANY, name), _COMPANY)
        queue.register(name, QueueSettings(), ("Ana",), self._now())
        self._post(queue.collect(), Before())

    def agent_does(self, name: str, facts: Iterable[Fact]) -> None:
        """One event for each of these facts."""
        agent = Agent(agent_id(_COMPANY, name), _COMPANY, name)
        for fact in facts:
            before, now = Before.of_agent(agent.standing, {}), self._now()
            agent.observe([msgspec.structs.replace(fact, at=now.recorded_at)], now)
            self._post(agent.collect(), before)

    def call_goes(self, own_id: str, facts: Iterable[Fact]) -> None:
        """One event for each of these facts, which are stated as by a live command."""
        call = Interaction(interaction_id(_COMPANY, own_id), _COMPANY)
        context = Context(_COMPANY, own_id, lambda *_: (20_000, 5_000, 0), protocol=self._protocol, origin="crm")
        self._protocol += 1
        for fact in facts:
            before, now = Before.of_call(call), self._now()
            stated = [msgspec.structs.replace(fact, at=now.recorded_at)]
            call.observe(stated if call.call is None else call.command(stated), context, now)
            self._post(call.collect(), before)

    def webhook_is_tested(self) -> None:
        """Without an event."""
        message = message_of_test(_WEBHOOK, self._position, self._now().recorded_at)
        self.messages[message.type] = message

    def _now(self) -> EventMetadata:
        self._at += _STEP_US
        return EventMetadata(tenant=_COMPANY, actor="source:crm", recorded_at=self._at)

    def _post(self, events: Iterable[Event], before: Before) -> None:
        for event in events:
            self._position += 1
            for message in messages_of(event, self._position, before):
                self.messages.setdefault(message.type, message)


def _facts(*kinds: CallKind, **more: Any) -> list[Fact]:
    return [Fact(kind, 0, **more) for kind in kinds]


@cache
def webhook_examples() -> dict[str, Any]:
    """The body of a message of each type, as JSON has it."""
    day = _Day()
    day.queue_is_registered("vendas")
    day.agent_does(
        "Ana", [Fact("logged_in", 0, queue="vendas"), Fact("paused", 0, text="almoço"), Fact("resumed", 0), Fact("logged_out", 0)]
    )
    arrives, offered, ends = _facts("arrived", text="551140028922"), _facts("offered", queue="vendas"), _facts("hung_up")
    talk = [*_facts("rang", "ring_no_answer", "rang", "answered", agent="Ana"), *_facts("held", "resumed"), *_facts("released", by="agent")]
    day.call_goes("crm-1", [*arrives, *offered, *talk, *_facts("wrap_up"), *_facts("tagged", text="venda"), *ends])
    for number, end in enumerate(_facts("abandoned", "timed_out", "left_by_key"), 2):
        day.call_goes(f"crm-{number}", [*arrives, *offered, end, *ends])
    day.call_goes("crm-5", [*arrives, *_facts("turned_away", queue="vendas", text="FULL"), *ends])
    dialled = _facts("dialled", queue="cobranca", agent="Ana", by="agent_first")
    day.call_goes("crm-6", [*dialled, *_facts("dial_answered"), *ends])
    day.call_goes("crm-7", [*dialled, *_facts("dial_failed", text="busy")])
    for number, end in enumerate(_facts("withdrawn", "emptied", "unseen_end", queue="vendas"), 8):
        day.call_goes(f"crm-{number}", [*arrives, *offered, end])
    day.webhook_is_tested()
    return {kind: msgspec.json.decode(msgspec.json.encode(day.messages[kind])) for kind in POSTED}
