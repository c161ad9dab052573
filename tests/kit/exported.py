"""The figures that the processes of a house export, by the names and labels under which Prometheus keeps them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from api.http_metrics import Instruments
from cli.relay import _Collected
from store.recorder import SCHEMA
from store.sqlite_database import SqliteDatabase
from streams.relay import Figures
from streams.worker_metrics import WorkerMetrics

ADDED = frozenset({"job", "instance"})
"""What Prometheus itself says of each figure: of which process it is."""

_SERIES = {
    "counter": {"_total": ()},
    "gauge": {"": ()},
    "histogram": {"_bucket": ("le",), "_sum": (), "_count": ()},
}


def exported(directory: Path) -> dict[str, frozenset[str]]:
    """Every series of an API, a relay and a worker, with its labels."""
    found = {}
    with closing(SqliteDatabase(directory / "log.db")) as log:
        log.define(SCHEMA)
        relay = CollectorRegistry()
        relay.register(_Collected(Figures(log)))
        for registry in (_registry(Instruments()), relay, _registry(WorkerMetrics())):
            for collector in list(registry._collector_to_names):
                for family in collector.collect():
                    for suffix, more in _SERIES[family.type].items():
                        found[family.name + suffix] = frozenset({*_labels(collector), *more}) | ADDED
    return found


def _registry(figures: object) -> CollectorRegistry:
    return next(value for value in vars(figures).values() if isinstance(value, CollectorRegistry))


def _labels(collector: Any) -> tuple[str, ...]:
    """The collector that reads its figures when it is asked gives none of them a label."""
    return getattr(collector, "_labelnames", ())
