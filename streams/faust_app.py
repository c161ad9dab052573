"""The worker as Faust runs it: one agent a topic, which hands messages on. The only importer of Faust.

Faust is trusted with membership of the group, with fetching in order and with committing what it was told is done with.
It is not trusted to say so by itself: `take` says it when its body fails, too (see docs/adr).
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import faust
from mode.threads import WorkerThread

from projections.engine.progress import ProjectionsStopped
from streams.consumed_message import ConsumedMessage, Partition
from streams.topics import SLICES, topic
from streams.worker import Worker

log = logging.getLogger(__name__)

_REBALANCE_S = 5
_SESSION_S = 6
_HEARTBEAT_S = 1
"""A worker that died is replaced within 10 s; with Faust's own values it takes over half a minute."""

_LOT_S = 0.05
"""What comes in so short a time is handed on together: a stream of Faust takes longer to give one message than the worker to fold it."""

_COMMIT_S = 1.0
_COMMITS_WITHIN_S = 3.0
_STOPS_WITHIN_S = 5.0


def group_of(prefix: str) -> str:
    """The consumer group of all workers of a deployment."""
    return f"{prefix}.rows"


class FaustApp:
    """Lets a worker have its share of the topics that begin with `prefix`. To be made in the event loop that runs it."""

    def __init__(self, brokers: str, prefix: str, directory: str, make: Callable[[FaustApp], Worker], *, group: str = "") -> None:
        """brokers: host:port,host:port. directory: for what Faust thinks it must keep. make: the worker, which is given this to `ack` with.

        group: another than that of the deployment's workers.
        """
        self._app = app_of(brokers, group or group_of(prefix), directory)
        self.assigned: Callable[[int], object] = lambda _: None
        """Told how many partitions have been given."""
        self._worker = make(self)
        for slice_ in SLICES:
            self._add(topic(prefix, slice_))
        self._app.on_partitions_revoked.connect(self._revoked)
        self._app.on_partitions_assigned.connect(self._assigned)

    def _add(self, name: str) -> None:
        messages = self._app.topic(name, key_type=bytes, value_type=bytes, allow_empty=True)

        async def hand_on(stream: Any) -> None:
            stream = stream.noack()
            async for _ in stream:
                await self._worker.take([stream.current_event.message, *self._at_hand(stream.channel.queue)])
                await asyncio.sleep(_LOT_S)

        self._app.agent(messages, name=name)(hand_on)

    def _at_hand(self, queue: Any) -> Iterator[ConsumedMessage]:
        """What else Faust has fetched of a topic; of a rebalance ago it is nobody's any more, as for its own streams."""
        while queue.qsize():
            message = queue.get_nowait().message
            if message.generation_id == self._app.consumer_generation_id and self._app.flow_control.is_active():
                yield message

    async def _revoked(self, _app: Any, revoked: Iterable[Any], **_: Any) -> None:
        log.info("partitions revoked=%d", len(set(revoked)))
        self._worker.given(())

    async def _assigned(self, _app: Any, assigned: Iterable[Any], **_: Any) -> None:
        partitions = [(told.topic, told.partition) for told in assigned]
        log.info("partitions assigned=%d", len(partitions))
        self._worker.given(partitions)
        self.assigned(len(partitions))

    # What the worker asks of it

    def begins_at(self, partition: Partition) -> int:
        """The first offset that the group has not committed."""
        # Nothing public tells it: it is what the consumer was set to when the partition was assigned.
        return self._app.consumer._committed_offset.get(faust.types.TP(*partition)) or 0

    def ack(self, messages: Sequence[ConsumedMessage]) -> None:
        """These are done with: their offsets may be committed."""
        consumer = self._app.consumer
        for message in messages:
            consumer.ack(message)

    # Running

    async def run(self, until: asyncio.Event) -> None:
        """Work until `until`; what is being written is then written and committed. Raises ProjectionsStopped."""
        await self._app.start()
        worker = asyncio.create_task(self._worker.run())
        crashed = asyncio.create_task(self._app.wait_until_stopped())
        asked = asyncio.create_task(until.wait())
        try:
            await asyncio.wait([worker, crashed, asked], return_when=asyncio.FIRST_COMPLETED)
            self._worker.close()
            await worker
            await self._commit()
            if crashed.done():
                raise ProjectionsStopped(f"Kafka is lost: {self._app.crash_reason!r}")
        finally:
            asked.cancel()
            crashed.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._app.stop(), _STOPS_WITHIN_S)

    async def _commit(self) -> None:
        """Commit what is done with, so that nobody does it again; with the brokers away it is left undone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_COMMITS_WITHIN_S):
                # The first may have waited for one that began before all was done with.
                await self._app.consumer.commit()
                await self._app.consumer.commit()


def lingers() -> bool:
    """Whether Faust waits for brokers that are away, for a minute and more: who ends by himself would wait with it."""
    return any(isinstance(thread, WorkerThread) for thread in threading.enumerate())


def app_of(brokers: str, group: str, directory: str) -> Any:
    """An application of Faust with the settings of a worker, and no agents. directory: for what Faust thinks it must keep."""
    return faust.App(
        group,
        broker=";".join(f"kafka://{broker}" for broker in brokers.split(",")),
        datadir=directory,
        store="memory://",
        # Else partitions of one number go together, and of more workers than there are numbers some have none.
        table_standby_replicas=0,
        web_enabled=False,
        processing_guarantee="at_least_once",
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        broker_rebalance_timeout=_REBALANCE_S,
        broker_session_timeout=_SESSION_S,
        broker_heartbeat_interval=_HEARTBEAT_S,
        broker_commit_interval=_COMMIT_S,
        # A worker that loses partitions does not hold up the others until ClickHouse has taken what it had of them.
        stream_wait_empty=False,
    )


async def run(brokers: str, prefix: str, make: Callable[[FaustApp], Worker], until: asyncio.Event) -> None:
    """Have a worker make rows of the messages of a deployment's topics until `until`. Raises ProjectionsStopped."""
    with tempfile.TemporaryDirectory(prefix="atende-") as directory, suppress(asyncio.CancelledError):
        await FaustApp(brokers, prefix, directory, make).run(until)
