"""A message holds an event as it is in the store; any other message is refused."""

from __future__ import annotations

from dataclasses import astuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

import projections.engine.folding  # noqa: F401 - an event is known once its module is imported
from domain.base import CATALOGUE
from store.recorded_event import RecordedEvent
from streams.messages import NotOurMessage, event_in, message
from streams.topics import SLICES, slice_of

_TENANT = UUID("8d3f5a50-3a47-4c43-8a44-6b1d7ad24a5c")


def _state(begins: str = "{", rest: str = "") -> bytes:
    return f'{begins}"tenant":"{_TENANT}","actor":"ana"{rest}}}'.encode()


STATES = st.builds(
    _state,
    begins=st.sampled_from(["{", '{"v":2,']),
    rest=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\')).map(lambda text: f',"name":"{text}"'),
)
EVENTS = st.builds(
    RecordedEvent,
    position=st.integers(1, 2**63 - 1),
    id=st.uuids().map(lambda made: made.bytes),
    version=st.integers(1, 2**31),
    topic=st.sampled_from(sorted(CATALOGUE)),
    state=STATES,
    hash=st.binary(min_size=32, max_size=32),
)


@given(EVENTS)
def test_what_is_carried_comes_back_as_it_was(event: RecordedEvent) -> None:
    sent = message(event)
    assert dict(sent.headers)["tenant"].decode() == str(_TENANT)
    assert event_in(sent.key, sent.value, sent.headers) == event


def test_the_headers_are_these() -> None:
    event = RecordedEvent(7, uuid4().bytes, 3, "queue.renamed", _state(), bytes(32))
    names = [name for name, _ in message(event).headers]
    assert names == ["event", "version", "tenant", "position", "hash"]


@pytest.mark.parametrize("missing", ["event", "version", "tenant", "position", "hash", "key", "value"])
def test_a_message_of_somebody_else_is_refused(missing: str) -> None:
    sent = message(RecordedEvent(7, uuid4().bytes, 3, "queue.renamed", _state(), bytes(32)))
    key, value, headers = astuple(sent)
    with pytest.raises(NotOurMessage):
        event_in(None if missing == "key" else key, None if missing == "value" else value, [h for h in headers if h[0] != missing])


def test_every_event_has_a_topic() -> None:
    assert {slice_of(event) for event, kind in CATALOGUE.items() if kind.__module__.startswith("domain.")} == set(SLICES)
