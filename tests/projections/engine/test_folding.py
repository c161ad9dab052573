"""The rows say what the events say, whatever the batches, repeats and positions."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.base import Event
from domain.ids import part_id, queue_id
from domain.voice.calls import Visit
from domain.voice.interactions import InteractionEvent
from projections.engine.folding import Folding
from projections.engine.rows import part
from projections.engine.tables import FACTS, source
from projections.engine.warehouse import Warehouse
from projections.engine.writing import write
from store.recorded_event import RecordedEvent
from tests.kit.log import stored
from tests.kit.rows import engine, everything, rows, warehouse
from tests.kit.story import TENANT, Story

__all__ = ["engine", "rows", "warehouse"]

few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
many = settings(few, max_examples=60)


def tables(warehouse: Warehouse) -> list[str]:
    return [*FACTS, *(f"{table}_versions" for table in FACTS), "events"]


def empty(warehouse: Warehouse) -> None:
    for table in [*tables(warehouse), "positions", "quarantine"]:
        warehouse.execute(f"TRUNCATE TABLE {table}")


def contents(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """All rows as they are kept, those removed and old too."""
    return {table: warehouse.execute(f"SELECT * FROM {table} FINAL ORDER BY id, version") for table in tables(warehouse)}


def log_of(random: Random, count: int) -> list[Event]:
    return list(Story(random).events(count))


def any_batches_with_any_repeats_give_the_same_rows(rows: Warehouse, data: st.DataObject, random: Random, count: int) -> None:
    log = [stored(position, event) for position, event in enumerate(log_of(random, count), start=1)]
    empty(rows)
    write(rows, Folding(rows).fold(log))
    at_once = contents(rows)

    empty(rows)
    folding = Folding(rows)
    reached = 0
    while reached < count:
        if reached and data.draw(st.booleans(), label="killed"):
            # The position was not written, the rows were: all of a new process begins further back.
            folding = Folding(rows)
            reached -= data.draw(st.integers(1, reached), label="back")
        size = data.draw(st.integers(1, count - reached), label="batch")
        write(rows, folding.fold(log[reached : reached + size]))
        reached += size
    assert contents(rows) == at_once


def as_of_a_position_gives_what_was_seen_when_the_log_ended_there(rows: Warehouse, random: Random, count: int) -> None:
    empty(rows)
    folding = Folding(rows)
    seen = []
    for position, event in enumerate(log_of(random, count), start=1):
        write(rows, folding.fold([stored(position, event)]))
        seen.append(everything(rows))
    for position, then in enumerate(seen, start=1):
        assert everything(rows, as_of=position) == then, position


def rows_say_what_the_last_event_of_each_call_says(rows: Warehouse, random: Random, count: int) -> None:
    log = log_of(random, count)
    empty(rows)
    write(rows, Folding(rows).fold([stored(position, event) for position, event in enumerate(log, start=1)]))
    last = {event.originator_id: event for event in log if isinstance(event, InteractionEvent)}

    found = {row["id"]: row for row in rows.query(f"SELECT * FROM {source('visits')}", TENANT)}
    told = {str(part_id(id, "visit", visit.n)): (event, visit) for id, event in last.items() for visit in event.call.visits}
    assert set(found) == set(told)
    for id, (event, visit) in told.items():
        _same_visit(found[id], event, visit)

    calls = {row["id"]: row for row in rows.query(f"SELECT * FROM {source('interactions')}", TENANT)}
    assert set(calls) == {str(id) for id in last}
    for id, event in last.items():
        row, call = calls[str(id)], event.call
        whole = call.part_of or id
        assert (row["whole"], row["contact"]) == (str(whole), str(call.contact) if call.contact else None)
        assert (row["protocol"], row["origin"], row["status"], tuple(row["tags"])) == (call.protocol, call.origin, call.status, call.tags)
        assert row["number"] == (f"sealed:{id}" if call.number else "")
        assert set(row["queues"]) == {visit.queue for visit in call.visits} | ({call.attempt.queue} if call.attempt else set())
        assert len(row["queues"]) == len(set(row["queues"]))
    assert {row["id"] for row in rows.query(f"SELECT id FROM {source('ivr_calls')}", TENANT)} == {
        str(id) for id, e in last.items() if e.call.ivr
    }
    assert {row["id"] for row in rows.query(f"SELECT id FROM {source('attempts')}", TENANT)} == {
        str(id) for id, e in last.items() if e.call.attempt
    }


def long(test: Any) -> Any:
    """For `make test-long`; nothing is timed on a busy machine."""
    return pytest.mark.long(pytest.mark.timeout(3_600)(test))


randoms = st.randoms(use_true_random=False)
batches = {"data": st.data(), "random": randoms, "count": st.integers(1, 40)}
positions = {"random": randoms, "count": st.integers(1, 12)}
calls = {"random": randoms, "count": st.integers(1, 60)}

test_any_batches_with_any_repeats_give_the_same_rows = few(given(**batches)(any_batches_with_any_repeats_give_the_same_rows))
test_as_of_a_position_gives_what_was_seen_then = few(given(**positions)(as_of_a_position_gives_what_was_seen_when_the_log_ended_there))
test_rows_say_what_the_last_event_of_each_call_says = few(given(**calls)(rows_say_what_the_last_event_of_each_call_says))
test_more_batches_and_repeats = long(many(given(**batches)(any_batches_with_any_repeats_give_the_same_rows)))
test_more_positions = long(many(given(**positions)(as_of_a_position_gives_what_was_seen_when_the_log_ended_there)))
test_more_calls = long(many(given(**calls)(rows_say_what_the_last_event_of_each_call_says)))


def _same_visit(row: dict[str, Any], event: InteractionEvent, visit: Visit) -> None:
    plain = [name for name in Visit.__struct_fields__ if name not in ("n", "end", "rings", "holds", "implied", "talk_unknown")]
    assert {name: row[name] for name in plain} == {name: getattr(visit, name) for name in plain}
    assert (row["end"], row["talk_unknown"], row["first"]) == (visit.end or "waiting", int(visit.talk_unknown), int(visit.n == 0))
    assert (row["version"], row["queue_id"]) == (event.originator_version, str(queue_id(TENANT, visit.queue)))
    assert row["live"] == int(event.call.origin == "Portal")
    rings = zip(row["ring_agents"], row["ring_from_ms"], row["ring_until_ms"], row["ring_outcomes"], strict=True)
    assert list(rings) == [(ring.agent, ring.from_ms, ring.until_ms, ring.outcome) for ring in visit.rings]
    assert list(zip(row["hold_from_ms"], row["hold_until_ms"], strict=True)) == list(visit.holds)


def by_visit(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(parts, key=lambda part: (part["visit"], part["n"]))


def test_rings_and_holds_come_out_of_their_visits_one_by_one(rows: Warehouse) -> None:
    log = log_of(Random(3), 40)
    write(rows, Folding(rows).fold([stored(position, event) for position, event in enumerate(log, start=1)]))
    last = {event.originator_id: event for event in log if isinstance(event, InteractionEvent)}
    visits = [(str(part_id(id, "visit", visit.n)), visit) for id, event in last.items() for visit in event.call.visits]
    rings = rows.query(f"SELECT visit, n, agent, from_ms, until_ms, outcome FROM {source('rings')}", TENANT)
    assert by_visit(rings) == by_visit(
        [
            {"visit": id, "n": n, "agent": ring.agent, "from_ms": ring.from_ms, "until_ms": ring.until_ms, "outcome": ring.outcome}
            for id, visit in visits
            for n, ring in enumerate(visit.rings, start=1)
        ]
    )
    assert rings
    holds = rows.query(f"SELECT visit, n, agent, from_ms, until_ms FROM {source('holds')}", TENANT)
    assert {(hold["visit"], hold["n"], hold["agent"], hold["from_ms"]) for hold in holds} == {
        (id, n, visit.agent, since) for id, visit in visits for n, (since, _) in enumerate(visit.holds, start=1)
    }


def test_every_event_is_in_the_audit_as_it_is_stored(rows: Warehouse) -> None:
    log = [stored(position, event) for position, event in enumerate(log_of(Random(1), 50), start=1)]
    write(rows, Folding(rows).fold(log))
    audit = rows.query("SELECT * FROM events FINAL WHERE tenant = {tenant:UUID} ORDER BY position", TENANT)
    assert [
        RecordedEvent(row["position"], UUID(row["id"]).bytes, row["version"], row["topic"], row["state"].encode()) for row in audit
    ] == log
    for row in audit:
        state = msgspec.json.decode(row["state"])
        assert (row["actor"], row["occurred_us"], row["recorded_us"], row["correlation"]) == (
            state["actor"], state["occurred_at"], state["recorded_at"], state["correlation"],
        )  # fmt: skip


def test_another_company_sees_nothing(rows: Warehouse) -> None:
    log = log_of(Random(1), 200)
    write(rows, Folding(rows).fold([stored(position, event) for position, event in enumerate(log, start=1)]))
    assert all(everything(rows)[table] for table in ("visits", "rings", "agents", "queues", "sources"))
    assert not any(everything(rows, tenant=UUID(int=99)).values())


@pytest.mark.parametrize("key", [0, 12, "vendas", "ção"])
def test_parts_have_the_ids_that_the_domain_gives_them(key: object) -> None:
    whole = UUID(int=2**127 + 12345)
    assert part(whole.bytes, "visit", key) == part_id(whole, "visit", key).bytes
