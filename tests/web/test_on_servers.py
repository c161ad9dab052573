"""The console of a deployment on servers: what happens is on its pages before the rows are written, and files are taken in as in one process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from commands.agents import LogIn
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from domain.base import SECOND
from domain.ids import company_id
from simulator.center import sleepless_center
from simulator.story import Story
from store.clock import SystemClock
from tests.kit.distributed import distributed
from tests.kit.http import operator
from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console
from tests.web.test_imports import DONE_MS, LOG, choose
from tests.web.test_live import GROUPS, LIVE, pause

MINUTES = 30
WAITING = "Zulmira"
"""An agent whom no call reaches: the story may leave everybody else busy, whatever the hour is."""
OTHERS = ("outbound", "ivr", "relatorio-agentes", "sla")
"""Pages that no story here goes to."""


@pytest.fixture(scope="module")
def on_servers(tmp_path_factory: pytest.TempPathFactory, built: None, browser: Browser) -> Iterator[Console]:
    """The console of a deployment with half an hour of calls behind it."""
    with distributed(tmp_path_factory.mktemp("deployment"), apis=1) as deployment:
        bus, caller = deployment.bus, operator("Empresa")
        token = bus.execute(AppointAdministrator(email=ADMINISTRATOR), caller).result["token"]
        bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), caller)
        now = SystemClock().now_us()
        story = Story(bus, company_id("Empresa"), sleepless_center(0.5), seed=4, start_us=now - MINUTES * 60 * SECOND)
        story.set_up()
        story.tell_until(now)
        bus.execute(LogIn(agent=WAITING), caller)
        deployment.wait_covered()
        yield Console(deployment.url_of_api(deployment.apis[0]), browser)


@pytest.fixture(scope="module")
def page(on_servers: Console) -> Iterator[Page]:
    page = on_servers.signed_in(path="/inbound")
    yield page
    page.context.close()


def test_every_page_shows_what_the_api_of_a_deployment_answers(on_servers: Console, page: Page) -> None:
    for path in OTHERS:
        page.goto(f"{on_servers.url}/{path}")
        page.locator("[data-as-of]").wait_for()
        expect(page.locator("[aria-busy]")).to_have_count(0)
        expect(page.locator("main [role=alert]")).to_have_count(0)
    page.goto(f"{on_servers.url}/inbound")
    offered = page.locator("[data-figure=offered] [data-value]")
    expect(offered).to_have_text(re.compile(r"^[1-9]"))
    as_of = page.locator("[data-as-of]").first.get_attribute("data-as-of")
    assert int(offered.inner_text()) == on_servers.get(f"/v1/dashboards/inbound?as_of={as_of}").json()["totals"]["offered"]


def test_the_board_of_a_deployment_moves_with_what_just_happened(on_servers: Console, page: Page) -> None:
    page.goto(f"{on_servers.url}/agentes")
    expect(page.locator(f"[data-group=available] [data-agent='{WAITING}']")).to_be_attached()
    expect(page.get_by_role("status").first).to_have_text(LIVE)
    board = on_servers.get("/v1/monitoring").json()
    for group in GROUPS:
        expect(page.locator(f"[data-group={group}] h2 .num")).to_have_text(str(len(board["agents"][group])))
    pause(on_servers, WAITING)
    expect(page.locator(f"[data-group=paused] [data-agent='{WAITING}']")).to_be_attached()


def test_a_call_of_a_deployment_is_told_event_by_event_with_its_proof(on_servers: Console, page: Page) -> None:
    page.goto(f"{on_servers.url}/interacoes?status=answered")
    page.locator("a[href*='/interacoes/']").first.click()
    page.wait_for_url(re.compile(r"/interacoes/[0-9a-f-]{36}"))
    expect(page.locator("[data-verdict=intact]")).to_be_visible()
    events = on_servers.get(f"/v1/interactions/{page.url.rpartition('/')[2].partition('?')[0]}/history").json()["items"]
    assert len(events) > 2
    expect(page.locator("main ol > li")).to_have_count(len(events))


def test_a_queue_log_that_is_dropped_on_a_deployment_is_in_its_figures(on_servers: Console, page: Page) -> None:
    page.goto(f"{on_servers.url}/comecar")
    row = choose(page, "queue_log.1", LOG.read_bytes())
    expect(row).to_have_attribute("data-import", "done", timeout=DONE_MS)
    expect(row).to_contain_text(re.compile(r"[1-9]\d* chamadas novas"))
    row.get_by_role("link", name="Ver no Inbound").click()
    page.wait_for_url(re.compile(r"/inbound\?de=[\d-]+&ate=[\d-]+"))
    expect(page.locator("[data-figure=offered] [data-value]")).to_have_text(re.compile(r"^[1-9]"))
    first = on_servers.get("/v1/imports").json()["items"][0]
    assert on_servers.get(f"/v1/dashboards/inbound?from={quote(first['first_at'])}").json()["totals"]["offered"] > 0
