"""The rows say what the events say, whatever the batches, repeats and positions."""

from __future__ import annotations

from random import Random
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.base import Event
from domain.ids import interaction_id, part_id, queue_id
from domain.voice.calls import Ring, Visit
from domain.voice.interaction_events import AgentRang
from projections.engine.folding import Folding
from projections.engine.refolding import takes_further
from projections.engine.rows import part
from projections.engine.tables import FACTS, source
from projections.engine.warehouse import Warehouse
from projections.engine.writing import write
from store.recorded_event import RecordedEvent
from tests.kit.log import stored
from tests.kit.rows import engine, everything, rows, warehouse
from tests.kit.story import TENANT, Story
from tests.kit.whole_call import WholeCall, WholeVisit, change

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


def events_that_are_folded_late_give_the_same_rows(rows: Warehouse, data: st.DataObject, random: Random, count: int) -> None:
    """As those that were set aside while their fold was wrong, and are folded again when it is mended."""
    log = [stored(position, event) for position, event in enumerate(Story(random).events(count), start=1)]
    log = [event for event in log if not takes_further(event.topic)]
    late = [event for event in log if data.draw(st.booleans(), label="late")]
    assume(log)
    empty(rows)
    write(rows, Folding(rows).fold(log))
    in_order = contents(rows)

    empty(rows)
    for some in ([event for event in log if event not in late], late):
        if some:
            write(rows, Folding(rows).fold(some))
    assert contents(rows) == in_order


def as_of_a_position_gives_what_was_seen_when_the_log_ended_there(
    rows: Warehouse, data: st.DataObject, random: Random, count: int, most: int
) -> None:
    """most: the number of positions that are looked at; to read all rows takes long."""
    looked_at = data.draw(st.sets(st.integers(1, count), min_size=1, max_size=most), label="looked at")
    empty(rows)
    folding = Folding(rows)
    seen = {}
    for position, event in enumerate(log_of(random, count), start=1):
        write(rows, folding.fold([stored(position, event)]))
        if position in looked_at:
            seen[position] = everything(rows)
    for position, then in seen.items():
        assert everything(rows, as_of=position) == then, position


def rows_say_what_is_known_of_each_call(rows: Warehouse, random: Random, count: int) -> None:
    story = Story(random)
    log = list(story.events(count))
    empty(rows)
    write(rows, Folding(rows).fold([stored(position, event) for position, event in enumerate(log, start=1)]))
    known = {interaction_id(TENANT, name): call for name, call in story.calls.items()}

    found = {row["id"]: row for row in rows.query(f"SELECT * FROM {source('visits')}", TENANT)}
    visits = {str(part_id(id, "visit", visit.n)): (id, call, visit) for id, call in known.items() for visit in call.visits}
    assert set(found) == set(visits)
    for row_id, (id, call, visit) in visits.items():
        _same_visit(found[row_id], id, call, visit)

    calls = {row["id"]: row for row in rows.query(f"SELECT * FROM {source('interactions')}", TENANT)}
    assert set(calls) == {str(id) for id in known}
    for id, call in known.items():
        row = calls[str(id)]
        whole = call.part_of or id
        assert (row["whole"], row["contact"]) == (str(whole), str(call.contact) if call.contact else None)
        assert (row["protocol"], row["origin"], row["status"]) == (call.protocol, call.origin, call.status)
        assert row["number"] == (f"sealed:{id}" if call.number else "")
    ways = {row["id"]: (row["queue"], row["visit"]) for row in rows.query(f"SELECT id, queue, visit FROM {source('ivr_calls')}", TENANT)}
    assert ways == {str(id): _led_to(id, call) for id, call in known.items() if call.ivr}
    attempts = {row["id"]: (row["hold_ms"], row["wrap_up_ms"]) for row in rows.query(f"SELECT * FROM {source('attempts')}", TENANT)}
    assert attempts == {str(id): (call.attempt.hold_ms, call.attempt.wrap_up_ms) for id, call in known.items() if call.attempt}


def long(test: Any) -> Any:
    """For `make test-long`; nothing is timed on a busy machine."""
    return pytest.mark.long(pytest.mark.timeout(3_600)(test))


randoms = st.randoms(use_true_random=False)
batches = {"data": st.data(), "random": randoms, "count": st.integers(1, 40)}
positions = {**batches, "count": st.integers(1, 12)}
calls = {"random": randoms, "count": st.integers(1, 60)}

