"""The brokers of Kafka: read and make topics, and append messages.

All errors are of two kinds: the brokers are away, which passes, or they refuse, and an operator has to act.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.net.compat import KafkaNetClient
from kafka.partitioner import murmur2

from streams.messages import KafkaMessage

LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes: no event may be larger, however many facts it holds."""

CLIENT = "atende-relay"

_CONNECT_S = 3.0
_ANSWERS_WITHIN_S = 5.0
_FOREVER_MS = 2**31 - 1
_BATCH_BYTES = 256 * 1024
_LINGER_MS = 5
_OVERHEAD = 64 * 1024
_EXISTS = 36
_UNKNOWN = 3
_CACHED_KEYS = 200_000
_REFUSALS = (
    errors.AuthorizationError, errors.MessageSizeTooLargeError, errors.RecordListTooLargeError, errors.InvalidTopicError,
    errors.UnsupportedVersionError, errors.InvalidReplicationFactorError, errors.PolicyViolationError, errors.InvalidConfigurationError,
    errors.KafkaConfigurationError,
)  # fmt: skip

# The library logs unreachable brokers many times a second; the callers of this module log it once.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


class BrokersAway(Exception):
    """No broker answers, or one failed for the moment; try again. The message is one line."""


class BrokersRefuse(Exception):
    """The brokers refuse, and will refuse again. The message is one line."""


Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""


@dataclass(frozen=True)
class Topic:
    """A topic that exists. settings: the topic's own and inherited ones, by Kafka's names."""

    name: str
    partitions: int
    settings: Mapping[str, str]
    writable: bool


