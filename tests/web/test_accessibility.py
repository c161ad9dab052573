"""axe finds nothing serious on any page, in both themes, also with popups open."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.compose import ROOT
from tests.web.conftest import PAGES, Console
from tests.web.test_live import Killable, killable, open_board

__all__ = ["killable"]

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


def test_nothing_serious_is_wrong_where_one_signs_in(console: Console) -> None:
    page = console.page()
    page.goto(f"{console.url}/entrar")
    page.get_by_role("heading", name="Entrar").wait_for()
    in_both_themes(page, "entrar")
    page.context.close()


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


SIZES = {360: 740, 768: 1024, 1280: 720, 1920: 1080}
MORE_PAGES = (
    "paineis",
    "servicos",
    "usuarios",
    "empresa",
    "webhooks",
    "chaves",
    "canais/telefone",
    "comecar",
    "senha",
    "atender",
    "retornos",
)


@pytest.mark.parametrize("turn", [0, *(pytest.param(turn, marks=pytest.mark.long) for turn in (1, 2, 3))])
def test_nothing_serious_is_wrong_on_any_page_at_any_width(console: Console, turn: int) -> None:
    """One width a page; the long form has the others too."""
    page = console.signed_in(path="/inbound")
    for at, path in enumerate((*PAGES, *MORE_PAGES)):
        width, height = list(SIZES.items())[(at + turn) % len(SIZES)]
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{console.url}/{path}")
        page.locator("main h1").wait_for()
        page.locator("[aria-busy]").first.wait_for(state="detached")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        below = "document.documentElement.scrollHeight - document.querySelector('main').getBoundingClientRect().bottom - scrollY"
        assert page.evaluate(below) < 2, (path, width, "the page is longer than what it shows")
        in_both_themes(page, f"{path} {width}")
    page.context.close()


TOO_SMALL = """() => {
  const controls = 'main button:enabled, main input:not([type=checkbox]):enabled, main select:enabled, main textarea, main summary';
  const isHit = (one, x, y) => {
    const hit = document.elementFromPoint(x, y);
    return hit !== null && (one.contains(hit) || hit.contains(one));
  };
  return [...document.querySelectorAll(controls)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('[aria-hidden=true]'))
    .filter((one) => {
      one.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = one.getBoundingClientRect();
      const [middle, centre] = [x + width / 2, y + height / 2];
      return ![[-21, 0], [21, 0], [0, -21], [0, 21]].every(([by, up]) => isHit(one, middle + by, centre + up));
    })
    .map((one) => `${one.tagName} ${one.getAttribute('aria-label') || one.textContent || one.name}`);
}"""
"""The controls of a page that a finger misses: 44 pixels wide and high, or with so much space around them that is theirs."""


def test_every_control_of_a_phone_is_as_large_as_a_finger(console: Console) -> None:
    page = console.signed_in(path="/inbound", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for path in (*PAGES, *MORE_PAGES, "servicos/novo", "canais/telefone/novo"):
        page.goto(f"{console.url}/{path}")
        page.locator("main h1").wait_for()
        page.locator("[aria-busy]").first.wait_for(state="detached")
        assert page.evaluate(TOO_SMALL) == [], path
    page.context.close()


def test_nothing_serious_is_wrong_while_the_line_is_lost_and_what_was_known_stays(killable: Killable, browser: Browser) -> None:
    with open_board(Console(killable.url, browser)) as page:
        expect(page.locator("[data-group=available] h2 .num")).to_have_text("30")
        killable.kill()
        expect(page.get_by_role("status").first).to_contain_text("dados até")
        assert page.locator("[data-group=available] [data-agent]").count() > 5
        in_both_themes(page, "a lost line")


def test_nothing_serious_is_wrong_with_a_refusal(console: Console) -> None:
    page = console.signed_in(path="/interacoes/00000000-0000-4000-8000-000000000000")
    page.get_by_role("alert").wait_for()
    in_both_themes(page, "a refusal")
    page.context.close()


def test_forced_colours_and_a_zoom_of_two_hundred_percent_keep_everything(console: Console) -> None:
    page = console.signed_in(path="/inbound?periodo=7d", viewport={"width": 640, "height": 400})
    page.emulate_media(forced_colors="active")
    page.locator("[data-as-of]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert page.locator("[data-figure] [data-value]").count() >= 7
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert page.locator("[data-figure] p").evaluate_all(cut) == []
    assert page.locator("[data-figure=sla_percent] .num svg").is_visible()
    page.context.close()
