"""The console before ten million visits: how soon a supervisor who signs in sees figures, and how fresh open dashboards stay."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from bench.console_pages import OFFERED, built, shown_ms
from bench.http_commands import server
from bench.inbound_dashboard import SPAN_MS, fill_visits
from bench.measure import absolute
from bench.watch import EMAIL, PASSWORD, set_up, waits_of, watch_events
from bootstrap import Embedded
from services.chromium import FLAGS, chromium
from settings import Settings

VISITS, QUICK_VISITS = 10_000_000, 1_000_000
"""Of a hundred companies. The company that is watched has 3 % of them, 400 queues and 3,000 agents."""

ROUNDS, QUICK_ROUNDS = 10, 3
SECONDS, QUICK_SECONDS = 40, 15
DASHBOARDS = 30
EVENTS_A_SECOND = 100
FIGURES_MS, FRESH_S = 2_000, 3
_INBOUND = "/v1/dashboards/inbound"


def console_of_ten_million(quick: bool) -> dict[str, Any]:
    """Milliseconds from the login click to Inbound's figures with an empty cache, and seconds from an event to 30 open dashboards at 100 events a second."""
    visits = QUICK_VISITS if quick else VISITS
    with _served(visits) as (address, filled_s):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            signed_in = [_figures_ms(browser, address) for _ in range(QUICK_ROUNDS if quick else ROUNDS)]
            browser.close()
        token = httpx.post(f"{address}/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}, timeout=60).json()["access_token"]
        seconds = QUICK_SECONDS if quick else SECONDS
        return {
            "visits": visits,
            "filled_s": filled_s,
            "login_to_figures": absolute("ms", signed_in, aim=FIGURES_MS, more_is_better=False),
            "one_question": _freshness(address, token, [_INBOUND] * DASHBOARDS, seconds),
            "questions_of_their_own": _freshness(
                address, token, [f"{_INBOUND}?sla_ms={1_000 * (10 + one)}" for one in range(DASHBOARDS)], seconds
            ),
        }


def _figures_ms(browser: Browser, address: str) -> float:
    """How long after the click on *Entrar* the figures of Inbound stand, in a browser without a past."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/entrar?voltar=/inbound")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").wait_for()
    began = page.evaluate("performance.now()")
    page.locator("button[type=submit]").click()
    shown = shown_ms(page, OFFERED)
    context.close()
    return shown - float(began)


def _freshness(address: str, token: str, questions: Sequence[str], seconds: float) -> dict[str, Any]:
    """Seconds from an event's receipt until each dashboard covers it."""
    screens, sent, _ = asyncio.run(watch_events(address, token, questions, EVENTS_A_SECOND, seconds))
    # What a dashboard never covered has waited until now, or longer.
    now = time.perf_counter()
    covered = [wait for screen in screens for wait in waits_of(screen, sent)]
    lost = len(sent) * len(screens) - len(covered)
    waits = covered + [now - sent[-1][1]] * lost
    return {
        "p50_s": median(waits),
        "p99_s": absolute("s", [quantiles(waits, n=100)[98]], aim=FRESH_S, more_is_better=False),
        "longest_s": max(waits),
        "events_a_second": len(sent) / (sent[-1][1] - sent[0][1]),
        "never_covered": lost,
    }


@contextmanager
def _served(visits: int) -> Iterator[tuple[str, float]]:
    """The address of a large center with visits until now, and the seconds that it took to insert them."""
    built()
    with TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name, "center")
        center = Embedded(directory, Settings())
        set_up(center)
        head = center.store.head()
        center.cover(head, lambda *_: None)
        began = time.perf_counter()
        fill_visits(center.warehouse, visits, first_ms=center.bus.clock.now_us() // 1_000 - SPAN_MS, head=head)
        # While events come, figures are computed from the versions of the rows.
        center.warehouse.execute("INSERT INTO visits_versions SELECT * FROM visits")
        filled_s = time.perf_counter() - began
        center.close()
        with server("ours", directory) as (url, _):
            yield url.removesuffix("/v1/interactions"), filled_s