test_any_batches_with_any_repeats_give_the_same_rows = few(given(**batches)(any_batches_with_any_repeats_give_the_same_rows))
test_events_that_are_folded_late_give_the_same_rows = few(given(**batches)(events_that_are_folded_late_give_the_same_rows))
test_as_of_a_position_gives_what_was_seen_then = few(
    given(**positions, most=st.just(3))(as_of_a_position_gives_what_was_seen_when_the_log_ended_there)
)
test_rows_say_what_is_known_of_each_call = few(given(**calls)(rows_say_what_is_known_of_each_call))
test_more_batches_and_repeats = long(many(given(**batches)(any_batches_with_any_repeats_give_the_same_rows)))
test_more_positions = long(many(given(**positions, most=st.just(12))(as_of_a_position_gives_what_was_seen_when_the_log_ended_there)))
test_more_calls = long(many(given(**calls)(rows_say_what_is_known_of_each_call)))


def _same_visit(row: dict[str, Any], id: UUID, call: WholeCall, visit: WholeVisit) -> None:
    plain = [name for name in Visit.__struct_fields__ if name not in ("end", "implied", "talk_unknown")]
    assert {name: row[name] for name in plain} == {name: getattr(visit, name) for name in plain}
    assert (row["end"], row["talk_unknown"]) == (visit.end or "waiting", int(visit.talk_unknown))
    assert (row["interaction"], row["whole"], row["queue_id"]) == (str(id), str(call.part_of or id), str(queue_id(TENANT, visit.queue)))
    assert row["live"] == int(call.origin == "Portal")


def _led_to(id: UUID, call: WholeCall) -> tuple[str, str | None]:
    return (call.visits[0].queue, str(part_id(id, "visit", 0))) if call.visits else ("", None)


def parts_say_what_is_known_of_each_call(rows: Warehouse, random: Random, count: int) -> None:
    story = Story(random)
    empty(rows)
    write(rows, Folding(rows).fold([stored(position, event) for position, event in enumerate(story.events(count), start=1)]))
    known = {interaction_id(TENANT, name): call for name, call in story.calls.items()}
    visits = [(str(part_id(id, "visit", visit.n)), visit) for id, call in known.items() for visit in call.visits]

    def read(columns: str, table: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row.values()) for row in rows.query(f"SELECT {columns} FROM {source(table)}", TENANT))

    assert read("visit, k, queue, agent, from_ms, ifNull(until_ms, 0) AS ended, outcome", "rings") == sorted(
        (id, k, visit.queue, ring.agent, ring.from_ms, ring.until_ms or 0, ring.outcome)
        for id, visit in visits
        for k, ring in enumerate(visit.rings)
    )
    assert read("visit, k, queue, agent, from_ms, ifNull(until_ms, 0) AS ended", "holds") == sorted(
        [(id, k, visit.queue, visit.agent, since, until or 0) for id, visit in visits for k, (since, until) in enumerate(visit.holds)]
        + [
            (str(id), k, call.attempt.queue, call.attempt.agent, since, until or 0)
            for id, call in known.items()
            if call.attempt is not None
            for k, (since, until) in enumerate(call.attempt_holds)
        ]
    )
    assert read("interaction, k, text", "options") == sorted(
        (str(id), k, it) for id, call in known.items() for k, it in enumerate(call.options)
    )
    assert read("interaction, k, text", "tags") == sorted((str(id), k, it) for id, call in known.items() for k, it in enumerate(call.tags))


test_parts_say_what_is_known_of_each_call = few(given(**calls)(parts_say_what_is_known_of_each_call))
test_more_parts = long(many(given(**calls)(parts_say_what_is_known_of_each_call)))


def test_a_row_is_written_only_by_an_event_that_changes_it() -> None:
    """Twenty phones that ring for one waiting customer, again and again, write a row each time, however many there were before."""
    visit = WholeVisit(n=0, queue="vendas", offered_ms=1, sla_ms=1, tolerated_ms=0)
    rings = [Ring(f"Agente {k % 20}", k, k + 1, "no-answer") for k in range(800)]
    calls = [
        WholeCall(
            call="1", protocol=1, origin="ami", direction="inbound", started_ms=1, visits=(replace(visit, rings=tuple(rings[:count])),)
        )
        for count in range(1, 801)
    ]
    id = interaction_id(TENANT, "1")
    events = [
        AgentRang(
            originator_id=id, originator_version=version, tenant=TENANT, actor="test", occurred_at=0, recorded_at=0, facts=(),
            change=change(calls[version - 2] if version > 1 else None, call),
        )
        for version, call in enumerate(calls, start=1)
    ]  # fmt: skip
    folded = Folding(cast(Warehouse, None)).fold([stored(position, event) for position, event in enumerate(events, start=1)])
    assert folded.refused == []
    assert {table: len(columns["tenant"]) for table, columns in folded.tables.items()} == {
        "events": 800, "visits": 1, "interactions": 1, "interaction_parts": 800,
    }  # fmt: skip


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
