"""The console in a browser: bytes that its pages need, and when their figures stand, each beside its limit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.http_commands import server
from bench.measure import absolute
from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from domain.base import SECOND
from services.chromium import FLAGS, chromium
from settings import Settings
from simulator.center import sleepless_center
from simulator.story import Story

EMAIL, PASSWORD = "ana@empresa.example", "Seja#Bem1"
HOURS = 4
PAGES = ("inbound", "outbound", "ivr", "agentes", "interacoes", "relatorio-agentes", "sla", "servicos", "usuarios")
ROUNDS, QUICK_ROUNDS = 5, 2
ENTER_KB, INBOUND_KB, OTHER_KB = 200, 500, 560
COLD_MS, WARM_MS, SHIFT = 1_500, 800, 0.02
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
SLOW_ENTER_S, SLOW_COLD_S, SLOW_WARM_S = 6, 10, 3
_SLOWEST_MS = 60_000
OFFERED = "[data-figure=offered] [data-value]"
_STANDS = "main :is([data-as-of], [data-agent], table)"
_BUILD = Path(__file__).resolve().parents[1] / "web" / "build.py"

# Sums up what jumped without somebody's doing, as browsers define CLS.
_SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => resolve(sum), 500));
})"""
_BYTES = "() => performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)"
# A page that is watched is never idle: its stream stays open. It has loaded when nothing has come for a second.
_LOADED = "() => performance.getEntriesByType('resource').every((one) => performance.now() - one.responseEnd > 1000)"
_SHOWN = "(stands) => [...document.querySelectorAll(stands)].some((one) => one.checkVisibility()) && performance.now()"


def console_pages(quick: bool) -> dict[str, Any]:
    """Kilobytes of the first visit of a page, milliseconds to its figures with an empty and with a filled cache, and how far its layout jumps."""
    with _served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        entered = browser.new_context().new_page()
        entered.goto(f"{url}/entrar")
        entered.locator("input[name=password]").wait_for()
        figures: dict[str, Any] = {"enter": absolute("KB", [_kilobytes(entered)], ENTER_KB, more_is_better=False)}
        session = _sign_in(entered, url)
        for page in PAGES:
            cold, warm, bytes_, shifts = [], [], [], []
            for _ in range(QUICK_ROUNDS if quick else ROUNDS):
                context = browser.new_context(storage_state=session)
                first = context.new_page()
                first.goto(f"{url}/{page}")
                cold.append(shown_ms(first, _STANDS))
                shifts.append(first.evaluate(_SHIFTS))
                bytes_.append(_kilobytes(first))
                again = context.new_page()
                again.goto(f"{url}/{page}")
                warm.append(shown_ms(again, _STANDS))
                session = context.storage_state()
                context.close()
            figures[page] = {
                "bytes": absolute("KB", bytes_, INBOUND_KB if page == "inbound" else OTHER_KB, more_is_better=False),
                "cold": absolute("ms", cold, COLD_MS, more_is_better=False),
                "warm": absolute("ms", warm, WARM_MS, more_is_better=False),
                "layout_shift": absolute("CLS", shifts, SHIFT, more_is_better=False),
            }
        figures["slow_3g"] = _slow(browser, url)
        browser.close()
    return figures


def _slow(browser: Browser, url: str) -> dict[str, Any]:
    """Seconds on a slow line until the form to sign in can be used, from the click to Inbound's figures, and to them with a filled cache."""
    page = browser.new_context().new_page()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto(f"{url}/entrar?voltar=/inbound")
    entered = shown_ms(page, "input[name=password]")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    clicked = page.evaluate("performance.now()")
    page.locator("button[type=submit]").click()
    cold = shown_ms(page, OFFERED) - clicked
    page.goto(f"{url}/inbound")
    warm = shown_ms(page, OFFERED)
    page.context.close()
    return {
        "enter": absolute("s", [entered / 1_000], SLOW_ENTER_S, more_is_better=False),
        "cold": absolute("s", [cold / 1_000], SLOW_COLD_S, more_is_better=False),
        "warm": absolute("s", [warm / 1_000], SLOW_WARM_S, more_is_better=False),
    }


def built() -> None:
    """Build the console, if it is not current."""
    subprocess.run([sys.executable, _BUILD], check=True, stdout=sys.stderr)


def shown_ms(page: Page, stands: str) -> float:
    """When what the selector finds has come, milliseconds after the page was asked for: the page looks at each frame, others would look some times a second."""
    found = page.wait_for_function(_SHOWN, arg=stands, timeout=_SLOWEST_MS)
    return float(found.json_value())


def _kilobytes(page: Page) -> float:
    page.wait_for_function(_LOADED)
    return float(page.evaluate(_BYTES)) / 1024


def _sign_in(page: Page, url: str) -> Any:
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda address: address != f"{url}/entrar")
    page.locator("nav").first.wait_for()
    return page.context.storage_state()


@contextmanager
def _served() -> Iterator[str]:
    """The address of a center with some hours behind it, and the built console."""
    built()
    with TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        with open_center(data, Settings()) as center:
            company = known_or_new(center, "Empresa")
            now = center.bus.clock.now_us()
            story = Story(center.bus, company.id, sleepless_center(0.5), seed=4, start_us=now - HOURS * 3600 * SECOND)
            story.set_up()
            story.tell_until(now)
            token = center.bus.execute(AppointAdministrator(email=EMAIL), caller(company)).result["token"]
            center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), caller(company))
            center.cover(center.store.head(), lambda *_: None)
        with server("ours", data) as (url, _):
            yield url.removesuffix("/v1/interactions")
