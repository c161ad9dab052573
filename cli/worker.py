"""`worker`: make rows of the relayed events, beside other workers, until it is stopped."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import uvloop

from cli.console import Console, Mistake
from cli.metrics import serve
from cli.topics import must_be_distributed
from migrations.runner import MigrationRefused, must_be_current
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import WarehouseError
from settings import Settings
from store.database import StoreUnavailable
from streams.brokers import Brokers, BrokersAway, BrokersRefuse
from streams.dead_letters import UNUSABLE, DeadLetters
from streams.deployment_topics import faults
from streams.faust_app import FaustApp, lingers, run
from streams.worker import Worker
from streams.worker_metrics import WorkerMetrics
from streams.write_lock import WriteLock, WriteLockLost


def work(settings: Settings, metrics_port: int | None, console: Console) -> int:
    """Work until SIGINT or SIGTERM; exit status 1 when an operator has to act, or start it again."""
    status = _work(settings, metrics_port, console)
    if lingers():
        logging.shutdown()
        os._exit(status)
    return status


def _work(settings: Settings, metrics_port: int | None, console: Console) -> int:
    must_be_distributed(settings)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("streams").setLevel(logging.INFO)
    with ExitStack() as stack:
        _topics(settings)
        write_lock = stack.enter_context(closing(WriteLock(settings.store_url)))
        write_lock.check()
        warehouse = stack.enter_context(rows(settings))
        letters = stack.enter_context(closing(DeadLetters(settings.kafka, settings.topics)))
        metrics = WorkerMetrics()
        if metrics_port is not None:
            stack.callback(serve(metrics.registry, settings.host, metrics_port, console))

        def make(app: FaustApp) -> Worker:
            outside = (*UNUSABLE, StoreUnavailable, WriteLockLost)
            return Worker(warehouse, letters.keep, app.ack, app.begins_at, around=write_lock.shared, outside=outside, seen=metrics)

        console.warn(f"Atende makes rows of the topics {settings.topics}.*")
        # These objects stay, so the garbage collector need not search them again.
        gc.freeze()
        try:
            uvloop.run(_until_signal(settings, make))
        except ProjectionsStopped as stopped:
            console.warn(f"the worker has stopped: {stopped}")
            return 1
    return 0


async def _until_signal(settings: Settings, make: Callable[[FaustApp], Worker]) -> None:
    until = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, until.set)
    await run(settings.kafka, settings.topics, make, until)


def _topics(settings: Settings) -> None:
    """Refuse to start without the brokers and the topics."""
    try:
        with closing(Brokers(settings.kafka)) as brokers:
            wrong = faults(brokers, settings.topics, settings.partitions)
    except (BrokersAway, BrokersRefuse) as error:
        raise Mistake(str(error)) from error
    if wrong:
        raise Mistake(wrong[0] + f" (and {len(wrong) - 1} more)" * (len(wrong) > 1))


@contextmanager
def rows(settings: Settings) -> Iterator[ClickhouseWarehouse]:
    """The warehouse on the server, whose tables must be up to date."""
    try:
        warehouse = ClickhouseWarehouse(settings.clickhouse_url, makes_database=False)
    except WarehouseError as error:
        raise Mistake(f"ATENDE_CLICKHOUSE_URL: {error}") from error
    with closing(warehouse):
        try:
            must_be_current(warehouse)
        except (MigrationRefused, WarehouseError) as error:
            raise Mistake(str(error)) from error
        yield warehouse
