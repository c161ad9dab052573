"""What an operator watches: dashboard and alerts ask for figures that the processes export."""

from __future__ import annotations

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml

from tests.kit.compose import DISTRIBUTED, DOCKER, services
from tests.kit.exported import ADDED, exported

GRAFANA = DOCKER / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboards" / "atende.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [rule for group in yaml.safe_load((DOCKER / "prometheus" / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
ASKED = {
    **{f"panel {panel['title']}, {target['refId']}": target["expr"] for panel in PANELS for target in panel["targets"]},
    **{f"alert {rule['alert']}": rule["expr"] for rule in RULES},
}
UP = {"up": ADDED}
"""What Prometheus itself knows of every process."""


class Asked:
    """What an expression asks for: series with the labels that it picks them by, and the labels that it groups by."""

    def __init__(self, expression: str) -> None:
        self.series: dict[str, set[str]] = {}
        self.grouped: set[str] = set()
        promql_parser.walk(promql_parser.parse(expression), self._visit)

    def _visit(self, node: Any) -> None:
        selector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(selector, promql_parser.VectorSelector):
            self.series.setdefault(selector.name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", str(selector.matchers)))
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            self.grouped.update(node.modifier.labels)


@pytest.fixture(scope="module")
def series_of_the_house(tmp_path_factory: pytest.TempPathFactory) -> dict[str, frozenset[str]]:
    return exported(tmp_path_factory.mktemp("log"))


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_for_is_exported_under_that_name_with_those_labels(name: str, series_of_the_house: dict[str, frozenset[str]]) -> None:
    known = {**series_of_the_house, **UP}
    asked = Asked(ASKED[name])
    assert asked.series
    for series, labels in asked.series.items():
        assert series in known
        assert labels <= known[series]
    assert asked.grouped <= frozenset().union(*(known[series] for series in asked.series))


def test_a_figure_that_nobody_exports_would_be_noticed(series_of_the_house: dict[str, frozenset[str]]) -> None:
    asked = Asked('sum by (phase) (rate(atende_worker_step_seconds_bucket{step="fold"}[5m])) / atende_vanished_total')
    assert asked.series == {"atende_worker_step_seconds_bucket": {"step"}, "atende_vanished_total": set()}
    assert asked.grouped == {"phase"}
    assert "atende_vanished_total" not in series_of_the_house
    assert "phase" not in series_of_the_house["atende_worker_step_seconds_bucket"]


def test_every_figure_is_on_the_dashboard(series_of_the_house: dict[str, frozenset[str]]) -> None:
    asked = {series for panel in PANELS for target in panel["targets"] for series in Asked(target["expr"]).series}
    families = {re.sub("_(total|bucket|sum|count)$", "", series) for series in series_of_the_house}
    assert {re.sub("_(total|bucket)$", "", series) for series in asked} == families | {"up"}


def test_panels_have_ids_of_their_own_lie_side_by_side_and_use_the_datasource_that_is_provisioned() -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
    for panel in PANELS:
        assert {panel["datasource"]["uid"]} == {target["datasource"]["uid"] for target in panel["targets"]}
        assert panel["datasource"] == {"type": provisioned[0]["type"], "uid": provisioned[0]["uid"]}


def test_grafana_finds_dashboards_and_prometheus_where_compose_puts_them() -> None:
    told = services(DISTRIBUTED)
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "atende.yml").read_text())["providers"][0]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in told["grafana"]["volumes"]
    datasource = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    assert datasource["url"] == "http://prometheus:9090"
    assert "./prometheus:/etc/prometheus:ro" in told["prometheus"]["volumes"]


def test_an_alert_says_what_is_wrong_and_waits_before_it_wakes_anybody() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["annotations"]["summary"], rule["alert"]
        assert "for" in rule or "increase" in rule["expr"], rule["alert"]
