"""The console without a mouse: keys, the palette, and where the focus is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Console
from tests.web.test_accessibility import in_both_themes
from tests.web.test_live import pause


@pytest.fixture(scope="module")
def tab(console: Console) -> Iterator[Page]:
    page = console.signed_in(path="/inbound?periodo=7d")
    yield page
    page.context.close()


@pytest.fixture(autouse=True)
def _on_inbound(console: Console, tab: Page) -> None:
    tab.goto(f"{console.url}/inbound?periodo=7d")
    tab.locator("[data-as-of]").wait_for()


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def test_g_and_a_letter_lead_to_a_page_whose_title_has_the_focus(tab: Page) -> None:
    keys(tab, "g", "r")
    tab.wait_for_url(re.compile("/interacoes$"))
    expect(tab.get_by_role("heading", level=1, name="Rastreio de Interações")).to_be_focused()


def test_views_and_periods_have_keys_and_typing_is_left_alone(tab: Page) -> None:
    keys(tab, "d")
    tab.wait_for_url(re.compile("visao=dia"))
    keys(tab, "[")
    tab.wait_for_url(re.compile("de=.*ate="))
    keys(tab, "/")
    expect(tab.locator("main search button").first).to_be_focused()
    tab.get_by_role("button", name=re.compile("^Serviço")).press("Enter")
    tab.get_by_role("combobox").press_sequentially("ms")
    expect(tab.get_by_role("combobox")).to_have_value("ms")
    assert "visao=dia" in tab.url
    keys(tab, "Escape")
    expect(tab.get_by_role("button", name=re.compile("^Serviço"))).to_be_focused()


def test_rows_are_walked_and_opened(tab: Page) -> None:
    keys(tab, "g", "r")
    tab.get_by_role("region", name="Rastreio de Interações").first.wait_for()
    tab.locator("tbody tr[data-key]").first.wait_for()
    keys(tab, "j", "j")
    second = tab.locator("tbody tr[data-key]").nth(1)
    expect(second).to_be_focused()
    key = second.get_attribute("data-key")
    keys(tab, "Enter")
    tab.wait_for_url(re.compile(f"/interacoes/{key}"))


def test_the_palette_finds_a_page_a_queue_without_its_accents_and_a_call(tab: Page) -> None:
    keys(tab, "Control+k")
    search = tab.get_by_role("searchbox").or_(tab.get_by_placeholder("Página, serviço, agente ou protocolo"))
    search.fill("cobranca")
    in_both_themes(tab, "palette")
    keys(tab, "Enter")
    tab.wait_for_url(re.compile("/inbound.*servico=Cobran"))
    keys(tab, "g", "r")
    tab.get_by_role("region", name="Rastreio de Interações").first.wait_for()
    number = tab.locator("td[data-column=protocol]").first.inner_text()
    keys(tab, "Control+k")
    search.fill(number)
    tab.get_by_role("button", name=f"#{number}", exact=True).wait_for()
    keys(tab, "Enter")
    tab.wait_for_url(re.compile("/interacoes/[0-9a-f-]{36}"))
    expect(tab.get_by_role("heading", level=1)).to_have_text(f"#{number}")


def test_keys_are_listed_and_can_be_switched_off(tab: Page) -> None:
    keys(tab, "?")
    expect(tab.get_by_role("dialog", name="Atalhos")).to_contain_text("Baixar CSV")
    keys(tab, "Escape")
    expect(tab.get_by_role("dialog", name="Atalhos")).to_be_hidden()
    tab.get_by_role("button", name=re.compile("Usuário e preferências")).press("Enter")
    tab.get_by_role("button", name="Desligados").click()
    keys(tab, "Escape")
    expect(tab.get_by_role("menu")).to_be_hidden()
    keys(tab, "d")
    expect(tab.get_by_role("button", name="Dia", exact=True)).to_have_attribute("aria-pressed", "false")
    assert "visao" not in tab.url
    tab.evaluate("localStorage.removeItem('atende-keys')")


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(tab: Page) -> None:
    keys(tab, "Tab")
    expect(tab.get_by_role("link", name="Ir para o conteúdo")).to_be_focused()
    keys(tab, "Enter")
    expect(tab.locator("#content")).to_be_focused()


def test_a_chart_is_read_and_its_series_are_chosen_by_keys(tab: Page) -> None:
    chart = tab.get_by_role("region", name="Chamadas e SLA")
    legend = chart.get_by_role("button", name="SLA", exact=True)
    legend.focus()
    keys(tab, "Enter")
    expect(legend).to_have_attribute("aria-pressed", "false")
    keys(tab, " ")
    expect(legend).to_have_attribute("aria-pressed", "true")
    chart.get_by_role("button", name="Ver como tabela").focus()
    keys(tab, "Enter")
    expect(chart.get_by_role("table")).to_be_visible()
    expect(chart.get_by_role("button", name="Ver como gráfico")).to_be_focused()


def test_a_period_is_chosen_by_keys_and_the_focus_comes_back(tab: Page) -> None:
    opener = tab.get_by_role("button", name=re.compile("^Período (?!anterior|seguinte)"))
    opener.focus()
    keys(tab, "Enter")
    dialog = tab.get_by_role("dialog", name="Período")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Ontem").focus()
    keys(tab, "Enter")
    tab.wait_for_url(re.compile("periodo=ontem"))
    expect(opener).to_be_focused()
    keys(tab, "Enter")
    expect(dialog).to_be_visible()
    keys(tab, "Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("control", ["Período", "Serviço"])
def test_escape_closes_a_control_whose_dialog_has_not_taken_the_focus_yet(tab: Page, control: str) -> None:
    opener = tab.get_by_role("button", name=re.compile(f"^{control}(?! anterior| seguinte)"))
    dialog = tab.get_by_role("dialog", name=control)
    opener.press("Enter")
    expect(dialog).to_be_visible()
    opener.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_queue_is_chosen_by_typing_and_enter_and_its_chip_is_removed_by_keys(tab: Page) -> None:
    tab.get_by_role("button", name=re.compile("^Serviço")).focus()
    keys(tab, "Enter")
    tab.get_by_role("combobox").press_sequentially("cobr")
    keys(tab, "ArrowDown", "Enter")
    tab.wait_for_url(re.compile("servico=Cobran"))
    keys(tab, "Escape")
    chip = tab.get_by_role("button", name=re.compile("Cobrança")).filter(has_text="Cobrança").last
    chip.focus()
    keys(tab, "Enter")
    tab.wait_for_url(lambda url: "servico=" not in url)


def test_the_focus_stays_where_it_is_while_the_board_moves(console: Console, tab: Page) -> None:
    tab.goto(f"{console.url}/agentes")
    tab.locator("[data-agent]").first.wait_for()
    scroller = tab.locator("[data-group=available] [tabindex='0']")
    scroller.focus()
    position = tab.locator("[data-as-of]").get_attribute("data-as-of")
    agent = tab.locator("[data-group=available] [data-agent]").first.get_attribute("data-agent")
    assert agent is not None
    pause(console, agent)
    tab.wait_for_function("before => document.querySelector('[data-as-of]').dataset.asOf !== before", arg=position)
    expect(scroller).to_be_focused()
