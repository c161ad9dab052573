"""What people do with the console, in a real browser before a real server."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.web.conftest import PAGES, REPORTER, USELESS, Console

MENU = "nav[aria-label=Menu]:visible"


def figures(page: Page) -> dict[str, str]:
    """The figures that a page shows, by their names."""
    page.locator("[data-figure=sla_percent]").first.wait_for()
    return page.locator("section[data-figure]").evaluate_all(
        "all => Object.fromEntries(all.map(one => [one.dataset.figure, one.querySelector('[data-value]').textContent]))"
    )


def first_of_seven_days() -> str:
    """The first date of the last seven days, in the company's time zone."""
    return str(datetime.now(ZoneInfo("America/Sao_Paulo")).date() - timedelta(days=6))


def percent(value: float) -> str:
    return f"{value:.2f}".replace(".", ",") + "\N{NO-BREAK SPACE}%"


def mean(ms: int) -> str:
    return f"{ms // 60_000:02}:{ms // 1000 % 60:02}"


def test_a_wrong_password_is_said_in_one_sentence_and_the_right_one_returns_to_the_page_that_was_wanted(console: Console) -> None:
    page = console.page()
    page.goto(f"{console.url}/inbound?servico=Vendas")
    page.wait_for_url(re.compile(r"/entrar\?voltar="))
    page.get_by_label("E-mail", exact=True).fill("ninguem@empresa.example")
    page.locator("input[name=password]").fill("Errada#1a")
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("E-mail, senha ou empresa não conferem.")
    page = console.signed_in(path="/inbound?servico=Vendas")
    assert urlsplit(page.url).path == "/inbound"
    assert parse_qs(urlsplit(page.url).query) == {"servico": ["Vendas"]}


def test_another_site_is_never_returned_to(console: Console) -> None:
    page = console.signed_in(path="//evil.example/")
    assert page.url.startswith(console.url)


def test_the_figures_of_inbound_are_those_of_json_and_of_csv_at_the_position_of_the_page(console: Console) -> None:
    page = console.signed_in(path="/inbound?periodo=7d")
    shown = figures(page)
    position = page.locator("[data-as-of]").get_attribute("data-as-of")
    start = first_of_seven_days()
    totals = console.get(f"/v1/dashboards/inbound?from={start}&as_of={position}").json()["totals"]
    assert totals["offered"] > 50
    assert shown["sla_percent"] == percent(totals["sla_percent"])
    assert (shown["aht_ms"], shown["asa_ms"]) == (mean(totals["aht_ms"]), mean(totals["asa_ms"]))
    for name in ("offered", "answered", "abandoned", "timed_out"):
        assert shown[name] == f"{totals[name]:,}".replace(",", ".")
    page.get_by_role("button", name="CSV").click()
    with page.expect_download() as file:
        page.get_by_role("menuitem", name="Por serviço").click()
    assert file.value.suggested_filename == f"inbound_servicos_{start}_posicao-{position}.csv"
    rows = list(csv.DictReader(io.StringIO(file.value.path().read_text(encoding="utf-8-sig")), delimiter=";"))
    for row in rows:
        cells = page.locator(f"tr[data-key='{row['SERVIÇO'] if 'SERVIÇO' in row else next(iter(row.values()))}'] td")
        values = set(row.values())
        assert cells.nth(0).inner_text() in values
        assert cells.locator("strong").inner_text().replace("\N{NO-BREAK SPACE}%", "") in values


def test_a_fixed_link_shows_the_same_figures_in_a_fresh_browser(console: Console) -> None:
    page = console.signed_in(path="/inbound?periodo=7d")
    before = figures(page)
    # The page is not in a secure context for a browser that has no clipboard: the address is there to be copied.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Link").click()
    page.get_by_role("menuitem", name=re.compile("Copiar link fixo")).click()
    link = page.get_by_role("textbox", name="Link").input_value()
    query = parse_qs(urlsplit(link).query)
    assert set(query) == {"de", "ate", "em", "fuso"}
    other = console.signed_in(path=link.removeprefix(console.url), color_scheme="dark")
    assert figures(other) == before
    expect(other.get_by_role("status").first).to_contain_text(f"posição {int(query['em'][0]):,}".replace(",", "."))


def test_a_filter_is_a_step_of_the_history_and_narrows_every_figure(console: Console) -> None:
    page = console.signed_in(path="/inbound?periodo=7d")
    whole = figures(page)
    page.get_by_role("button", name=re.compile("^Serviço")).click()
    page.get_by_role("combobox").press_sequentially("VENDAS")
    page.get_by_role("combobox").press("Enter")
    page.get_by_role("combobox").press("Escape")
    page.wait_for_url(re.compile("servico=Vendas"))
    expect(page.locator("[data-figure=offered] [data-value]")).not_to_have_text(whole["offered"])
    assert page.locator("tbody tr[data-key]").evaluate_all("all => all.map(one => one.dataset.key)") == ["Vendas"]
    page.go_back()
    expect(page.locator("[data-figure=offered] [data-value]")).to_have_text(whole["offered"])


