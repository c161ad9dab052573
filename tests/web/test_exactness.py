"""A page's text, the API's JSON and its CSV are the same figures, for any filters, at the page's own position."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from projections.queries.report import clock_ms, comma
from tests.web.conftest import Console

SETS, MANY_SETS = 3, 100
"""How many sets of filters are tried on each page, in the short form and in the long one."""

NONE = "\N{EN DASH}"
FIELDS = {
    "inbound": {
        "sla_percent": "sla_percent", "offered": "offered", "answered": "answered", "abandoned": "abandoned", "timed_out": "timed_out",
        "aht_ms": "aht_ms", "asa_ms": "asa_ms",
    },
    "outbound": {
        "dialled": "dialled", "outbound_answered": "answered", "not_connected": "not_connected", "outbound_aht_ms": "aht_ms",
        "connect_percent": "connect_percent",
    },
    "ivr": {
        "sla_percent": "sla_percent", "abandoned_percent": "abandoned_percent", "asa_ms": "asa_ms", "msa_ms": "msa_ms", "aht_ms": "aht_ms",
        "mht_ms": "mht_ms", "entered": "entered", "abandoned_in_ivr": "abandoned_in_ivr", "ivr_abandoned": "abandoned",
    },
}  # fmt: skip
"""The figures of each page, by the fields of its totals."""

REPORT = {"inbound": "queues", "outbound": "outbound", "ivr": "ivr"}
TITLES = {
    "inbound": {"SLA": "sla_percent", "Recebidas": "offered", "Atendidas": "answered", "AHT": "aht_ms", "ASA": "asa_ms"},
    "outbound": {
        "Discadas": "dialled",
        "Atendidas": "answered",
        "Discando": "dialling",
        "Completadas": "connected",
        "% Connect": "connect_percent",
        "AHT": "aht_ms",
    },
    "ivr": {"Entrantes URA": "entered", "%Abandonadas": "abandoned_percent", "MSA": "msa_ms", "Nível Serviço": "sla_percent"},
}
"""Columns of the CSV, by the fields of the totals."""


@pytest.fixture(scope="module")
def page(console: Console) -> Iterator[Page]:
    page = console.signed_in(path="/inbound")
    yield page
    page.context.close()


def on_screen(name: str, value: Any) -> str:
    """A figure as the console writes it in Portuguese."""
    if value is None:
        return NONE
    if name.endswith("_percent"):
        return f"{comma(value)}\N{NO-BREAK SPACE}%"
    if not name.endswith("_ms"):
        return f"{value:,}".replace(",", ".")
    hours, seconds = divmod(value // 1000, 3600)
    minutes = f"{seconds // 60:02}:{seconds % 60:02}"
    return f"{hours}:{minutes}" if hours else minutes


def in_file(name: str, value: Any) -> str:
    """A figure as the CSV writes it."""
    if value is None:
        return NONE
    return comma(value) if name.endswith("_percent") else clock_ms(value) if name.endswith("_ms") else str(value)


def filters(random: Random, queues: list[str], agents: list[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """A set of filters as the address of a page has them, and as the API takes them."""
    some = random.sample(queues, random.randint(0, len(queues)))
    kind = random.choice(["queue", "except_queue"])
    of_page = [({"queue": "servico", "except_queue": "-servico"}[kind], name) for name in some]
    of_api = [(kind, name) for name in some]
    if random.random() < 0.4:
        one = random.choice(agents)
        of_page.append(("agente", one))
        of_api.append(("agent", one))
    return of_page, of_api


@pytest.mark.parametrize("sets", [SETS, pytest.param(MANY_SETS, marks=(pytest.mark.long, pytest.mark.timeout(3_600)))])
@pytest.mark.parametrize("board", FIELDS)
def test_page_json_and_csv_have_the_same_figures(console: Console, page: Page, board: str, sets: int) -> None:
    random = Random(f"exact {board}")
    queues = [queue["name"] for queue in console.get("/v1/queues").json()["items"]]
    agents = [agent["name"] for agent in console.get("/v1/agents").json()["items"]]
    position = console.get("/v1/dashboards/inbound").json()["as_of"]
    ivrs = [ivr["name"] for ivr in console.get("/v1/ivrs").json()["items"]] if board == "ivr" else []
    for turn in range(sets):
        of_page, of_api = filters(random, queues, agents)
        if turn and ivrs:
            one = random.choice(ivrs)
            of_page.append(("ura", one))
            of_api.append(("ivr", one))
        at = random.randint(position // 2, position)
        page.goto(f"{console.url}/{board}?{urlencode([*of_page, ('periodo', '7d'), ('em', at)])}")
        expect(page.locator("[data-as-of]")).to_have_attribute("data-as-of", str(at))
        asked = urlencode([*of_api, *period_of(console), ("as_of", at)])
        totals = console.get(f"/v1/dashboards/{board}?{asked}").json()["totals"]
        for name, field in FIELDS[board].items():
            expect(page.locator(f"[data-figure={name}] [data-value]")).to_have_text(on_screen(field, totals[field]))
        text = console.get(f"/v1/reports/{REPORT[board]}?{asked}&by=total&format=csv").content.decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
        for title, field in TITLES[board].items():
            assert row[title] == in_file(field, totals[field]), (title, asked)


def period_of(console: Console) -> list[tuple[str, str]]:
    """The last seven days, as the page asks for them at a position: with their end."""
    today = console.get("/v1/dashboards/inbound").json()["period"]["from"][:10]
    day = date.fromisoformat(today)
    return [("from", str(day - timedelta(days=6))), ("to", str(day + timedelta(days=1)))]
