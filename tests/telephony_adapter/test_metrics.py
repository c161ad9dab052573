"""The metrics of the adapters of one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from settings import Asterisk
from telephony_adapter.ami.figures import AdapterFigures
from telephony_adapter.control.follower import ControlFigures
from telephony_adapter.metrics import AsteriskMetrics


class Control:
    """What drives it, and what it did."""

    figures = ControlFigures()


class Followed:
    """An adapter with figures."""

    def __init__(self) -> None:
        self.asterisk = Asterisk("10.0.0.5", "atende", "secret")
        self.figures = AdapterFigures(leads=True, connected=True, sessions=3, packets=70, facts=9, broken=2, tails=1)
        self.control = Control()


def scraped(followed: Followed) -> CollectorRegistry:
    metrics = AsteriskMetrics()
    metrics.watch([followed])  # type: ignore[list-item]
    registry = CollectorRegistry()
    registry.register(metrics)
    return registry


def test_the_figures_of_an_adapter_are_metrics_by_its_asterisk() -> None:
    followed = Followed()
    followed.control.figures.performed = 4
    followed.control.figures.unperformed["refused"] = 1
    labels = {"asterisk": followed.asterisk.name}
    registry = scraped(followed)
    found = {
        name: registry.get_sample_value(f"atende_asterisk_{name}", labels)
        for name in ("active", "connected", "gap_open", "connections_total", "events_total", "observations_total", "broken_events_total")
    }
    assert found == {
        "active": 1, "connected": 1, "gap_open": 0, "connections_total": 3, "events_total": 70, "observations_total": 9, "broken_events_total": 2,
    }  # fmt: skip
    commands = {
        outcome: registry.get_sample_value("atende_asterisk_commands_total", {**labels, "outcome": outcome})
        for outcome in ("done", "refused", "expired", "failed")
    }
    assert commands == {"done": 4, "refused": 1, "expired": 0, "failed": 0}


def test_a_gap_is_open_while_there_is_no_connection_or_a_log_was_not_read_and_only_where_it_is_followed() -> None:
    followed = Followed()
    labels = {"asterisk": followed.asterisk.name}
    for leads, connected, unfilled, is_open in (
        (True, False, False, 1),
        (True, True, True, 1),
        (True, True, False, 0),
        (False, False, False, 0),
    ):
        followed.figures = AdapterFigures(leads=leads, connected=connected, unfilled=unfilled)
        assert scraped(followed).get_sample_value("atende_asterisk_gap_open", labels) == is_open


def test_the_lag_is_a_histogram() -> None:
    followed = Followed()
    for seconds in (0.01, 0.2, 60):
        followed.figures.lags.note(seconds)
    registry, labels = scraped(followed), {"asterisk": followed.asterisk.name}
    below = {
        le: registry.get_sample_value("atende_asterisk_lag_seconds_bucket", {**labels, "le": le}) for le in ("0.05", "0.25", "30.0", "+Inf")
    }
    assert below == {"0.05": 1, "0.25": 2, "30.0": 2, "+Inf": 3}
