"""Monitoring: the dashboard and the alerts query metrics that the processes export."""

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
"""The metric that Prometheus itself records for every process."""


class Query:
    """The series of a PromQL expression with the labels of their selectors, and the labels of its groups."""

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
def exported_series(tmp_path_factory: pytest.TempPathFactory) -> dict[str, frozenset[str]]:
    return exported(tmp_path_factory.mktemp("log"))


@pytest.mark.parametrize("name", ASKED)
def test_every_query_uses_exported_metrics_and_labels(name: str, exported_series: dict[str, frozenset[str]]) -> None:
    known = {**exported_series, **UP}
    asked = Query(ASKED[name])
    assert asked.series
    for series, labels in asked.series.items():
        assert series in known
        assert labels <= known[series]
    assert asked.grouped <= frozenset().union(*(known[series] for series in asked.series))


def test_a_query_of_an_unknown_metric_is_detected(exported_series: dict[str, frozenset[str]]) -> None:
    asked = Query('sum by (phase) (rate(atende_worker_step_seconds_bucket{step="fold"}[5m])) / atende_vanished_total')
    assert asked.series == {"atende_worker_step_seconds_bucket": {"step"}, "atende_vanished_total": set()}
    assert asked.grouped == {"phase"}
    assert "atende_vanished_total" not in exported_series
    assert "phase" not in exported_series["atende_worker_step_seconds_bucket"]


def test_every_metric_is_on_the_dashboard(exported_series: dict[str, frozenset[str]]) -> None:
    asked = {series for panel in PANELS for target in panel["targets"] for series in Query(target["expr"]).series}
    families = {re.sub("_(total|bucket|sum|count)$", "", series) for series in exported_series}
    assert {re.sub("_(total|bucket)$", "", series) for series in asked} == families | {"up"}


def test_panels_have_unique_ids_do_not_overlap_and_use_the_provisioned_datasource() -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        cell = panel["gridPos"]
        cells = {(x, y) for x in range(cell["x"], cell["x"] + cell["w"]) for y in range(cell["y"], cell["y"] + cell["h"])}
        assert cell["x"] + cell["w"] <= 24
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
    for panel in PANELS:
        assert {panel["datasource"]["uid"]} == {target["datasource"]["uid"] for target in panel["targets"]}
        assert panel["datasource"] == {"type": provisioned[0]["type"], "uid": provisioned[0]["uid"]}


def test_grafana_finds_dashboards_and_prometheus_where_compose_puts_them() -> None:
    started = services(DISTRIBUTED)
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "atende.yml").read_text())["providers"][0]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in started["grafana"]["volumes"]
    datasource = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    assert datasource["url"] == "http://prometheus:9090"
    assert "./prometheus:/etc/prometheus:ro" in started["prometheus"]["volumes"]


def test_an_alert_has_a_summary_and_waits_before_it_fires() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["annotations"]["summary"], rule["alert"]
        assert "for" in rule or "increase" in rule["expr"], rule["alert"]
