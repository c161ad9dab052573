"""Prometheus metrics of the adapters of one process, collected at each scrape; each by `asterisk`, the name of the Asterisk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, get_args

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from settings import Asterisk
from telephony_adapter.ami.figures import BUCKETS_S, AdapterFigures
from telephony_adapter.control.effects import Why
from telephony_adapter.control.follower import ControlFigures, Follower

_GAUGES: dict[str, tuple[str, Callable[[AdapterFigures], float]]] = {
    "active": ("1 if this process follows it, 0 if it waits for another process", lambda of: float(of.leads)),
    "connected": ("1 if this process follows it and has a connection", lambda of: float(of.leads and of.connected)),
    "gap_open": (
        "1 if this process follows it and something may be missing: no connection, or a queue_log that was not read yet",
        lambda of: float(of.leads and (not of.connected or of.unfilled)),
    ),
    "waiting_events": ("Events that were received and are not saved yet, when they are many", lambda of: float(of.waiting)),
}
_COUNTERS: dict[str, tuple[str, Callable[[AdapterFigures], float]]] = {
    "connections": ("Connections that were made; all but the first are reconnections", lambda of: of.sessions),
    "events": ("Events and answers that were read", lambda of: of.packets),
    "broken_events": ("Events that could not be used", lambda of: of.broken),
    "observations": ("Commands with observations that were sent to the log", lambda of: of.facts),
    "filled_gaps": ("Gaps that were filled from the queue_log", lambda of: of.tails),
}


class Watched(Protocol):
    """An adapter, as its metrics need it."""

    asterisk: Asterisk
    figures: AdapterFigures
    control: Follower | None


class AsteriskMetrics(Collector):
    """The figures of the adapters that run in this process."""

    def __init__(self) -> None:
        self._adapters: list[Watched] = []

    def watch(self, adapters: Iterable[Watched]) -> None:
        """Collect the figures of these, in place of earlier ones."""
        self._adapters = list(adapters)

    def collect(self) -> Iterator[Metric]:
        adapters = self._adapters
        for name, (meaning, gauge) in _GAUGES.items():
            family = GaugeMetricFamily(f"atende_asterisk_{name}", meaning, labels=["asterisk"])
            for each in adapters:
                family.add_metric([each.asterisk.name], gauge(each.figures))
            yield family
        for name, (meaning, counter) in _COUNTERS.items():
            counted = CounterMetricFamily(f"atende_asterisk_{name}", meaning, labels=["asterisk"])
            for each in adapters:
                counted.add_metric([each.asterisk.name], counter(each.figures))
            yield counted
        yield _lags(adapters)
        yield _commands(adapters)


def _lags(adapters: Iterable[Watched]) -> Metric:
    family = HistogramMetricFamily("atende_asterisk_lag_seconds", "From the arrival of an event to the log", labels=["asterisk"])
    for each in adapters:
        lags, below, buckets = each.figures.lags, 0, []
        for limit, count in zip((*BUCKETS_S, None), list(lags.counts), strict=True):
            below += count
            buckets.append(("+Inf" if limit is None else str(limit), float(below)))
        family.add_metric([each.asterisk.name], buckets, lags.sum_s)
    return family


def _commands(adapters: Iterable[Watched]) -> Metric:
    family = CounterMetricFamily(
        "atende_asterisk_commands", "Requests and changes that were sent to it, by how they ended", labels=["asterisk", "outcome"]
    )
    for each in adapters:
        done = each.control.figures if each.control is not None else ControlFigures()
        family.add_metric([each.asterisk.name, "done"], done.performed)
        for why in get_args(Why):
            family.add_metric([each.asterisk.name, why], done.unperformed[why])
    return family
