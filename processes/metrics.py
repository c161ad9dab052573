"""What the process managers say to Prometheus, as it is when it asks; each figure by `process`, the process manager's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from processes.figures import Figures

_GAUGES: dict[str, tuple[str, Callable[[Figures, int, int], float]]] = {
    "active": ("1 where this process runs it, 0 where it waits for another or has stopped", lambda told, *_: float(told.active)),
    "lag_events": ("Events of the log that it has not seen yet", lambda told, head, _: float(max(0, head - told.position)) * told.active),
    "lag_seconds": (
        "For how long it has not been level with the log",
        lambda told, _, now_us: (now_us - told.behind_since) / 1_000_000 if told.active and told.behind_since is not None else 0.0,
    ),
    "timers": ("Timers that wait", lambda told, *_: float(len(told.timers)) * told.active),
    "timers_overdue": (
        "Timers whose instant has come",
        lambda told, _, now_us: float(sum(timer.due_us <= now_us for timer in list(told.timers.values()))) * told.active,
    ),
    "left_undone": ("Events and timers that were given up and are not done yet", lambda told, *_: float(len(told.failed)) * told.active),
}
_COUNTERS: dict[str, tuple[str, Callable[[Figures], float]]] = {
    "commands": ("Commands that it has sent", lambda told: told.sent),
    "failures": ("Attempts at an event or timer that failed", lambda told: told.failures),
    "set_aside": ("Events and timers that were given up", lambda told: told.set_aside),
    "retried": ("Events and timers that were given up and done later, when an operator asked for it", lambda told: told.retried),
}


class Watched(Protocol):
    """What runs process managers, for whoever watches it."""

    @property
    def figures(self) -> Mapping[str, Figures]:
        """By process manager."""

    def now_us(self) -> int:
        """By the clock that decides which timers are due."""


class ProcessMetrics(Collector):
    """The figures of all process managers of one process."""

    def __init__(self, runner: Watched, head: Callable[[], int]) -> None:
        """head: the position of the log's last event, as this process knows it."""
        self._runner = runner
        self._head = head

    def collect(self) -> Iterator[Metric]:
        figures, head, now_us = self._runner.figures, self._head(), self._runner.now_us()
        for name, (meaning, gauge) in _GAUGES.items():
            family = GaugeMetricFamily(f"atende_process_{name}", meaning, labels=["process"])
            for process, told in figures.items():
                family.add_metric([process], gauge(told, head, now_us))
            yield family
        for name, (meaning, counter) in _COUNTERS.items():
            counted = CounterMetricFamily(f"atende_process_{name}", meaning, labels=["process"])
            for process, told in figures.items():
                counted.add_metric([process], counter(told))
            yield counted
