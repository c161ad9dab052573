"""An event as a message of Kafka.

The key is its aggregate's id and the value its state, people's data sealed, both as they are in the store. The headers
hold the other fields of the stored event: `event` (its name), `version` (in its aggregate's stream), `tenant`, `position`
and `hash`. From the messages alone the log can be written anew, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from store.recorded_event import RecordedEvent, company_in

Headers = Sequence[tuple[str, bytes]]

_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID_BYTES = 16
_HASH_BYTES = 32


class NotOurMessage(Exception):
    """A message that no relay wrote; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class KafkaMessage:
    """A message's three parts."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def message(event: RecordedEvent) -> KafkaMessage:
    """The message of an event."""
    headers = [
        ("event", event.topic.encode()),
        ("version", b"%d" % event.version),
        ("tenant", company_in(event.state)),
        ("position", b"%d" % event.position),
        ("hash", event.hash),
    ]
    return KafkaMessage(event.id, event.state, headers)


def event_in(key: bytes | None, value: bytes | None, headers: Headers | Mapping[str, bytes] | None) -> RecordedEvent:
    """The event in a message, with its key, value and headers. Raises NotOurMessage."""
    try:
        fields = dict(headers or ())
        tenant = fields["tenant"]
        found = RecordedEvent(
            int(fields["position"]), key or b"", int(fields["version"]), fields["event"].decode(), value or b"", fields["hash"]
        )
    except (KeyError, ValueError) as error:
        raise NotOurMessage(f"a header is missing or damaged: {error!r}") from error
    if _UUID.fullmatch(tenant) is None:
        raise NotOurMessage(f"the message of position {found.position} names no company")
    if len(found.id) != _ID_BYTES or len(found.hash) != _HASH_BYTES or not found.state:
        raise NotOurMessage(f"the message of position {found.position} has no aggregate, no state or no hash")
    return found
