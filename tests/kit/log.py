"""A log without a disk, of events as the store would hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from domain.base import Event, Personal
from store.recorded_event import RecordedEvent


def stored(position: int, event: Event) -> RecordedEvent:
    """An event as the log holds it at `position`."""
    written = _ENCODER.encode(event)
    state = b"{" + written[written.index(b',"tenant":') + 1 :]
    return RecordedEvent(position, event.originator_id.bytes, event.originator_version, event.TOPIC, state)


def _sealed(value: Any) -> str:
    if not isinstance(value, Personal):
        raise NotImplementedError(type(value))
    return value.sealed or f"sealed:{value.subject}"


_ENCODER = msgspec.json.Encoder(enc_hook=_sealed)


class MemoryLog:
    """A log that a runner follows. `reads`: how often it was read; `fail`: errors that the next reads raise."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: list[RecordedEvent] = []
        self.reads = 0
        self.fail: list[Exception] = []
        self._listeners: list[Callable[[int], object]] = []
        self.append(*events)

    def append(self, *events: Event) -> None:
        """Append these events."""
        self.events += [stored(len(self.events) + n, event) for n, event in enumerate(events, start=1)]
        for listener in tuple(self._listeners):
            listener(self.head)

    @property
    def head(self) -> int:
        return len(self.events)

    def events_after(self, position: int, limit: int) -> list[RecordedEvent]:
        self.reads += 1
        if self.fail:
            raise self.fail.pop()
        return self.events[position : position + limit]

    def listen(self, listener: Callable[[int], object]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
