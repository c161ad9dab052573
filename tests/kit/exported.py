"""The metrics that the processes of a deployment export, by the names and labels under which Prometheus keeps them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from prometheus_client import CollectorRegistry, Metric

from api.http_metrics import Instruments
from cli.relay import _Collected
from processes.figures import ProcessFigures
from processes.metrics import ProcessMetrics
from processes.webhook_sender import SenderFigures
from settings import Asterisk
from store.recorder import SCHEMA
from store.sqlite_database import SqliteDatabase
from streams.relay import RelayFigures
from streams.worker_metrics import WorkerMetrics
from telephony_adapter.ami.figures import AdapterFigures
from telephony_adapter.metrics import AsteriskMetrics

ADDED = frozenset({"job", "instance"})
"""The labels that Prometheus itself adds to each metric: its process."""

_SERIES = {
    "counter": {"_total": ()},
    "gauge": {"": ()},
    "histogram": {"_bucket": ("le",), "_sum": (), "_count": ()},
}


class _Idle:
    """Process managers that do nothing."""

    figures: ClassVar[dict[str, ProcessFigures]] = {"one": ProcessFigures()}

    def now_us(self) -> int:
        return 0


class _Followed:
    """An adapter that does nothing."""

    asterisk = Asterisk("10.0.0.5", "atende", "secret")
    figures = AdapterFigures()
    control = None


def exported(directory: Path) -> dict[str, frozenset[str]]:
    """Every series of an API, a relay, a worker, process managers and a follower of Asterisks, with its labels."""
    found = {}
    with closing(SqliteDatabase(directory / "log.db")) as log:
        log.define(SCHEMA)
        relay = CollectorRegistry()
        relay.register(_Collected(RelayFigures(log)))
        reacting = CollectorRegistry()
        reacting.register(ProcessMetrics(_Idle(), lambda: 0, SenderFigures()))
        following = CollectorRegistry()
        followers = AsteriskMetrics()
        followers.watch([_Followed()])
        following.register(followers)
        for registry in (_registry(Instruments()), relay, _registry(WorkerMetrics()), reacting, following):
            for collector in list(registry._collector_to_names):
                for family in collector.collect():
                    for suffix, more in _SERIES[family.type].items():
                        found[family.name + suffix] = frozenset({*_labels(collector, family), *more}) | ADDED
    return found


def _registry(figures: object) -> CollectorRegistry:
    return next(value for value in vars(figures).values() if isinstance(value, CollectorRegistry))


def _labels(collector: Any, family: Metric) -> tuple[str, ...]:
    """The labels of a metric; those of its samples if it is calculated at each scrape."""
    return getattr(collector, "_labelnames", tuple({name for sample in family.samples for name in sample.labels}))
