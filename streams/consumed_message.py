"""A message as it is consumed from Kafka, by any client, and as it is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.messages import NotOurMessage, event_in

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""


class ConsumedMessage(Protocol):
    """A message of Kafka with its partition and offset. The objects of the client libraries have these fields."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] | None


@dataclass(frozen=True)
class UnfoldableMessage:
    """A message of which no rows can be made, and the reason. position: None for one that no relay wrote."""

    message: ConsumedMessage
    position: int | None
    reason: str


def position_of(message: ConsumedMessage) -> int:
    """The position in the log of the event in a message; 0 if it has none."""
    try:
        return event_in(message.key, message.value, message.headers).position
    except NotOurMessage:
        return 0
