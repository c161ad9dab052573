"""Events of which no rows could be made: kept as they came, with the reason, until somebody has seen to it.

A dead letter is the message itself under its own key, with headers that say why and where it lay (`reason`, `topic`, `partition`,
`offset`) beside those that it had. A message of the same key with the one header `done` says which dead letter is settled. Both
lie in one topic, which forgets nothing; one that was written twice, by a worker that was killed in between, is one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.brokers import Brokers, BrokersAway, BrokersRefuse, Producer
from streams.bulk import messages_of
from streams.consumed_message import UnfoldableMessage
from streams.messages import Message
from streams.topics import dead_letters, partition_name

UNUSABLE = (BrokersAway, BrokersRefuse)
"""What may be raised by whoever uses these."""

_DONE = "done"
_TOLD_WITHIN_S = 10.0


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter that is not settled. position: in the log, None where no relay wrote the message. at_ms: when it was set aside."""

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
        """What it is known by, however often it was written."""
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
        """Let these not be listed any more. Raises one of UNUSABLE."""
        self._append([Message(one.key, b"", [(_DONE, one.name.encode())]) for one in dead_letters])

    def _append(self, messages: Sequence[Message]) -> None:
        try:
            if self._producer is None:
                self._producer = Producer(self._addresses, {self._topic: self._partitions()})
            sent = deque(self._producer.send(self._topic, message)[1] for message in messages)
            if not self._producer.acknowledged(sent, _TOLD_WITHIN_S):
                raise BrokersAway(f"Kafka at {self._addresses} has not kept a dead letter within {_TOLD_WITHIN_S:g} s")
        except UNUSABLE:
            # Not again by a producer that may still be at it: twice is once here, but never is not.
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
        """Those that are not settled, by their position in the log. Raises one of UNUSABLE."""
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
        """Let go of the brokers."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()


def _written(unfoldable: UnfoldableMessage) -> Message:
    lay = unfoldable.message
    location = partition_name(lay.topic, lay.partition)
    headers = [
        *((name, value) for name, value in lay.headers or ()),
        ("reason", unfoldable.reason.encode()),
        ("topic", lay.topic.encode()),
        ("partition", b"%d" % lay.partition),
        ("offset", b"%d" % lay.offset),
        ("known", b"" if unfoldable.position is None else b"%d" % unfoldable.position),
    ]
    return Message(lay.key or location.encode(), lay.value or b"", headers)


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
