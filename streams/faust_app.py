"""Run a worker in Faust: one Faust agent per topic passes messages on. The only module that imports Faust.

Faust manages the membership of the group, fetches in order and commits the offsets that the worker acknowledges.
It must not acknowledge by itself, because its `take` does so even if its body fails (see docs/adr).
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
"""Messages that arrive within this time are passed on together: a Faust stream takes longer to yield one message than the worker to fold it."""

_COMMIT_S = 1.0
_COMMITS_WITHIN_S = 3.0
_STOPS_WITHIN_S = 5.0


def group_of(prefix: str) -> str:
    """The consumer group of all workers of a deployment."""
    return f"{prefix}.rows"


class FaustApp:
    """Passes a worker its share of the topics that begin with `prefix`. Create it in the event loop that runs it."""

    def __init__(self, brokers: str, prefix: str, directory: str, make: Callable[[FaustApp], Worker], *, group: str = "") -> None:
        """brokers: host:port,host:port. directory: for Faust's own files. make: creates the worker, which gets this object to `ack` with.

        group: a consumer group in place of that of the deployment's workers.
        """
        self._app = app_of(brokers, group or group_of(prefix), directory)
        self.assigned: Callable[[int], object] = lambda _: None
        """Called with the number of partitions that were assigned."""
        self._worker = make(self)
        for slice_ in SLICES:
            self._add(topic(prefix, slice_))
        self._app.on_partitions_revoked.connect(self._revoked)
        self._app.on_partitions_assigned.connect(self._assigned)

    def _add(self, name: str) -> None:
        messages = self._app.topic(name, key_type=bytes, value_type=bytes, allow_empty=True)

        async def pass_on(stream: Any) -> None:
            stream = stream.noack()
            async for _ in stream:
                await self._worker.take([stream.current_event.message, *self._already_fetched(stream.channel.queue)])
                await asyncio.sleep(_LOT_S)

        self._app.agent(messages, name=name)(pass_on)

    def _already_fetched(self, queue: Any) -> Iterator[ConsumedMessage]:
        """Other messages of a topic that Faust has fetched. Those from before a rebalance are dropped, as Faust's own streams do."""
        while queue.qsize():
            message = queue.get_nowait().message
            if message.generation_id == self._app.consumer_generation_id and self._app.flow_control.is_active():
                yield message

    async def _revoked(self, _app: Any, revoked: Iterable[Any], **_: Any) -> None:
        log.info("partitions revoked=%d", len(set(revoked)))
        self._worker.given(())

    async def _assigned(self, _app: Any, assigned: Iterable[Any], **_: Any) -> None:
        partitions = [(partition.topic, partition.partition) for partition in assigned]
        log.info("partitions assigned=%d", len(partitions))
        self._worker.given(partitions)
        self.assigned(len(partitions))

    # For the worker

    def begins_at(self, partition: Partition) -> int:
        """The first offset that the group has not committed."""
        # There is no public API for it: it is the offset that the consumer was set to when the partition was assigned.
        return self._app.consumer._committed_offset.get(faust.types.TP(*partition)) or 0

    def ack(self, messages: Sequence[ConsumedMessage]) -> None:
        """Acknowledge these messages: their offsets may be committed."""
        consumer = self._app.consumer
        for message in messages:
            consumer.ack(message)

    # Running

    async def run(self, until: asyncio.Event) -> None:
        """Run until `until` is set; the current batch is then written and committed. Raises ProjectionsStopped."""
        await self._app.start()
        worker = asyncio.create_task(self._worker.run())
        crashed = asyncio.create_task(self._app.wait_until_stopped())
        stopping = asyncio.create_task(until.wait())
        try:
            await asyncio.wait([worker, crashed, stopping], return_when=asyncio.FIRST_COMPLETED)
            self._worker.close()
            await worker
            await self._commit()
            if crashed.done():
                raise ProjectionsStopped(f"Faust lost Kafka: {self._app.crash_reason!r}")
        finally:
            stopping.cancel()
            crashed.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._app.stop(), _STOPS_WITHIN_S)

    async def _commit(self) -> None:
        """Commit what was acknowledged, so that it is not repeated; skipped if the brokers are away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_COMMITS_WITHIN_S):
                # The first call may have waited for a commit that began before everything was acknowledged.
                await self._app.consumer.commit()
                await self._app.consumer.commit()


def lingers() -> bool:
    """Whether Faust still waits for brokers that are away, for a minute or more: a process that ends normally would wait with it."""
    return any(isinstance(thread, WorkerThread) for thread in threading.enumerate())


def app_of(brokers: str, group: str, directory: str) -> Any:
    """An application of Faust with the settings of a worker, and no agents. directory: for Faust's own files."""
    return faust.App(
        group,
        broker=";".join(f"kafka://{broker}" for broker in brokers.split(",")),
        datadir=directory,
        store="memory://",
        # Otherwise partitions of the same number are assigned together, and with more workers than numbers some workers get none.
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
        # A worker that loses partitions does not delay the others until ClickHouse has written its messages of them.
        stream_wait_empty=False,
    )


async def run(brokers: str, prefix: str, make: Callable[[FaustApp], Worker], until: asyncio.Event) -> None:
    """Run a worker on the messages of a deployment's topics until `until` is set. Raises ProjectionsStopped."""
    with tempfile.TemporaryDirectory(prefix="atende-") as directory, suppress(asyncio.CancelledError):
        await FaustApp(brokers, prefix, directory, make).run(until)
