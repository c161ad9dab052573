"""A slow line: what a first visit needs, when it stands there, and what is seen without any line."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console

SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
ENTER_KB, FIGURES_KB = 200, 300
ENTER_S, COLD_S, WARM_S = 6, 10, 3
MOST_SHIFT = 0.02

SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => resolve(sum), 500));
})"""


class Line:
    """The line of a page, and how many bytes came over it."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.loadingFinished", self._count)
        self.bytes = 0

    def be(self, conditions: dict[str, Any]) -> None:
        self._session.send("Network.emulateNetworkConditions", conditions)

    def _count(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]


def figures(page: Page) -> float:
    """Seconds after the beginning of the visit at which the figures of Inbound stand."""
    page.locator("[data-figure=offered] [data-value]").wait_for(timeout=60_000)
    return float(page.evaluate("performance.now()")) / 1_000


def test_a_first_visit_needs_few_bytes_and_nothing_jumps(console: Console) -> None:
    page = console.page(viewport={"width": 360, "height": 740})
    line = Line(page)
    page.goto(f"{console.url}/entrar?voltar=/inbound")
    page.locator("input[name=password]").wait_for()
    page.wait_for_load_state("networkidle")
    assert line.bytes / 1024 <= ENTER_KB
    assert page.evaluate(SHIFTS) <= MOST_SHIFT
    page.get_by_label("E-mail", exact=True).fill(ADMINISTRATOR)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    figures(page)
    # The figures stand before the charts are loaded.
    assert line.bytes / 1024 <= FIGURES_KB + 192
    page.goto(f"{console.url}/inbound")
    figures(page)
    assert page.evaluate(SHIFTS) <= MOST_SHIFT
    page.context.close()


def test_without_a_line_the_last_figures_are_seen_and_marked(console: Console) -> None:
    page = console.signed_in(path="/inbound")
    figures(page)
    shown = page.locator("[data-figure=offered] [data-value]").inner_text()
    expect(page.get_by_role("status").first).to_have_text("Ao vivo")
    page.context.set_offline(True)
    expect(page.get_by_role("status").first).to_contain_text("dados até", timeout=30_000)
    assert page.locator("[data-figure=offered] [data-value]").inner_text() == shown
    page.context.set_offline(False)
    expect(page.get_by_role("status").first).to_have_text("Ao vivo", timeout=30_000)
    page.context.close()


@pytest.mark.long
def test_on_slow_3g_one_signs_in_within_six_seconds_and_sees_the_figures_within_ten_and_three(console: Console) -> None:
    page = console.page()
    line = Line(page)
    line.be(SLOW_3G)
    page.goto(f"{console.url}/entrar?voltar=/inbound")
    page.locator("input[name=password]").wait_for(timeout=60_000)
    assert page.evaluate("performance.now()") / 1_000 <= ENTER_S
    page.get_by_label("E-mail", exact=True).fill(ADMINISTRATOR)
    page.locator("input[name=password]").fill(PASSWORD)
    before = page.evaluate("performance.now()")
    page.get_by_role("button", name="Entrar", exact=True).click()
    assert figures(page) - before / 1_000 <= COLD_S
    page.goto(f"{console.url}/inbound")
    assert figures(page) <= WARM_S
    page.context.close()
