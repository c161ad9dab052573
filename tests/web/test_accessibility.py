"""axe finds nothing serious on any page, in both themes, also with popups open."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.kit.compose import ROOT
from tests.web.conftest import PAGES, Console

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
POPUP = "[role=dialog]:visible, [role=menu]:visible"


def in_both_themes(page: Page, where: str) -> None:
    """Nothing serious is wrong with what is shown, light or dark."""
    page.evaluate(AXE.read_text())
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.locator(f"html[data-mantine-color-scheme={theme}]").wait_for()
        assert serious(page) == [], (where, theme)


def serious(page: Page) -> list[dict[str, Any]]:
    """What axe finds that keeps somebody from using the page."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        {"rule": one["id"], "where": [node["target"] for node in one["nodes"]][:4], "why": one["nodes"][0]["failureSummary"]}
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def test_nothing_serious_is_wrong_on_any_page_in_either_theme(console: Console) -> None:
    page = console.page()
    page.goto(f"{console.url}/entrar")
    page.get_by_role("heading", name="Entrar").wait_for()
    in_both_themes(page, "entrar")
    page = console.signed_in(path="/inbound")
    for path in PAGES:
        page.goto(f"{console.url}/{path}")
        page.locator("[data-as-of]").wait_for()
        in_both_themes(page, path)


def test_nothing_serious_is_wrong_while_popups_are_open(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    page.locator("[data-as-of]").wait_for()
    for name in ("Sobre SLA", "Serviço Todos", "Período Hoje", "Link", "CSV"):
        page.get_by_role("button", name=name, exact=True).click()
        page.locator(POPUP).first.wait_for()
        in_both_themes(page, name)
        page.keyboard.press("Escape")
        page.locator(POPUP).first.wait_for(state="hidden")


def test_nothing_serious_is_wrong_with_the_time_bar_now_and_in_the_past(console: Console) -> None:
    page = console.signed_in(path="/agentes")
    page.locator("[data-as-of]").wait_for()
    page.get_by_role("button", name="Viajar no tempo").click()
    slider = page.get_by_role("slider", name="Momento mostrado")
    in_both_themes(page, "the time bar")
    slider.press("PageDown")
    page.get_by_text("Você vê").wait_for()
    in_both_themes(page, "the past")
