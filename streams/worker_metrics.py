"""Prometheus metrics of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class WorkerMetrics:
    """The metrics of one worker since its start."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        options: dict[str, Any] = {"registry": self.registry}
        self._messages = Counter("atende_worker_messages", "Messages consumed", **options)
        self._events = Counter("atende_worker_events", "Events folded; repeats are not counted", **options)
        self._batches = Counter("atende_worker_batches", "Batches written", **options)
        self._refused = Counter("atende_worker_refused", "Messages of which no rows could be made", **options)
        self._position = Gauge("atende_worker_position", "Position in the log up to which rows are written", ["partition"], **options)
        self._seconds = Histogram(
            "atende_worker_step_seconds", "Duration of folding and of writing a batch", ["step"], buckets=_SECONDS, **options
        )

    def folded(self, messages: int, events: int, seconds: float) -> None:
        """A batch has been folded."""
        self._messages.inc(messages)
        self._events.inc(events)
        self._seconds.labels("fold").observe(seconds)

    def written(self, reached: Mapping[str, int], seconds: float) -> None:
        """A batch has been written."""
        self._batches.inc()
        self._seconds.labels("write").observe(seconds)
        for partition, position in reached.items():
            self._position.labels(partition).set(position)

    def refused(self, dead_letters: int) -> None:
        """Messages were set aside."""
        self._refused.inc(dead_letters)
