"""A slow line: what a first visit needs. How long it takes is measured in bench/."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console

ENTER_KB, INBOUND_KB = 200, 500
ENTER_REQUESTS = 24
"""Each one costs a slow line as much time as twenty kilobytes."""
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
    assert page.evaluate("performance.getEntriesByType('resource').length") <= ENTER_REQUESTS
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
