"""`relay`: send the log to Kafka until it is stopped."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bootstrap import on_servers
from cli.console import Console, Mistake
from cli.metrics import serve
from cli.topics import must_be_distributed
from settings import Settings
from store.postgres_lock import ServerLock
from streams.brokers import BrokersAway, BrokersRefuse
from streams.relay import LOCK, CannotBeRelayed, NotThisLog, Relay, Relayed, RelayFigures
from streams.relay_progress import RelayProgress

_ASLEEP_S = 0.5


def relay(settings: Settings, metrics_port: int | None, console: Console, *, anew: bool) -> int:
    """Relay until SIGINT or SIGTERM. `anew`: from the first event on, whatever was relayed before."""
    must_be_distributed(settings)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("streams").setLevel(logging.INFO)
    location = on_servers(settings.data, settings)
    with ExitStack() as stack:
        log = stack.enter_context(closing(location.events()))
        relay_progress = stack.enter_context(closing(RelayProgress(location.relay(), settings.topics)))
        lock = stack.enter_context(ServerLock(settings.store_url, LOCK))
        relayed = Relayed(log, relay_progress, lock, settings.kafka, settings.topics, settings.partitions)
        run = Relay(relayed)
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: run.close())
        try:
            run.check()
            if anew:
                relay_progress.set(0, {})
            if metrics_port is not None:
                registry = CollectorRegistry()
                registry.register(_Collected(run.figures))
                stack.callback(serve(registry, settings.host, metrics_port, console))
            # Not in this thread, which handles signals: they may arrive while a lock is held.
            with ThreadPoolExecutor(1, "relay") as thread:
                running = thread.submit(run.run)
                # One that arrives just before this thread sleeps is handled when it wakes.
                while wait([running], _ASLEEP_S).not_done:
                    pass
                running.result()
        except (BrokersAway, BrokersRefuse, CannotBeRelayed, NotThisLog) as error:
            raise Mistake(str(error)) from error
    return 0


class _Collected(Collector):
    """The metrics of the relay, read when Prometheus scrapes them."""

    def __init__(self, figures: RelayFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        yield CounterMetricFamily("atende_relay_events", "Events that this process has relayed", figures.relayed)
        yield GaugeMetricFamily("atende_relay_position", "Position of the log up to which all is in Kafka", figures.position)
        yield GaugeMetricFamily("atende_relay_lag_events", "Events that are not in Kafka yet", figures.lag())
        yield GaugeMetricFamily("atende_relay_active", "1 where this relay relays, 0 where it waits for another", float(figures.relays))
