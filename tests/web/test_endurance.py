"""Pages that stay open for hours: they do not grow, outlive their server, and a wall never asks anybody to sign in. Short forms; the long ones are `long`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.waiting import within
from tests.web.conftest import Console
from tests.web.test_live import (
    BOARD_SHOWN,
    GROUPS,
    LIVE,
    MINUTE,
    Killable,
    Moving,
    caught_up,
    killable,
    moving_center,
    open_board,
    pause,
)
from tests.web.test_wall import TILE, Administrator, Center, center, value

__all__ = ["center", "killable"]

INBOUND = "/inbound?periodo=7d"
"""Today would begin anew at midnight."""
STEP = 4 * MINUTE
MOST_GROWTH_MB = 5
SHORT, LONG = 10, 8 * 60 // 4
"""Steps of four minutes: forty minutes, and eight hours."""
OUTAGES_S = (1,) * 14 + (10,) * 4 + (60, 600)
"""How long a killed server is away, again and again."""

HOURS = (pytest.mark.long, pytest.mark.timeout(3_600))
"""Marks of a form that may take longer than tests are given."""


@dataclass(frozen=True)
class Size:
    """What a tab needs after everything that can be collected was."""

    heap_mb: float
    nodes: int
    listeners: int


def size_of(page: Page) -> Size:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    listeners = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}["JSEventListeners"]
    session.detach()
    return Size(heap, page.evaluate("document.querySelectorAll('*').length"), int(listeners))


def settled(tab: Page, path: str, position: int) -> None:
    """Wait until a tab shows everything up to a position, and loads nothing any more."""
    if path != "/mural":  # it names no position
        caught_up(tab, position)
    expect(tab.locator("[aria-busy]")).to_have_count(0)


@pytest.fixture
def moving(tmp_path: Path, built: None, browser: Browser, steps: int) -> Iterator[Moving]:
    with moving_center(tmp_path / "data", browser, minutes=90 + 4 * steps) as moving:
        yield moving


@pytest.mark.parametrize("steps", [SHORT, pytest.param(LONG, marks=HOURS)])
def test_hours_of_changes_make_no_page_larger(moving: Moving, steps: int) -> None:
    board = moving.console.signed_in(path="/agentes")
    tabs = {"/agentes": board}
    for path in (INBOUND, "/mural"):
        tabs[path] = board.context.new_page()
        tabs[path].goto(f"{moving.console.url}{path}")
    board.locator("[data-agent]").first.wait_for()
    tabs[INBOUND].locator("[data-figure=offered]").wait_for()
    tabs["/mural"].locator(TILE).first.wait_for()
    tabs[INBOUND].locator("canvas").first.wait_for()
    moving.go_on(3 * STEP)
    for path, tab in tabs.items():
        settled(tab, path, moving.center.store.head())
    before = {path: size_of(tab) for path, tab in tabs.items()}
    for _ in range(steps):
        moving.go_on(STEP)
        caught_up(board, moving.center.store.head())
    for path, tab in tabs.items():
        settled(tab, path, moving.center.store.head())
    # Rows that have come and gone leave nothing behind; how many there are differs from one moment to the next.
    for path, tab in tabs.items():
        after = size_of(tab)
        assert after.heap_mb - before[path].heap_mb < MOST_GROWTH_MB, path
        assert abs(after.nodes - before[path].nodes) <= max(150, before[path].nodes * 0.05), path
        assert after.listeners <= before[path].listeners + 20, path
    board.context.close()


@pytest.mark.parametrize(("renewals", "restarts"), [(5, 1), pytest.param(80, 2, marks=HOURS)])
def test_a_wall_stays_through_renewals_that_lose_their_answer_and_restarts(
    center: Center, monkeypatch: pytest.MonkeyPatch, renewals: int, restarts: int
) -> None:
    ana = Administrator(center.url)
    screen = ana.post("/v1/screens", {"name": "Sala 9"})
    monkeypatch.setattr("api.access_tokens.ACCESS_S", 2)
    page = center.console.page(viewport={"width": 1280, "height": 720})
    page.goto(f"{center.url}/mural#{screen['result']['token']}")
    page.locator(TILE).first.wait_for()
    been: list[str] = []
    page.on("framenavigated", lambda frame: been.append(frame.url))
    ana.post("/v1/auth/logout", {"refresh_token": ana.tokens["refresh_token"]})
    first = center.renewals
    restart_at = {first + renewals * (one + 1) // (restarts + 1) for one in range(restarts)}
    while center.renewals < first + renewals:
        seen = center.renewals
        if seen in restart_at:
            center.stop()
            center.start()
        if (seen - first) % 10 == 2:
            center.renewals_to_lose = 1
        within(lambda seen=seen: center.renewals > seen, 60)
    waiting = int(value(page, "Vendas", "waiting"))
    center.call()
    expect(page.locator("[data-queue=Vendas] [data-value=waiting]")).to_have_text(str(waiting + 1), timeout=30_000)
    assert [url for url in been if "/entrar" in url] == []
    page.context.close()


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_a_server_that_is_killed_twenty_times_loses_and_doubles_no_change(killable: Killable, browser: Browser) -> None:
    console = Console(killable.url, browser)
    with open_board(console) as page:
        for round, down_s in enumerate(OUTAGES_S):
            killable.kill()
            expect(page.get_by_role("status").first).not_to_have_text(LIVE, timeout=1_000)
            page.wait_for_timeout(down_s * 1_000)
            killable.start()
            agent = f"Agente {round:02}"
            pause(console, agent)
            expect(page.get_by_role("status").first).to_have_text(LIVE, timeout=5_000)
            # The list draws only the rows in its window.
            expect(page.locator("[data-group=paused] h2 .num")).to_have_text(str(round + 1))
            shown = page.evaluate(BOARD_SHOWN)
            board = console.get(f"/v1/monitoring?as_of={shown['position']}").json()
            for group in GROUPS:
                assert shown["groups"][group]["count"] == str(len(board["agents"][group]))
            assert [one["agent"] for one in board["agents"]["paused"]] == [f"Agente {one:02}" for one in range(round + 1)]
