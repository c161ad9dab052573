"""Every figure explains itself: what it means, how it was calculated here, and from what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Console


@pytest.fixture(scope="module")
def page(console: Console) -> Iterator[Page]:
    """A tab in which an administrator is signed in, for all stories here."""
    page = console.signed_in(path="/inbound")
    yield page
    page.context.close()


def test_the_key_d_opens_the_definition_with_this_pages_numerator_and_denominator(console: Console, page: Page) -> None:
    today = datetime.now(ZoneInfo("America/Sao_Paulo")).date()
    # Soon after midnight today has hardly any calls.
    since = today - timedelta(days=1)
    page.goto(f"{console.url}/inbound")
    page.locator("[data-as-of]").wait_for()
    position = page.locator("[data-as-of]").get_attribute("data-as-of")
    page.goto(f"{console.url}/inbound?de={since}&ate={today}&em={position}")
    figure = page.locator("[data-figure=sla_percent]")
    figure.get_by_role("button").focus()
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog", name="SLA")
    expect(dialog).to_be_visible()
    period = f"from={since}&to={today + timedelta(days=1)}"
    totals = console.get(f"/v1/dashboards/inbound?{period}&as_of={position}").json()["totals"]
    numerator, denominator = totals["terms"]["sla_percent"]
    assert 0 < numerator < denominator
    numbers = f"100 \N{MULTIPLICATION SIGN} {numerator:,} ÷ {denominator:,}".replace(",", ".")
    assert numbers in dialog.locator("code").inner_text()
    assert "Atendidas NS ÷ Recebidas" in dialog.locator("code").inner_text()
    assert f"{int(position or 0):,}".replace(",", ".") in dialog.inner_text()
    assert "America/Sao_Paulo" in dialog.inner_text()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_printed_page_has_filters_and_lineage_on_each_sheet_and_tables_for_charts(console: Console, page: Page) -> None:
    queue = console.get("/v1/queues").json()["items"][0]["name"]
    page.goto(f"{console.url}/inbound?servico={quote(queue)}")
    page.locator("[data-as-of]").wait_for()
    page.emulate_media(media="print")
    foot = page.locator("p", has_text="impresso em")
    position = page.locator("[data-as-of]").get_attribute("data-as-of")
    expect(foot).to_contain_text(queue)
    expect(foot).to_contain_text(f"Posição {int(position or 0):,}".replace(",", "."))
    # Such a foot is repeated on each sheet, and no line is below it.
    assert foot.evaluate("one => [getComputedStyle(one).display, getComputedStyle(one).breakInside]") == ["table-footer-group", "avoid"]
    assert foot.evaluate("one => getComputedStyle(one.parentElement).display") == "table"
    assert page.locator("canvas:visible").count() == 0
    expect(page.locator("table")).to_have_count(3)
    page.emulate_media(media="screen")
    expect(page.locator("canvas").first).to_be_visible()


@pytest.mark.parametrize("path", ["outbound", "ivr", "relatorio-agentes", "interacoes", "sla"])
def test_every_page_of_figures_is_printed_with_its_lineage(console: Console, page: Page, path: str) -> None:
    page.emulate_media(media="screen")
    page.goto(f"{console.url}/{path}?periodo=7d")
    page.locator("[data-as-of]").wait_for()
    page.emulate_media(media="print")
    expect(page.locator("[data-print-foot]")).to_contain_text("America/Sao_Paulo")
    page.emulate_media(media="screen")


def test_a_figure_is_compared_with_the_period_before_to_the_last_digit(console: Console, page: Page) -> None:
    today = console.get("/v1/dashboards/inbound").json()["period"]["from"][:10]
    before = (date.fromisoformat(today) - timedelta(days=1)).isoformat()
    page.goto(f"{console.url}/inbound?de={today}&ate={today}&em={console.get('/v1/dashboards/inbound').json()['as_of']}")
    offered = page.locator("[data-figure=offered]")
    compared = offered.locator("[data-before]")
    expect(compared).to_contain_text("anterior")
    assert (compared.get_attribute("title") or "").startswith(f"{before[8:]}/{before[5:7]}/{before[:4]}")
    shown = int(offered.locator("[data-value]").get_attribute("data-value") or 0)
    difference = shown - int(compared.get_attribute("data-before") or 0)
    assert compared.inner_text().startswith(f"{difference:+,}".replace(",", ".") if difference else "0")


def test_d_is_the_definition_of_the_figure_in_focus_and_else_the_view_by_day(console: Console, page: Page) -> None:
    page.goto(f"{console.url}/inbound?periodo=7d&visao=hora")
    page.locator("[data-as-of]").wait_for()
    page.get_by_role("button", name="Sobre SLA", exact=True).focus()
    page.keyboard.press("d")
    expect(page.get_by_role("dialog", name="SLA")).to_be_visible()
    assert "visao=hora" in page.url
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sobre SLA", exact=True)).to_be_focused()
    page.locator("main h1").focus()
    page.keyboard.press("d")
    page.wait_for_url(re.compile("visao=dia"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Atalhos")).to_contain_text("Definição do valor em foco")
    page.keyboard.press("Escape")


def test_the_parts_of_the_dialled_add_up_and_the_connected_are_told_apart(console: Console, page: Page) -> None:
    page.goto(f"{console.url}/outbound?periodo=7d&em={console.get('/v1/dashboards/outbound').json()['as_of']}")
    shown = page.get_by_role("region", name="O que houve com as discadas")
    dialled = page.locator("[data-figure=dialled] [data-value]").get_attribute("data-value")
    numbers = shown.locator("li [data-figure]").evaluate_all("all => all.map(one => Number(one.innerText.replaceAll('.', '')))")
    assert sum(numbers) == int(dialled or 0) > 0
    expect(shown).to_contain_text("não se somam")
