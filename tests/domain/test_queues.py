"""A queue (Serviço): its settings, and which of them may change."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.base import SECOND, EventMetadata
from domain.errors import AlreadyExists, DomainError, InvalidField, NotFound, Refused
from domain.ids import queue_id
from domain.queues import Queue, QueueRegistered, QueueSettings

TENANT = UUID("0d3c5a52-6a52-5f8e-9d42-0d6cb0a5a001")
DEFAULT = QueueSettings()


def metadata(at_s: int) -> EventMetadata:
    return EventMetadata(tenant=TENANT, actor="ana@empresa", recorded_at=at_s * SECOND)


def queue(name: str = "vendas", at_s: int = 100, settings: QueueSettings = DEFAULT) -> Queue:
    made = Queue(queue_id(TENANT, name), TENANT)
    made.register(name, settings, ("Ana Souza",), metadata(at_s))
    return made


def topics(made: Queue) -> list[str]:
    return [event.TOPIC for event in made.collect()]


def replayed(made: Queue) -> Queue:
    again = Queue(made.id, made.tenant)
    for event in made.collect():
        again.replay(event)
    return again


def test_a_registered_queue_is_active_with_the_given_settings() -> None:
    made = queue()
    assert (made.name, made.active, made.agents, made.settings) == ("vendas", True, ("Ana Souza",), DEFAULT)
    (event,) = made.collect()
    assert isinstance(event, QueueRegistered)
    assert event.occurred_at == 100 * SECOND


def test_the_defaults_are_80_percent_in_20_seconds_with_5_tolerated() -> None:
    assert (DEFAULT.sla_target, DEFAULT.sla_ms, DEFAULT.tolerated_ms, DEFAULT.sla_profile) == (80.0, 20_000, 5_000, "offered")


def test_a_visit_is_judged_by_the_settings_at_its_offer() -> None:
    made = queue(at_s=100)
    made.set_settings(replace(DEFAULT, sla_ms=30_000, tolerated_ms=8_000, wrap_up_ms=90_000), metadata(200))
    made.set_settings(replace(DEFAULT, sla_ms=40_000), metadata(300))
    applied = {at: made.settings_at(at * SECOND) for at in (100, 199, 200, 299, 300, 10_000)}
    first, second, third = (20_000, 5_000, 0), (30_000, 8_000, 90_000), (40_000, 5_000, 0)
    assert applied == {100: first, 199: first, 200: second, 299: second, 300: third, 10_000: third}


def test_before_the_first_settings_the_first_ones_apply() -> None:
    made = queue(at_s=100, settings=replace(DEFAULT, sla_ms=45_000))
    made.set_settings(DEFAULT, metadata(200))
    assert made.settings_at(0) == (45_000, 5_000, 0)


def test_with_a_clock_set_back_the_settings_given_last_apply_from_then_on() -> None:
    made = queue(at_s=100)
    made.set_settings(replace(DEFAULT, sla_ms=30_000), metadata(300))
    made.set_settings(replace(DEFAULT, sla_ms=40_000), metadata(200))
    assert made.settings_at(150 * SECOND) == (20_000, 5_000, 0)
    assert made.settings_at(400 * SECOND) == (40_000, 5_000, 0)


def test_a_source_registers_a_queue_as_of_the_moment_at_which_it_was_seen() -> None:
    made = Queue(queue_id(TENANT, "vendas"), TENANT)
    made.register("vendas", DEFAULT, (), metadata(1_000), at=7 * SECOND)
    (event,) = made.collect()
    assert (event.occurred_at, event.recorded_at) == (7 * SECOND, 1_000 * SECOND)


def test_what_changes_nothing_is_no_event() -> None:
    made = queue()
    made.collect()
    made.set_settings(DEFAULT, metadata(200))
    made.rename("vendas", metadata(200))
    made.set_agents(["Ana Souza", "Ana Souza"], metadata(200))
    made.activate(metadata(200))
    assert made.collect() == []


def test_only_a_deactivated_queue_can_be_deleted_and_it_can_be_registered_again() -> None:
    made = queue()
    with pytest.raises(Refused):
        made.delete(metadata(200))
    made.deactivate(metadata(200))
    made.delete(metadata(300))
    with pytest.raises(NotFound):
        made.activate(metadata(400))
    made.register("vendas", replace(DEFAULT, sla_ms=1_000), (), metadata(500))
    assert made.active
    assert made.settings_at(250 * SECOND) == (20_000, 5_000, 0)
    assert made.settings_at(500 * SECOND) == (1_000, 5_000, 0)
    assert topics(made) == ["queue.registered", "queue.deactivated", "queue.deleted", "queue.registered"]


def test_a_name_is_taken_once() -> None:
    made = queue()
    with pytest.raises(AlreadyExists):
        made.register("vendas", DEFAULT, (), metadata(200))
    other = queue_id(TENANT, "suporte")
    with pytest.raises(AlreadyExists):
        made.take_name("vendas", other, metadata(200))
    free = Queue(queue_id(TENANT, "comercial"), TENANT)
    free.take_name("comercial", made.id, metadata(200))
    free.take_name("comercial", made.id, metadata(300))
    assert topics(free) == ["queue.name_taken"]
    assert free.owner == made.id
    with pytest.raises(AlreadyExists):
        free.register("comercial", DEFAULT, (), metadata(400))
    with pytest.raises(AlreadyExists):
        free.take_name("comercial", other, metadata(400))


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("sla_target", replace(DEFAULT, sla_target=100.5)),
        ("sla_target", replace(DEFAULT, sla_target=float("nan"))),
        ("sla_ms", replace(DEFAULT, sla_ms=-1)),
        ("tolerated_ms", replace(DEFAULT, tolerated_ms=-1)),
        ("internal_number", replace(DEFAULT, internal_number="42")),
        ("internal_number", replace(DEFAULT, internal_number="٤٢١")),
        ("sla_profile", replace(DEFAULT, sla_profile="guessed")),
    ],
)
def test_invalid_settings_are_refused_by_field(field: str, settings: QueueSettings) -> None:
    made = queue()
    with pytest.raises(InvalidField) as refusal:
        made.set_settings(settings, metadata(200))
    assert refusal.value.field == field


def test_a_queue_has_a_name() -> None:
    made = Queue(queue_id(TENANT, " "), TENANT)
    with pytest.raises(InvalidField):
        made.register(" ", DEFAULT, (), metadata(100))


def test_a_queue_that_was_never_registered_refuses_every_command() -> None:
    made = Queue(queue_id(TENANT, "vendas"), TENANT)
    for ask in (made.activate, made.deactivate, made.delete):
        with pytest.raises(NotFound):
            ask(metadata(100))
    with pytest.raises(NotFound):
        made.settings_at(0)


def order(made: Queue, what: str, number: int, at_s: int) -> None:
    match what:
        case "set":
            made.set_settings(replace(DEFAULT, sla_ms=number), metadata(at_s))
        case "rename":
            made.rename(f"vendas {number}", metadata(at_s))
        case "agents":
            made.set_agents([f"a{place}" for place in range(number)], metadata(at_s))
        case "on":
            made.activate(metadata(at_s))
        case "off":
            made.deactivate(metadata(at_s))
        case "delete":
            made.delete(metadata(at_s))
        case "register":
            made.register("vendas", replace(DEFAULT, tolerated_ms=number), (), metadata(at_s))


@given(st.lists(st.tuples(st.sampled_from(["set", "rename", "agents", "on", "off", "delete", "register"]), st.integers(0, 5)), max_size=20))
def test_replaying_its_events_gives_the_same_queue(orders: list[tuple[str, int]]) -> None:
    made = queue()
    for at_s, (what, number) in enumerate(orders, 101):
        with suppress(DomainError):
            order(made, what, number, at_s)
    again = vars(replayed(made))
    assert again == vars(made)
