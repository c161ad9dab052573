"""A call that rings twenty phones for ten minutes: the cost of one more event after many events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import msgspec

from bench.measure import absolute, profiled
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.observations import ObserveCall
from domain.access import ATTEND, OBSERVE
from domain.base import MS, NOBODY, SECOND, EventMetadata, Personal
from domain.ids import company_id, interaction_id
from domain.voice.context import Context
from domain.voice.facts import CallKind, Fact
from domain.voice.interactions import Interaction
from store.event_store import Store, project

COMPANY = company_id("Empresa")
CALLER = Caller(COMPANY, "bench", frozenset({ATTEND, OBSERVE}))
AGENTS = 20
TURNS = 40
START = 1_800_000_000 * SECOND

CONTEXT = Context(tenant=COMPANY, call="1.1", settings=lambda _queue, _at: (20_000, 5_000, 0), origin="ami")
METADATA = EventMetadata(tenant=COMPANY, actor="bench", recorded_at=START)

PLAIN_CALL_BEFORE = (597, 697, 680, 797, 811, 826, 962, 963)
"""Bytes of each event of `_plain_call` when each of them still carried the whole call."""


def size_of_log(quick: bool) -> dict[str, Any]:
    """Bytes of the events of one ring-all call: 20 phones that ring 40 times in ten minutes, 1,601 events."""
    with _saved(_ring_all(2 if quick else TURNS)) as (store, id):
        states = _states(store, id)
    figure = absolute("bytes", [sum(states)], aim=1_500_000, more_is_better=False)
    return {**figure, "events": len(states), "largest_event": max(states)}


def one_more_fact(quick: bool) -> dict[str, Any]:
    """The cost of the 1,600th fact of a call beside its 16th: the decision and the bytes of its event."""
    facts = list(_ring_all(TURNS))
    rounds = 2 if quick else 7
    took = [_seconds_of_each(facts) for _ in range(rounds)]

    def around(place: int) -> float:
        return median(each for seconds in took for each in seconds[place - 8 : place + 8])

    figure = absolute("x the 16th", [around(len(facts) - 10) / around(16)], aim=2, more_is_better=False)
    return {**figure, "16th_us": around(16) * 1e6, "1600th_us": around(len(facts) - 10) * 1e6}


def loading(quick: bool) -> dict[str, Any]:
    """The time to load a ring-all call of 801 events from the log."""
    facts = list(_ring_all(TURNS // 2))
    with _saved(facts) as (store, id):

        def load() -> float:
            started = time.process_time()
            interaction = project(store.stream_of(id), Interaction)
            assert interaction is not None
            interaction.observe([_fact("hung_up", facts[-1].at + SECOND)], CONTEXT, METADATA)
            return (time.process_time() - started) * 1000

        figure = absolute("ms", [load() for _ in range(3 if quick else 15)], aim=30, more_is_better=False)
        if not figure["reached"]:
            figure["profile"] = profiled(load)
    return figure


def plain_call(_quick: bool) -> dict[str, Any]:
    """Bytes of the events of a plain call, one fact each, beside their size when each carried the whole call."""
    with _saved(_plain_call()) as (store, id):
        states = _states(store, id)
    figure = absolute("bytes", [sum(states)], aim=sum(PLAIN_CALL_BEFORE), more_is_better=False)
    return {**figure, "each": states, "each_before": PLAIN_CALL_BEFORE}


def _seconds_of_each(facts: list[Fact]) -> list[float]:
    """Seconds to decide on each of these facts and to encode its event."""
    interaction = Interaction(interaction_id(COMPANY, "1.1"), COMPANY)
    encode = msgspec.json.Encoder(enc_hook=lambda personal: str(personal.subject)).encode
    seconds = []
    for fact in facts:
        started = time.process_time()
        interaction.observe([fact], CONTEXT, METADATA)
        for event in interaction.collect():
            encode(event)
        seconds.append(time.process_time() - started)
    return seconds


def _fact(kind: CallKind, at: int, queue: str = "", agent: str = "", **fields: Any) -> Fact:
    return Fact(kind, at, "ami", queue, agent, ref=f"ami:{kind}", **fields)


def _ring_all(turns: int) -> Iterator[Fact]:
    """All phones ring at once without an answer, again and again."""
    yield _fact("offered", START, "vendas", private=Personal(NOBODY, "5511988000037"))
    for turn in range(turns):
        at = START + 1 + turn * 15 * SECOND
        yield from (_fact("rang", at, "vendas", f"Agente {n:02}") for n in range(AGENTS))
        yield from (_fact("ring_no_answer", at + 10 * SECOND, "vendas", f"Agente {n:02}", ring_ms=10_000) for n in range(AGENTS))


def _plain_call() -> Iterator[Fact]:
    yield _fact("arrived", START, text="4000", private=Personal(NOBODY, "5511988000037"))
    yield _fact("offered", START + SECOND, "vendas", private=Personal(NOBODY, "5511988000037"))
    yield _fact("rang", START + 2 * SECOND, "vendas", "Agente 01")
    yield _fact("answered", START + 8 * SECOND, "vendas", "Agente 01", wait_ms=7000, ring_ms=6000)
    yield _fact("held", START + 20 * SECOND, "vendas")
    yield _fact("resumed", START + 30 * SECOND, "vendas")
    yield _fact("released", START + 68 * SECOND, "vendas", "Agente 01", by="caller", wait_ms=7000, talk_ms=60_000)
    yield _fact("hung_up", START + 68 * SECOND + 5 * MS)


@contextmanager
def _saved(facts: Iterable[Fact]) -> Iterator[tuple[Store, UUID]]:
    """A store with these facts of a call, observed one by one."""
    with TemporaryDirectory(prefix="bench-") as name, Store(Path(name)) as store:
        bus = CommandBus(store)
        bus.execute_all([(ObserveCall(call="1.1", facts=(fact,)), CALLER) for fact in facts])
        yield store, interaction_id(COMPANY, "1.1")


def _states(store: Store, id: UUID) -> list[int]:
    """The bytes of each event's state."""
    return [len(stored.state) for stored in store.recorder.select_events(id)]
