"""A slow line: what a first visit needs, and when it stands there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console

SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
ENTER_KB, INBOUND_KB = 200, 500
ENTER_S, COLD_S, WARM_S = 6, 10, 3
MOST_SHIFT = 0.02

SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => resolve(sum), 500));
})"""


def kilobytes(page: Page) -> float:
    """What came over the line since the page was opened."""
    return float(page.evaluate("performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)")) / 1024


def figures(page: Page) -> float:
    """Seconds after the beginning of the visit at which the figures of Inbound stand."""
    page.locator("[data-figure=offered] [data-value]").wait_for(timeout=60_000)
    return float(page.evaluate("performance.now()")) / 1_000


def test_a_first_visit_needs_few_bytes_and_nothing_jumps(console: Console) -> None:
    page = console.page(viewport={"width": 360, "height": 740})
    page.goto(f"{console.url}/entrar?voltar=/inbound")
    page.locator("input[name=password]").wait_for()
    page.wait_for_load_state("load")
    assert kilobytes(page) <= ENTER_KB
    assert page.evaluate(SHIFTS) <= MOST_SHIFT
    page.get_by_label("E-mail", exact=True).fill(ADMINISTRATOR)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    figures(page)
    cold = console.page(viewport={"width": 360, "height": 740}, storage_state=page.context.storage_state())
    page.context.close()
    cold.goto(f"{console.url}/inbound")
    figures(cold)
    cold.locator("canvas").first.wait_for()
    assert cold.evaluate(SHIFTS) <= MOST_SHIFT
    assert kilobytes(cold) <= INBOUND_KB
    cold.context.close()


@pytest.mark.long
def test_on_slow_3g_one_signs_in_within_six_seconds_and_sees_the_figures_within_ten_and_three(console: Console) -> None:
    page = console.page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
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
