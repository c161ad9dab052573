"""The time bar: what was received when, where a source was cut off, and nothing of the future."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.kit.http import Person, TimedCenter
from tests.kit.pasts import live_through

HOURS = 3
DAY = "from=2026-03-03&to=2026-03-04"


def test_the_parts_of_the_time_add_up_to_what_was_received_in_each_hour(center: TimedCenter, ana: Person) -> None:
    live_through(center, "Empresa", HOURS)
    ana.stay()
    hours = ana.get(f"/v1/timeline?{DAY}&buckets=24").json()
    assert (hours["bucket_ms"], len(hours["received"])) == (3_600_000, 24)
    series = ana.get("/v1/dashboards/inbound?from=2026-03-03&to=2026-03-04&by=hour").json()["series"]
    assert hours["received"] == [row["offered"] or 0 for row in series]
    assert sum(hours["received"]) > 10
    fine = ana.get(f"/v1/timeline?{DAY}&buckets=1440").json()["received"]
    assert [sum(fine[hour * 60 : hour * 60 + 60]) for hour in range(24)] == hours["received"]
    assert "2026-03-03T00:00:00-03:00" <= hours["first_at"] <= "2026-03-03T08:30:00-03:00"
    assert "2026-03-03T10:30:00-03:00" <= hours["last_at"] <= "2026-03-03T11:00:00-03:00"
    assert hours["gaps"] == []


def test_the_filters_of_the_page_hold_for_what_was_received_and_names_that_nobody_has_are_noted(center: TimedCenter, ana: Person) -> None:
    live_through(center, "Empresa", HOURS)
    ana.stay()
    rows = ana.get("/v1/reports/queues?from=2026-03-03&to=2026-03-04&by=queue").json()["items"]
    busy = max(rows, key=lambda row: row["offered"])
    assert 0 < busy["offered"] < sum(row["offered"] for row in rows)

    def received(**filters: str) -> int:
        return sum(ana.get(f"/v1/timeline?{DAY}&{urlencode(filters)}").json()["received"])

    assert received(queue=busy["queue"]) == busy["offered"]
    assert received(except_queue=busy["queue"]) == received() - busy["offered"]
    unknown = ana.get(f"/v1/timeline?{DAY}&queue=nenhuma").json()
    assert (sum(unknown["received"]), len(unknown["notes"])) == (0, 1)


def test_at_a_position_the_answer_stays_the_same(center: TimedCenter, ana: Person) -> None:
    live_through(center, "Empresa", 1)
    ana.stay()
    before = ana.get(f"/v1/timeline?{DAY}").json()
    live_through(center, "Outra", 2)
    ana.stay()
    assert ana.get(f"/v1/timeline?{DAY}&as_of={before['as_of']}").json() == before


def test_a_company_without_events_has_no_known_time(ana: Person) -> None:
    known = ana.get("/v1/timeline?buckets=7").json()
    assert (known["first_at"], known["last_at"], known["received"]) == (None, None, [0] * 7)


@pytest.mark.parametrize("path", ["/v1/monitoring", "/v1/dashboards/inbound", "/v1/timeline", "/v1/reports/agents"])
def test_a_moment_in_the_future_is_refused(center: TimedCenter, ana: Person, path: str) -> None:
    answer = ana.get(f"{path}?as_of=2027-01-01")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "as_of"
    center.clock.pass_s(400 * 86_400)


@pytest.mark.parametrize(
    "query", ["from=2026-03-02&to=2026-03-02", "from=2026-03-03&to=2026-03-02", "from=2020-01-01&to=2026-01-01", "buckets=0"]
)
def test_a_time_that_is_none_is_refused(ana: Person, query: str) -> None:
    assert ana.get(f"/v1/timeline?{query}").status_code == 422


@pytest.mark.parametrize("permission", ["gerenciar-relatorio", "gerenciar-atendimento"])
def test_who_sees_dashboards_or_the_board_sees_the_time_and_nobody_else(log_in, permission: str) -> None:
    assert log_in(permissions=(permission,)).get("/v1/timeline").status_code == 200
    refused = log_in(email="bia@empresa.example", permissions=("gerenciar-contatos",)).get("/v1/timeline")
    assert refused.status_code == 403
