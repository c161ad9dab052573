from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.base import CATALOGUE, FORGOTTEN, Event, Personal
from domain.voice.calls import Call, Change
from domain.voice.facts import Fact
from domain.voice.interaction_events import CallOffered
from projections.engine.reading import EventUnreadable, read
from store.event_store import Store
from store.mapper import EventMapper, UnreadableEvent, read_aloud
from store.recorded_event import RecordedEvent
from tests.commands.catalogue import GOLDEN, all_events, written
from tests.commands.tally import Counted

ACCEPT = "an event's name, version or fields changed. If no event was ever written that way: python -m tests.commands.catalogue. Else give it a new version and an upcaster"


def test_names_versions_and_fields_are_frozen() -> None:
    assert written() == GOLDEN.read_text(encoding="utf-8"), ACCEPT


def test_every_topic_names_its_aggregate() -> None:
    assert all(topic == topic.lower() and topic.count(".") == 1 for topic in all_events())


class Reworded(Event, frozen=True, kw_only=True):
    """An example of an event whose earlier versions were written differently: in seconds (1), without a reason (1 and 2)."""

    TOPIC: ClassVar[str] = "example.reworded"
    VERSION: ClassVar[int] = 3
    wait_ms: int
    reason: str

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        if version == 1:
            state["wait_ms"] = state.pop("wait_s") * 1000
        return {**state, "reason": "unknown"}


def stored(event: Event, store: Store) -> StoredEvent:
    return store.mapper.to_stored_event(event)


def reworded(**fields: Any) -> Reworded:
    return Reworded(originator_id=uuid4(), originator_version=1, tenant=uuid4(), actor="a", occurred_at=1, recorded_at=2, **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"wait_s": 3}, (3000, "unknown")),
        ({"v": 2, "wait_ms": 1500}, (1500, "unknown")),
        ({"v": 3, "wait_ms": 1500, "reason": "lunch"}, (1500, "lunch")),
    ],
)
def test_an_event_written_by_an_older_version_is_brought_up_to_date(
    store: Store, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    common = {"tenant": str(uuid4()), "actor": "a", "occurred_at": 1, "recorded_at": 2}
    version = {"v": fields.pop("v")} if "v" in fields else {}
    state = msgspec.json.encode(version | common | fields)
    event = store.mapper.to_domain_event(StoredEvent(uuid4(), 1, "example.reworded", state))
    assert isinstance(event, Reworded)
    assert (event.wait_ms, event.reason) == expected


def test_an_event_written_by_a_newer_version_is_refused_by_the_store_and_by_the_rows(store: Store) -> None:
    event = reworded(wait_ms=1, reason="lunch")
    later = stored(event, store).state.replace(b'{"v":3', b'{"v":4')
    with pytest.raises(UnreadableEvent, match="of version 4, this release knows version 3"):
        store.mapper.to_domain_event(StoredEvent(event.originator_id, 1, "example.reworded", later))
    with pytest.raises(EventUnreadable, match="of version 4"):
        read(RecordedEvent(1, event.originator_id.bytes, 1, "example.reworded", later))


def test_a_state_contains_its_version_when_it_is_not_the_first(store: Store) -> None:
    event = reworded(wait_ms=1, reason="lunch")
    assert msgspec.json.decode(stored(event, store).state)["v"] == 3
    assert store.mapper.to_domain_event(stored(event, store)) == event


def test_a_state_does_not_repeat_what_the_store_has_in_columns(store: Store) -> None:
    event = reworded(wait_ms=1, reason="lunch")
    assert not {"originator_id", "originator_version"} & set(msgspec.json.decode(stored(event, store).state))


@given(event=st.deferred(lambda: st.sampled_from(list(all_events().values())).flatmap(events_of)))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_event_reads_back_as_it_was_written(store: Store, event: Event) -> None:
    row = stored(event, store)
    read = store.mapper.to_domain_event(row)
    assert type(read) is type(event)
    # Sealing took place in the event itself, so both are in the same words now.
    assert read == event
    assert store.mapper.to_stored_event(read) == row


def events_of(event_type: type[Event]) -> st.SearchStrategy[Event]:
    """Instances of an event, generated from its fields."""
    st.register_type_strategy(Personal, st.builds(Personal, st.uuids(), st.text()))
    return st.builds(event_type, **{name: _field(kind) for name, kind in _types(event_type).items()})


def _types(kind: type[Any]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _field(kind: Any) -> st.SearchStrategy[Any]:
    if kind is int:
        return st.integers(min_value=-(2**53), max_value=2**53)
    if kind is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{name: _field(inner) for name, inner in _types(kind).items()})
    arguments: Any = getattr(kind, "__args__", ())
    if getattr(kind, "__origin__", None) is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(_field(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(_field, arguments))
    if getattr(kind, "__origin__", None) is dict:
        return st.dictionaries(_field(arguments[0]), _field(arguments[1]), max_size=3)
    if type(None) in arguments:
        return st.one_of(*map(_field, arguments))
    return st.from_type(kind)


def interaction(subject: Personal | None) -> Event:
    fact = Fact("offered", 1, queue="vendas", private=subject)
    call = Call("1.1", 7, "ami", 1, number=subject)
    return CallOffered(
        originator_id=uuid4(),
        originator_version=1,
        tenant=uuid4(),
        actor="ami",
        occurred_at=1,
        recorded_at=1,
        facts=(fact,),
        change=Change(call=call),
    )


def test_personal_data_are_sealed_once_and_never_opened_by_the_codec(store: Store) -> None:
    contact = uuid4()
    row = stored(interaction(Personal(contact, "11988000037")), store)
    assert b"11988000037" not in row.state
    read: Any = store.mapper.to_domain_event(row)
    number = read.change.call.number
    assert (number.subject, number.plain) == (contact, None)
    assert number == read.facts[0].private
    assert store.keyring.open(number) == "11988000037"


def test_a_state_is_read_aloud_until_its_subject_is_forgotten(store: Store) -> None:
    contact = uuid4()
    row = stored(interaction(Personal(contact, "11988000037")), store)
    assert read_aloud(row.state, store.keyring)["change"]["call"]["number"] == "11988000037"
    store.keyring.destroy(contact)
    opened = read_aloud(row.state, store.keyring)
    assert opened["change"]["call"]["number"] == FORGOTTEN
    assert opened["change"]["call"]["call"] == "1.1"


@pytest.mark.parametrize(
    ("topic", "state"), [("no.such", b"{}"), ("tally.counted", b"{"), ("tally.counted", b'{"tenant":"x"}'), ("tally.counted", b"")]
)
def test_an_event_that_cannot_be_read_is_named(store: Store, topic: str, state: bytes) -> None:
    id = uuid4()
    with pytest.raises(UnreadableEvent, match=f"{topic}, version 4 of {id}"):
        store.mapper.to_domain_event(StoredEvent(id, 4, topic, state))


def test_only_sealed_text_is_taken_for_a_personal_datum(store: Store) -> None:
    event = Counted(originator_id=uuid4(), originator_version=1, tenant=uuid4(), actor="a", occurred_at=1, recorded_at=2, by=1)
    state = stored(event, store).state[:-1] + b',"secret":"11988000037"}'
    with pytest.raises(UnreadableEvent):
        store.mapper.to_domain_event(StoredEvent(event.originator_id, 1, "tally.counted", state))


def test_a_mapper_is_the_librarys(store: Store) -> None:
    assert isinstance(store.events.mapper, EventMapper)
    assert "tally.counted" in CATALOGUE
