"""What the rows need of an event, read from its stored form.

Most events are of calls. Of these only the `Change` is read: the facts are for the aggregate, and reading them would cost
as much again. Personal data stays as sealed as it is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import msgspec

import discovery
from domain.base import CATALOGUE, NOBODY, Event, NewerEvent, Personal, up_to_date
from domain.voice.calls import Change
from domain.voice.interaction_events import InteractionEvent
from store.recorded_event import DecodedEvent, RecordedEvent

# Every event that the domain has must be known before one is read: an event that no module has registered cannot be.
discovery.modules("domain")

Id = bytes
"""An id as its 16 bytes, as the warehouse takes it."""


class EventUnreadable(Exception):
    """A stored event that today's catalogue cannot read; the message says why."""


class CallEvent(msgspec.Struct, gc=False):
    """An event of a call (`InteractionEvent`) without its facts."""

    tenant: str
    actor: str
    occurred_at: int
    recorded_at: int
    change: Change
    cause: str = ""
    correlation: str = ""
    request: str = ""


ReadEvent = DecodedEvent[CallEvent | Event]
"""An event of the log, with the content that the rows need."""


def read(recorded: RecordedEvent) -> ReadEvent:
    """An event of the log. Raises EventUnreadable."""
    position, id, version, topic, state = recorded.position, recorded.id, recorded.version, recorded.topic, recorded.state
    try:
        decode, of_call = _decoder(topic)
        now = _up_to_date(topic, state) if CATALOGUE[topic].VERSION > 1 or state.startswith(b'{"v":') else state
        if of_call:
            event = decode(now)
            tenant = _company(event.tenant)
        else:
            event = decode(b'{"originator_id":"%s","originator_version":%d,%s' % (id.hex().encode(), version, now[1:]))
            tenant = event.tenant.bytes
        return DecodedEvent(position, id, version, topic, state, recorded.hash, tenant=tenant, event=event)
    except (KeyError, ValueError, NewerEvent, msgspec.MsgspecError) as error:
        raise EventUnreadable(f"event {position} ({topic}): {error!r}") from error


@cache
def _decoder(topic: str) -> tuple[Callable[[bytes], Any], bool]:
    """How an event of this name is read, and whether it is of a call; any other has its id and version put before its state."""
    kind = CATALOGUE[topic]
    of_call = issubclass(kind, InteractionEvent)
    return msgspec.json.Decoder(CallEvent if of_call else kind, dec_hook=_sealed).decode, of_call


@lru_cache(1024)
def _company(text: str) -> Id:
    """Few companies have many calls."""
    return UUID(text).bytes


def _sealed(kind: type, text: Any) -> Personal:
    if kind is not Personal:
        raise NotImplementedError(kind)
    # The sealed text itself names the person whose datum it is.
    return Personal(NOBODY, sealed=text)


def _up_to_date(topic: str, state: bytes) -> bytes:
    """The state of an event of an older version as today's would have been written."""
    fields: dict[str, Any] = msgspec.json.decode(state)
    return msgspec.json.encode(up_to_date(CATALOGUE[topic], fields))
