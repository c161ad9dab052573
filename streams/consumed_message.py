"""A message as it comes from Kafka, whoever fetches it, and as it is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.messages import NotOurMessage, carried

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""


class ConsumedMessage(Protocol):
    """A message, and where it lies."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] | None


@dataclass(frozen=True)
class UnsettledMessage:
    """A message of which no rows can be made, and why. position: None for one that no relay wrote."""

    message: ConsumedMessage
    position: int | None
    reason: str


def position_of(message: ConsumedMessage) -> int:
    """The position in the log of the event that a message carries; 0 where it carries none."""
    try:
        return carried(message.key, message.value, message.headers).position
    except NotOurMessage:
        return 0
