"""The mapper between events and stored events: name, version, fields as JSON, personal data sealed.

The id and the version of the aggregate are columns of the store, so a stored state begins after them. A state contains
the version of its event (`"v"`) unless it is 1. The event's own `upcast` converts an older version on reading.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.base import CATALOGUE, Event, NewerEvent, Personal, up_to_date
from store.keyring import SEALED, Keyring, subject_of
from store.recorded_event import RecordedEvent

_BEFORE_STATE = ("originator_id", "originator_version")
_STATE_BEGINS = b',"tenant":'


class UnreadableEvent(Exception):
    """A stored event that the current catalogue cannot read. The message names it."""


def personal_from_text(kind: type, text: Any) -> Any:
    """The msgspec hook for a sealed datum, which stays sealed."""
    if kind is not Personal:
        raise NotImplementedError(kind)
    return sealed_datum(text)


def sealed_datum(text: str) -> Personal:
    """The datum stored as `text`, with its subject."""
    if not text.startswith(SEALED):
        raise ValueError("a personal datum that is not sealed")
    return Personal(subject_of(text), sealed=text)


class EventMapper(Mapper[UUID]):
    """Converts domain events to stored events and back."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(transcoder=JSONTranscoder())
        self._keyring = keyring
        self._encoder = msgspec.json.Encoder(enc_hook=self._sealed)
        self._decoders: dict[str, msgspec.json.Decoder[Event]] = {}

    def _sealed(self, value: Any) -> str:
        """Seal a personal datum once. From then on it is in memory as it will be read back."""
        if not isinstance(value, Personal):
            raise NotImplementedError(f"{type(value).__name__} is no type of an event")
        if not value.sealed:
            value.sealed = self._keyring.seal(value.subject, value.plain or "")
            value.plain = None
        return value.sealed

    def to_stored_event(self, domain_event: Event) -> StoredEvent:  # type: ignore[override]
        """The stored event, in the library's form."""
        written = self.write(domain_event)
        return StoredEvent(domain_event.originator_id, written.version, written.topic, written.state)

    def write(self, event: Event) -> RecordedEvent:
        """The recorded event. The recorder assigns its position."""
        written = self._encoder.encode(event)
        state = written[written.index(_STATE_BEGINS) + 1 :]
        begin = b"{" if event.VERSION == 1 else b'{"v":%d,' % event.VERSION
        return RecordedEvent(0, event.originator_id.bytes, event.originator_version, event.TOPIC, begin + state)

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The domain event of a stored event in the library's form."""
        assert isinstance(stored_event.originator_id, UUID)
        id, version = stored_event.originator_id.bytes, stored_event.originator_version
        return self.read(RecordedEvent(0, id, version, stored_event.topic, stored_event.state))

    def read(self, recorded: RecordedEvent) -> Event:
        """The domain event of a recorded event. Raises UnreadableEvent."""
        topic, state = recorded.topic, recorded.state
        try:
            decoder = self._decoders.get(topic) or self._decoder(topic)
            if state.startswith(b'{"v":') or CATALOGUE[topic].VERSION > 1:
                state = self._up_to_date(CATALOGUE[topic], state)
            return decoder.decode(
                b'{"originator_id":"%s","originator_version":%d,%s' % (recorded.id.hex().encode(), recorded.version, state[1:])
            )
        except (KeyError, NewerEvent, msgspec.MsgspecError) as error:
            raise UnreadableEvent(f"{topic}, version {recorded.version} of {UUID(bytes=recorded.id)}: {error}") from error

    def _decoder(self, topic: str) -> msgspec.json.Decoder[Event]:
        event_type = CATALOGUE[topic]
        assert event_type.__struct_encode_fields__[:3] == (*_BEFORE_STATE, "tenant"), topic
        self._decoders[topic] = decoder = msgspec.json.Decoder(event_type, dec_hook=personal_from_text)
        return decoder

    def _up_to_date(self, event_type: type[Event], state: bytes) -> bytes:
        """The state, converted to the current version of the event."""
        fields: dict[str, Any] = msgspec.json.decode(state)
        return msgspec.json.encode(up_to_date(event_type, fields))


def read_aloud(state: bytes, keyring: Keyring) -> dict[str, Any]:
    """A stored state for people who may read it: every sealed datum is opened, or reads as forgotten."""
    opened: dict[str, Any] = _opened(msgspec.json.decode(state), keyring)
    return opened


def _opened(value: Any, keyring: Keyring) -> Any:
    if isinstance(value, str):
        return keyring.open_text(value)
    if isinstance(value, list):
        return [_opened(item, keyring) for item in value]
    if isinstance(value, dict):
        return {key: _opened(item, keyring) for key, item in value.items()}
    return value