def test_an_invalid_filter_is_named_and_ignored(console: Console) -> None:
    page = console.signed_in(path="/inbound?visao=ano")
    expect(page.get_by_text("Valor inválido no endereço, ignorado: visao")).to_be_visible()
    assert figures(page)


def test_a_queue_that_does_not_exist_is_struck_through_among_the_filters_and_removed_by_one_key(console: Console) -> None:
    page = console.signed_in(path="/inbound?servico=Nada")
    chip = page.locator("li [data-gone]")
    expect(chip).to_contain_text("não existe mais")
    chip.press("Enter")
    page.wait_for_url(lambda url: "servico" not in url)
    expect(page.locator("[data-gone]")).to_have_count(0)
    page.context.close()


def test_a_chart_is_there_as_a_table_with_the_same_numbers(console: Console) -> None:
    page = console.signed_in(path="/inbound?periodo=7d")
    figures(page)
    panel = page.get_by_role("region", name="Recebidas Vs Atendidas", exact=True)
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"Recebidas: \d+ a \d+"))
    panel.get_by_role("button", name="Ver como tabela").click()
    shown = panel.locator("td[data-column='Recebidas']").all_inner_texts()
    position = page.locator("[data-as-of]").get_attribute("data-as-of")
    start = first_of_seven_days()
    series = console.get(f"/v1/dashboards/inbound?from={start}&as_of={position}").json()["series"]
    # Only the rows in sight are in the document.
    assert shown == [str(row["offered"]) for row in series][: len(shown)]
    assert len(shown) > 5


def test_the_board_has_the_groups_of_the_monitoring_in_its_order(console: Console) -> None:
    page = console.signed_in(path="/agentes")
    page.locator("[data-agent]").first.wait_for()
    board = console.get("/v1/monitoring").json()
    for group, agents in board["agents"].items():
        shown = page.locator(f"[data-group={group}] [data-agent]").evaluate_all("all => all.map(one => one.dataset.agent)")
        assert shown == [agent["agent"] for agent in agents][: len(shown)]
        assert len(shown) >= min(len(agents), 6)
        assert page.locator(f"[data-group={group}] h2 .num").inner_text() == str(len(agents))
        since = page.locator(f"[data-group={group}] [data-since]").evaluate_all("all => all.map(one => one.dataset.since)")
        assert since == [agent["since"] for agent in agents if agent["since"]][: len(since)]


def test_who_has_no_permission_sees_no_entry_and_asks_nothing(console: Console) -> None:
    page = console.page()
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 403 else None)
    page.goto(f"{console.url}/entrar")
    page.get_by_label("E-mail", exact=True).fill(USELESS)
    page.locator("input[name=password]").fill("Seja#Bem1")
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.get_by_role("heading", name="Nenhuma página para você, ainda")).to_be_visible()
    assert page.locator(MENU).get_by_role("link").count() == 0
    page.goto(f"{console.url}/inbound")
    expect(page.get_by_role("heading", name="Falta a permissão gerenciar-relatorio")).to_be_visible()
    assert refused == []


def test_who_sees_reports_alone_is_not_led_to_the_board(console: Console) -> None:
    page = console.signed_in(REPORTER)
    page.wait_for_url(re.compile("/inbound"))
    assert "Agentes" not in page.locator(MENU).get_by_role("link").all_inner_texts()
    assert page.locator("main a[href^='/agentes']").count() == 0


def test_a_reload_keeps_the_session_and_leaving_ends_it_in_every_tab(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    figures(page)
    page.reload()
    figures(page)
    assert page.evaluate("[JSON.stringify(localStorage), document.cookie].join()").count("ey") == 0
    other = page.context.new_page()
    other.goto(f"{console.url}/agentes")
    other.locator("main h1").wait_for()
    page.get_by_role("button", name=re.compile("Usuário e preferências")).click()
    page.get_by_role("menuitem", name="Sair").click()
    page.wait_for_url(re.compile("/entrar"))
    other.reload()
    other.wait_for_url(re.compile("/entrar"))


def test_many_tabs_renew_a_session_once(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    figures(page)
    renewals: list[str] = []
    page.context.on("request", lambda request: renewals.append(request.url) if request.url.endswith("/refresh") else None)
    tabs = [page.context.new_page() for _ in range(4)]
    for tab in tabs:
        tab.goto(f"{console.url}/inbound")
    for tab in tabs:
        figures(tab)
    assert len(renewals) <= 1


def test_english_is_there_beside_portuguese(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    page.get_by_role("button", name=re.compile("Usuário e preferências")).click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name=re.compile("^Queue"))).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_no_page_is_scrolled_sideways_at_any_width(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    for path in PAGES:
        page.goto(f"{console.url}/{path}")
        page.locator("[data-as-of]").wait_for()
        for width in (360, 768, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            # Charts take the new width a frame after the page.
            page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_page_that_cannot_be_drawn_says_so_beside_the_menu_and_is_drawn_again(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    page.route("**/v1/ivrs?**", lambda route: route.fulfill(json={"items": [None], "has_more": False, "total": 1}))
    page.goto(f"{console.url}/canais/telefone")
    expect(page.get_by_role("heading", level=1, name="Esta página falhou")).to_be_visible()
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.context.close()
