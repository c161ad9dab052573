"""Dead letters: events of which no rows could be made, kept unchanged with the reason until somebody retries them.

A dead letter is the message itself under its own key, with headers for the reason and its origin (`reason`, `topic`, `partition`,
`offset`) beside its own headers. A message of the same key with the single header `done` settles a dead letter. Both are
in one topic that keeps everything. A dead letter that was written twice, because a worker was killed in between, counts once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.brokers import Brokers, BrokersAway, BrokersRefuse, Producer
from streams.bulk import messages_of
from streams.consumed_message import UnfoldableMessage
from streams.messages import KafkaMessage
from streams.topics import dead_letters, partition_name

UNUSABLE = (BrokersAway, BrokersRefuse)
"""The errors that the methods of `DeadLetters` raise."""

_DONE = "done"
_ACKNOWLEDGED_WITHIN_S = 10.0


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter that is not settled. position: in the log, None if no relay wrote the message. at_ms: when it was set aside."""

    position: int | None
    event: str
    reason: str
    topic: str
    partition: int
    offset: int
    at_ms: int
    key: bytes

    @property
    def name(self) -> str:
        """Its name, the same however often it was written."""
        return str(self.position) if self.position is not None else f"{partition_name(self.topic, self.partition)}@{self.offset}"


class DeadLetters:
    """The dead letters of a deployment whose topics begin with `prefix`. Used by one thread at a time."""

    def __init__(self, addresses: str, prefix: str) -> None:
        self._addresses = addresses
        self._topic = dead_letters(prefix)
        self._producer: Producer | None = None

    def keep(self, unfoldable: Sequence[UnfoldableMessage]) -> None:
        """Set these aside; they are on the brokers when this returns. Raises one of UNUSABLE."""
        self._append([_written(one) for one in unfoldable])

    def settle(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Mark these as settled, so that they are not listed any more. Raises one of UNUSABLE."""
        self._append([KafkaMessage(one.key, b"", [(_DONE, one.name.encode())]) for one in dead_letters])

    def _append(self, messages: Sequence[KafkaMessage]) -> None:
        try:
            if self._producer is None:
                self._producer = Producer(self._addresses, {self._topic: self._partitions()})
            sent = deque(self._producer.send(self._topic, message)[1] for message in messages)
            if not self._producer.acknowledged(sent, _ACKNOWLEDGED_WITHIN_S):
                raise BrokersAway(f"Kafka at {self._addresses} has not kept a dead letter within {_ACKNOWLEDGED_WITHIN_S:g} s")
        except UNUSABLE:
            # Use a new producer next time, because this one may still be sending: a dead letter may be written twice, but must not be lost.
            self.close()
            raise

    def _partitions(self) -> int:
        brokers = Brokers(self._addresses)
        try:
            found = brokers.topics([self._topic])
        finally:
            brokers.close()
        if self._topic not in found:
            raise BrokersRefuse(f"there is no topic {self._topic}: `atende topics` makes it")
        return found[self._topic].partitions

    def listed(self) -> list[DeadLetter]:
        """The dead letters that are not settled, ordered by their position in the log. Raises one of UNUSABLE."""
        listed: dict[str, DeadLetter] = {}
        for record in messages_of(self._addresses, self._topic, self._partitions()):
            headers = dict(record.headers)
            if _DONE in headers:
                listed.pop(headers[_DONE].decode(), None)
            else:
                dead_letter = _read(record, headers)
                listed.setdefault(dead_letter.name, dead_letter)
        return sorted(listed.values(), key=lambda dead_letter: (dead_letter.position or 0, dead_letter.name))

    def close(self) -> None:
        """Close the connections."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()


def _written(unfoldable: UnfoldableMessage) -> KafkaMessage:
    message = unfoldable.message
    name = partition_name(message.topic, message.partition)
    headers = [
        *(message.headers or ()),
        ("reason", unfoldable.reason.encode()),
        ("topic", message.topic.encode()),
        ("partition", b"%d" % message.partition),
        ("offset", b"%d" % message.offset),
        ("known", b"" if unfoldable.position is None else b"%d" % unfoldable.position),
    ]
    return KafkaMessage(message.key or name.encode(), message.value or b"", headers)


def _read(record: Any, headers: Mapping[str, bytes]) -> DeadLetter:
    known = headers["known"].decode()
    return DeadLetter(
        int(known) if known else None,
        headers.get("event", b"").decode(errors="replace"),
        headers["reason"].decode(),
        headers["topic"].decode(),
        int(headers["partition"]),
        int(headers["offset"]),
        record.timestamp,
        record.key,
    )
