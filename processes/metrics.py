"""Prometheus metrics of the process managers, collected at each scrape; each by `process`, the process manager's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from processes.figures import ProcessFigures
from processes.webhook_sender import SenderFigures

_GAUGES: dict[str, tuple[str, Callable[[ProcessFigures, int, int], float]]] = {
    "active": ("1 if this process runs it, 0 if it waits for another process or has stopped", lambda of, *_: float(of.active)),
    "lag_events": ("Events of the log that it has not seen yet", lambda of, head, _: float(max(0, head - of.position)) * of.active),
    "lag_seconds": (
        "For how long it has been behind the log",
        lambda of, _, now_us: (now_us - of.behind_since) / 1_000_000 if of.active and of.behind_since is not None else 0.0,
    ),
    "timers": ("Timers that wait", lambda of, *_: float(len(of.timers)) * of.active),
    "timers_overdue": (
        "Timers whose instant has come",
        lambda of, _, now_us: float(sum(timer.due_us <= now_us for timer in list(of.timers.values()))) * of.active,
    ),
    "left_undone": ("Events and timers that were given up and are not done yet", lambda of, *_: float(len(of.failed)) * of.active),
}
_COUNTERS: dict[str, tuple[str, Callable[[ProcessFigures], float]]] = {
    "commands": ("Commands that it has sent", lambda of: of.sent),
    "failures": ("Attempts at an event or timer that failed", lambda of: of.failures),
    "set_aside": ("Events and timers that were given up", lambda of: of.set_aside),
    "retried": ("Events and timers that were given up and done later, on an operator's request", lambda of: of.retried),
}


class Watched(Protocol):
    """Runs process managers, as their metrics need it."""

    @property
    def figures(self) -> Mapping[str, ProcessFigures]:
        """ProcessFigures by process manager."""

    def now_us(self) -> int:
        """The instant (us) of the clock that decides which timers are due."""


class ProcessMetrics(Collector):
    """The figures of all process managers of one process."""

    def __init__(self, runner: Watched, head: Callable[[], int], sender: SenderFigures) -> None:
        """head: the position of the log's last event, as this process knows it."""
        self._runner = runner
        self._head = head
        self._sender = sender

    def collect(self) -> Iterator[Metric]:
        figures, head, now_us = self._runner.figures, self._head(), self._runner.now_us()
        for name, (meaning, gauge) in _GAUGES.items():
            family = GaugeMetricFamily(f"atende_process_{name}", meaning, labels=["process"])
            for process, of in figures.items():
                family.add_metric([process], gauge(of, head, now_us))
            yield family
        for name, (meaning, counter) in _COUNTERS.items():
            counted = CounterMetricFamily(f"atende_process_{name}", meaning, labels=["process"])
            for process, of in figures.items():
                counted.add_metric([process], counter(of))
            yield counted
        posts = CounterMetricFamily(
            "atende_webhook_posts", "Attempts to deliver messages of webhooks, by how they ended", labels=["outcome"]
        )
        for outcome, number in self._sender.attempts.items():
            posts.add_metric([outcome], number)
        yield posts
        yield CounterMetricFamily(
            "atende_webhook_disabled", "Webhooks disabled because their receiver failed or is gone", value=self._sender.disabled
        )
