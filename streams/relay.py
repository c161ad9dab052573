"""The relay: appends every event of the log to Kafka, in order, and records its position.

It reads and sends a batch, and while that one is in flight reads and sends the next; the position is recorded when all events of
a batch are acknowledged. The next relay, after a crash or in place of a relay that hangs, goes on from the recorded
position, so some events may be in Kafka twice, but none is missing: in every partition an event appears, for the first time,
after all that are before it in the log. Readers recognise a repeat by its position.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from store.database import Database, Fenced, StoreUnavailable
from store.log_reader import events_after, last_position
from store.postgres_lock import ServerLock
from store.recorded_event import RecordedEvent
from streams.brokers import Brokers, BrokersAway, BrokersRefuse, Producer
from streams.deployment_topics import faults
from streams.messages import KafkaMessage, NotOurMessage, event_in, message
from streams.relay_progress import Epoch, RelayProgress, Snapshot
from streams.topics import SLICES, partition_name, slice_of, topic

log = logging.getLogger(__name__)

LOCK = "relay"
"""The lock is one for the whole database, whatever the topics, because a database holds the log of one deployment. While that moves to other topics,
one relay at a time is enough; and a `restore` keeps all relays off at once.
"""

BATCH = 2_000

_TAKE_S = 1.0
"""How long a second relay waits at a time for the first to end."""
_IDLE_S = 2.0
_LOGGED_EVERY_S = 30.0
_ACKNOWLEDGED_S = 5.0
_LAST_WORDS_S = 10.0
_PAUSES_S = (0.1, 0.5, 1.0, 2.0, 5.0)


class NotThisLog(Exception):
    """Kafka does not hold what was recorded as relayed, or holds events of another log: an operator has to act. The message is one line."""


class CannotBeRelayed(Exception):
    """An event cannot be sent to Kafka. Later events must not overtake it, so an operator has to act. The message is one line."""


@dataclass
class Relayed:
    """What a relay reads from and writes to."""

    log: Database
    relay_progress: RelayProgress
    lock: ServerLock
    kafka: str
    topics: str
    partitions: int


@dataclass
class _Batch:
    """Events in flight, up to a position. sent: those that are not acknowledged yet; refused: why the next event could not be sent."""

    position: int
    reached: dict[str, int]
    events: int = 0
    sent: deque[Any] = field(default_factory=deque)
    refused: CannotBeRelayed | None = None


class RelayFigures:
    """RelayFigures for operators. relayed: events, by this relay; position: all events up to it are in Kafka; relays: whether this relay is the leader."""

    def __init__(self, log: Database) -> None:
        self.relayed = 0
        self.position = 0
        self.relays = False
        self._log = log

    def lag(self) -> float:
        """The number of events that are not in Kafka yet; NaN while the log cannot be read."""
        try:
            return max(0, last_position(self._log) - self.position)
        except StoreUnavailable:
            return math.nan


class Relay:
    """One relay. A second one waits until the first has ended."""

    def __init__(self, relayed: Relayed) -> None:
        self._relayed = relayed
        self.figures = RelayFigures(relayed.log)
        self._names = {slice_: topic(relayed.topics, slice_) for slice_ in SLICES}
        self._topics = dict.fromkeys(self._names.values(), relayed.partitions)
        self._partitions = {name: [partition_name(name, number) for number in range(count)] for name, count in self._topics.items()}
        self._closing = threading.Event()
        self._news = threading.Event()
        self._logged_at = monotonic()
        self._logged = 0
        relayed.log.listen(self._news.set)

    def close(self) -> None:
        """Let `run` end. It first waits some seconds at most for events in flight, and records their position. Callable from any thread."""
        self._closing.set()
        self._news.set()

    def check(self) -> None:
        """Raise the error that prevents it from relaying at all: BrokersAway, BrokersRefuse, StoreUnavailable, NotThisLog."""
        last_position(self._relayed.log)
        self._relayed.relay_progress.position()
        with closing(Brokers(self._relayed.kafka)) as brokers:
            self._check_topics(brokers)

    def _check_topics(self, brokers: Brokers) -> None:
        relayed = self._relayed
        found = faults(brokers, relayed.topics, relayed.partitions)
        if found:
            raise BrokersRefuse(f"Kafka at {relayed.kafka}: {found[0]}")
        before = relayed.relay_progress.partitions(relayed.partitions)
        if before != relayed.partitions:
            raise NotThisLog(
                f"the topics {relayed.topics}.* had {before} partitions each when they were first relayed to, now {relayed.partitions}: events would go on "
                "in other partitions; give the deployment new topics (ATENDE_TOPICS), docs/operations.md says how"
            )

    # Leadership

    def run(self) -> None:
        """Relay until `close`, trying again while a server is away. Raises BrokersRefuse, NotThisLog, CannotBeRelayed and ChainBroken."""
        failures = 0
        waiting = False
        while not self._closing.is_set():
            began = monotonic()
            try:
                if self._relayed.lock.take(_TAKE_S):
                    waiting = False
                    with self._leadership():
                        self._relay()
                elif not waiting:
                    waiting = True
                    log.warning("relay waits: another one relays")
            except Fenced:
                log.warning("relay fenced position=%d: another one relays, or its position was reset", self.figures.position)
            except (StoreUnavailable, BrokersAway) as error:
                failures = 1 if monotonic() - began > _LOGGED_EVERY_S else failures + 1
                pause = _PAUSES_S[min(failures, len(_PAUSES_S)) - 1]
                log.warning("relay retry after_s=%.1f position=%d reason=%s", pause, self.figures.position, error)
                self._closing.wait(pause)

    @contextmanager
    def _leadership(self) -> Iterator[None]:
        self.figures.relays = True
        try:
            yield
        finally:
            self._relayed.lock.release()
            self.figures.relays = False

    def _relay(self) -> None:
        relayed = self._relayed
        epoch = relayed.relay_progress.begin()
        position, reached = self._where_to_begin(epoch)
        log.info("relay begins epoch=%d position=%d", epoch.number, position)
        self._logged_at, self._logged = monotonic(), self.figures.relayed
        self.figures.position = position
        producer = Producer(relayed.kafka, self._topics)
        try:
            self._follow(epoch.number, position, dict(reached), producer)
        finally:
            producer.close()

    def _where_to_begin(self, epoch: Epoch) -> Snapshot:
        """The recorded position, or an earlier one if Kafka has lost the end of what it had acknowledged."""
        relayed = self._relayed
        if last_position(relayed.log) < epoch.position:
            raise NotThisLog(
                f"event {epoch.position} is recorded as relayed, but the log ends before it: it is not the log that was relayed"
            )
        with closing(Brokers(relayed.kafka)) as brokers:
            self._check_topics(brokers)
            last = brokers.last(self._topics)
        back = epoch.position
        for (name, number), found in sorted(last.items()):
            wanted = epoch.reached.get(partition_name(name, number), 0)
            if found is None and wanted:
                raise NotThisLog(
                    f"partition {number} of topic {name} is empty, but events were relayed to it: `atende relay --anew` relays all of the log again"
                )
            position = self._position_of(found, name) if found is not None else 0
            if position is None:
                # Readers skip it; the messages before it are not checked.
                log.warning("relay found a message that no relay wrote partition=%s", partition_name(name, number))
            elif position < wanted:
                log.warning(
                    "relay goes back partition=%s: event %d was there, now it ends with event %d",
                    partition_name(name, number),
                    wanted,
                    position,
                )
                back = min(back, position)
        return relayed.relay_progress.before(back) if back < epoch.position else (epoch.position, epoch.reached)

    def _position_of(self, found: KafkaMessage, name: str) -> int | None:
        """The position of an event in Kafka; None if the message is no event. Raises NotThisLog if the log has another event there."""
        try:
            event = event_in(found.key, found.value, found.headers)
        except NotOurMessage:
            return None
        there = events_after(self._relayed.log, event.position - 1, 1)
        if not there or there[0].hash != event.hash:
            raise NotThisLog(
                f"topic {name} holds event {event.position} of another log: each deployment needs topics of its own (ATENDE_TOPICS)"
            )
        return event.position

    # Following

    def _follow(self, epoch: int, position: int, reached: dict[str, int], producer: Producer) -> None:
        """Relay the events after `position` and new ones, at most two batches in flight."""
        in_flight: _Batch | None = None
        while not self._closing.is_set():
            self._news.clear()
            events = events_after(self._relayed.log, position, BATCH)
            if not events and in_flight is None:
                self._log_progress()
                self._news.wait(_IDLE_S)
                continue
            sent = self._send(events, reached, producer) if events else None
            if in_flight is not None:
                self._finish(epoch, in_flight, producer)
            if sent is not None and sent.refused is not None:
                self._finish(epoch, sent, producer)
                raise sent.refused
            in_flight = sent
            position = events[-1].position if events else position
        if in_flight is not None:
            self._finish(epoch, in_flight, producer)

    def _send(self, events: list[RecordedEvent], reached: dict[str, int], producer: Producer) -> _Batch:
        if not self._relayed.lock.still_held():
            raise Fenced
        batch = _Batch(events[0].position - 1, reached)
        for event in events:
            try:
                name = self._names[slice_of(event.topic)]
                partition, handle = producer.send(name, message(event))
            except (BrokersRefuse, KeyError, ValueError) as error:
                # Events before it are relayed; later ones must not be.
                reason = error if isinstance(error, BrokersRefuse) else "this release knows no such event"
                batch.refused = CannotBeRelayed(f"event {event.position} ({event.topic}) cannot be relayed: {reason}")
                break
            batch.sent.append(handle)
            batch.position = event.position
            batch.events += 1
            reached[self._partitions[name][partition]] = event.position
        batch.reached = dict(reached)
        return batch

    def _finish(self, epoch: int, batch: _Batch, producer: Producer) -> None:
        """Wait until all events of the batch are acknowledged, however long it takes; then record the position."""
        until = None
        while not producer.acknowledged(batch.sent, 1.0 if self._closing.is_set() else _ACKNOWLEDGED_S):
            log.warning("relay waits for Kafka position=%d unacknowledged=%d", self.figures.position, len(batch.sent))
            if self._closing.is_set():
                until = until or monotonic() + _LAST_WORDS_S
                if monotonic() > until:
                    raise BrokersAway(f"the last {len(batch.sent)} events were not acknowledged: the next relay sends them again")
        self._relayed.relay_progress.record(epoch, batch.position, batch.reached)
        self.figures.relayed += batch.events
        self.figures.position = batch.position
        self._log_progress()

    def _log_progress(self) -> None:
        """Log a line from time to time."""
        passed = monotonic() - self._logged_at
        if passed >= _LOGGED_EVERY_S:
            figures = self.figures
            rate = (figures.relayed - self._logged) / passed
            log.info("relay position=%d behind=%.0f events_per_s=%.0f", figures.position, figures.lag(), rate)
            self._logged_at, self._logged = monotonic(), figures.relayed