class Brokers:
    """Reads what the brokers have, and makes topics."""

    def __init__(self, addresses: str) -> None:
        """addresses: host:port, separated by commas. Raises BrokersAway and BrokersRefuse."""
        reach(addresses)
        with _translated_errors(addresses):
            self._admin = _Admin(addresses)
        self._addresses = addresses

    def close(self) -> None:
        """Close the connections."""
        self._admin.close()

    def topics(self, names: Sequence[str]) -> dict[str, Topic]:
        """Those of these topics that exist."""
        with _translated_errors(self._addresses):
            found = [topic for topic in self._admin.describe_topics(list(names)) if topic["error_code"] != _UNKNOWN]
            for topic in found:
                if topic["error_code"]:
                    raise errors.for_code(topic["error_code"])(f"topic {topic['name']}")
            settings = self._settings([topic["name"] for topic in found])
        return {
            topic["name"]: Topic(
                topic["name"],
                len(topic["partitions"]),
                settings[topic["name"]],
                # A broker that checks no rights may return none.
                writable=not topic.get("authorized_operations") or "WRITE" in topic["authorized_operations"],
            )
            for topic in found
        }

    def _settings(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answered = self._admin.describe_configs(resources, config_filter="all")["topic"]
        return {name: {key: setting["value"] for key, setting in answered[name].items()} for name in names}

    def make(self, names: Iterable[str], partitions: int, replication: int, settings: Mapping[str, str]) -> list[str]:
        """Make these topics; returns those that this call made, without those that another process made meanwhile."""
        wanted = {name: {"num_partitions": partitions, "replication_factor": replication, "configs": dict(settings)} for name in names}
        if not wanted:
            return []
        with _translated_errors(self._addresses):
            answers = self._admin.create_topics(wanted, raise_errors=False, wait_for_metadata=False)["topics"]
        made = []
        for answer in answers:
            if answer["error_code"] not in (0, _EXISTS):
                raise BrokersRefuse(f"Kafka at {self._addresses}: topic {answer['name']}: {answer['error_message']}")
            if not answer["error_code"]:
                made.append(answer["name"])
        with _translated_errors(self._addresses):
            self._admin.wait_for_topics(list(wanted))
        return made

    def ends(self, topics: Mapping[str, int]) -> dict[Partition, int]:
        """The end offset of each partition of these topics. topics: the number of partitions by name."""
        wanted = {TopicPartition(name, number): OffsetSpec.LATEST for name, count in topics.items() for number in range(count)}
        with _translated_errors(self._addresses):
            answered = self._admin.list_partition_offsets(wanted)
        return {(topic_partition.topic, topic_partition.partition): end.offset for topic_partition, end in answered.items()}

    def last(self, topics: Mapping[str, int]) -> dict[Partition, KafkaMessage | None]:
        """The last message of each partition of these topics, None for one that never had any. topics: the number of partitions by name."""
        counts = self.ends(topics)
        found: dict[Partition, KafkaMessage | None] = dict.fromkeys(counts)
        ends = {TopicPartition(*topic_partition): end for topic_partition, end in counts.items() if end}
        if not ends:
            return found
        with _translated_errors(self._addresses), closing(_consumer(self._addresses)) as consumer:
            consumer.assign(list(ends))
            for topic_partition, end in ends.items():
                consumer.seek(topic_partition, end - 1)
            until = monotonic() + _ANSWERS_WITHIN_S
            while any(found[topic_partition] is None for topic_partition in ends):
                for topic_partition, records in consumer.poll(timeout_ms=500).items():
                    found[topic_partition] = KafkaMessage(records[0].key, records[0].value, list(records[0].headers))
                if monotonic() > until:
                    raise errors.KafkaTimeoutError(f"the last messages were not read within {_ANSWERS_WITHIN_S:.0f} s")
        return found


def _consumer(addresses: str) -> KafkaConsumer:
    return KafkaConsumer(bootstrap_servers=addresses.split(","), client_id=CLIENT, fetch_max_wait_ms=100, enable_auto_commit=False)


class _Admin(KafkaAdminClient):  # type: ignore[misc] # kafka-python ships no types
    """An admin client that closes its thread and sockets if it cannot connect."""

    def __init__(self, addresses: str) -> None:
        try:
            super().__init__(
                bootstrap_servers=addresses.split(","), client_id=CLIENT, bootstrap_timeout_ms=round(_ANSWERS_WITHIN_S * 1000),
                request_timeout_ms=round(_ANSWERS_WITHIN_S * 1000),
            )  # fmt: skip
        except BaseException:
            self._client.close()
            self._net.stop()
            raise


class Producer:
    """Appends messages. Each partition gets them in the order in which they are sent, and no message before an earlier one is appended.

    It keeps trying while brokers are away. Once a message could not be appended, no further one is, and
    `acknowledged` raises. Not thread-safe.
    """

    def __init__(self, addresses: str, partitions: Mapping[str, int]) -> None:
        """partitions: the number of partitions by topic. Raises BrokersAway and BrokersRefuse."""
        reach(addresses)
        self._addresses = addresses
        self._partitions = partitions
        self._failure: Exception | None = None
        with _translated_errors(addresses), ExitStack() as failing:

            def client(**options: Any) -> KafkaNetClient:
                # A client whose bootstrap fails would keep its sockets open.
                made = KafkaNetClient(**options)
                failing.callback(made.close)
                return made

            self._kafka = KafkaProducer(
                kafka_client=client, bootstrap_servers=addresses.split(","), client_id=CLIENT, bootstrap_timeout_ms=round(_ANSWERS_WITHIN_S * 1000),
                acks="all", enable_idempotence=True, delivery_timeout_ms=_FOREVER_MS, request_timeout_ms=10_000,
                batch_size=_BATCH_BYTES, linger_ms=_LINGER_MS, max_request_size=LARGEST_MESSAGE - _OVERHEAD,
                reconnect_backoff_max_ms=1_000, allow_auto_create_topics=False, metrics_enabled=False,
            )  # fmt: skip
            failing.pop_all()

    def send(self, topic: str, message: KafkaMessage) -> tuple[int, Any]:
        """Send a message; returns its partition and a handle for `acknowledged`. Raises BrokersAway and BrokersRefuse."""
        partition = _hashed(message.key) % self._partitions[topic]
        try:
            sent = self._kafka.send(topic, message.value, message.key, message.headers, partition)
        except errors.KafkaError as error:
            raise _translated(self._addresses, error) from error
        sent.add_errback(self._failed)
        return partition, sent

    def _failed(self, error: Exception) -> None:
        """Called in the sender thread before it sends anything else: later messages must not be appended."""
        if self._failure is None:
            self._failure = error
            self._kafka._sender.force_close()

    def acknowledged(self, sent: deque[Any], within_s: float) -> bool:
        """Whether all of these are appended on as many brokers as required; removes those that are from `sent`.

        Raises BrokersAway and BrokersRefuse if one of them will never be appended.
        """
        until = monotonic() + within_s
        while sent:
            first = sent[0]
            if not first.is_done:
                try:
                    first.get(max(0.0, until - monotonic()))
                except errors.KafkaError:
                    if not first.is_done:
                        return False
            if first.exception is not None:
                error = self._failure or first.exception
                raise _translated(self._addresses, error) from error
            sent.popleft()
        return True

    def close(self, within_s: float = 0.0) -> None:
        """Wait up to `within_s` seconds for messages that were sent, and close the connections."""
        if within_s and self._failure is None:
            with suppress(errors.KafkaError):
                self._kafka.flush(within_s)
        self._kafka._sender.force_close()
        self._kafka._sender.join()
        self._kafka.close()


def reach(addresses: str) -> None:
    """Raise BrokersAway if no broker accepts a connection."""
    reasons = []
    for address in addresses.split(","):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S / len(addresses.split(","))).close()
        except (OSError, OverflowError) as error:
            reasons.append(f"{address}: {getattr(error, 'strerror', None) or error}")
        else:
            return
    raise BrokersAway(f"ATENDE_KAFKA: no broker answers ({', '.join(reasons)})")


@contextmanager
def _translated_errors(addresses: str) -> Iterator[None]:
    """Raise the driver's errors as BrokersAway or BrokersRefuse."""
    try:
        yield
    except errors.KafkaError as error:
        raise _translated(addresses, error) from error


def _translated(addresses: str, error: Exception) -> BrokersAway | BrokersRefuse:
    if isinstance(error, _REFUSALS):
        return BrokersRefuse(f"Kafka at {addresses} refuses: {_line(error)}")
    return BrokersAway(f"Kafka at {addresses} failed: {_line(error)}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@lru_cache(maxsize=_CACHED_KEYS)
def _hashed(key: bytes) -> int:
    """The hash by which every client of Kafka assigns a key to a partition: modulo the number of partitions."""
    hashed: int = murmur2(key) & 0x7FFFFFFF
    return hashed
