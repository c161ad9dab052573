"""Pages that move by themselves: what they show is what the API answers at the same position, whatever happens to the line."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from api.app import create_app
from bootstrap import Embedded, open_center
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.users import ActivateUser, AppointAdministrator, DeactivateUser, RegisterUser, SetPassword
from domain.base import SECOND
from domain.companies import Company
from settings import Settings
from simulator.center import sleepless_center
from simulator.story import Story
from tests.journeys.command_line import CommandLine, url_of
from tests.kit.served import server_of
from tests.kit.waiting import within
from tests.web.conftest import ADMINISTRATOR, PASSWORD, PATIENT_S, Console

MINUTE = 60 * SECOND
GROUPS = ("available", "on_call", "paused", "offline")

LIVE = "Ao vivo"

BOARD_SHOWN = """() => ({
    position: document.querySelector('[data-as-of]').dataset.asOf,
    groups: Object.fromEntries([...document.querySelectorAll('[data-group]')].map(group => [group.dataset.group, {
        count: group.querySelector('h2 .num').textContent,
        rows: [...group.querySelectorAll('[data-agent]')].map(row => [row.dataset.agent, row.querySelector('[data-since]')?.dataset.since ?? null]),
    }])),
    queues: Object.fromEntries([...document.querySelectorAll("section[aria-label='Filas'] tr[data-key]")].map(row => [row.dataset.key, [
        row.querySelector("[data-column=waiting]").textContent,
        row.querySelector("[data-column=longest] [data-since]")?.dataset.since ?? null,
    ]])),
    calls: [...document.querySelectorAll("section[aria-label='Chamadas'] tr[data-key]")].map(row => [
        row.dataset.key,
        row.querySelector("[data-column=since] [data-since]").dataset.since,
        row.querySelector("[data-column=agent]").textContent,
    ]),
})"""


@dataclass
class Moving:
    """A served center in which a simulated afternoon goes on as far as a test wants."""

    console: Console
    app: FastAPI
    center: Embedded
    company: Company
    story: Story
    now_us: int

    def go_on(self, us: int) -> None:
        """Let the next part of the afternoon happen."""
        self.now_us += us
        self.story.tell_until(self.now_us)

    @property
    def readers(self) -> int:
        """How many questions are being read by all streams together."""
        return sum(one.readers for one in self.app.state.application.watched._watched.values())


def with_administrator(center: Embedded) -> Any:
    """A company with an administrator who has a password."""
    company = known_or_new(center, "")
    token = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), caller(company)).result["token"]
    center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), caller(company))
    return company


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory, built: None, browser: Browser) -> Iterator[Moving]:
    with moving_center(tmp_path_factory.mktemp("live") / "data", browser, minutes=180) as moving:
        yield moving


@contextmanager
def moving_center(directory: Path, browser: Browser, minutes: int) -> Iterator[Moving]:
    """A center that began so many minutes ago and whose first hour has happened."""
    with open_center(directory, Settings()) as center:
        company = with_administrator(center)
        start = center.bus.clock.now_us() - minutes * MINUTE
        story = Story(center.bus, company.id, sleepless_center(0.5), seed=7, start_us=start)
        story.set_up()
        story.tell_until(start + 60 * MINUTE)
        app = create_app(center)
        with server_of(app) as url:
            center.cover(center.store.head(), lambda *_: None)
            yield Moving(Console(url, browser), app, center, company, story, start + 60 * MINUTE)


@contextmanager
def open_board(console: Console, **options: Any) -> Iterator[Page]:
    page = console.signed_in(path="/agentes", **options)
    page.locator("[data-agent]").first.wait_for()
    yield page
    page.context.close()


def caught_up(page: Page, position: int) -> None:
    """Wait until a board shows at least a position."""
    page.wait_for_function("at => Number(document.querySelector('[data-as-of]')?.dataset.asOf) >= at", arg=position)


def moves(page: Page, moving: Moving) -> None:
    """A board shows what happens next."""
    before = moving.center.store.head()
    while moving.center.store.head() == before:
        moving.go_on(MINUTE)
    caught_up(page, moving.center.store.head())


def test_the_board_shows_what_monitoring_answers_at_the_same_position_while_everything_moves(moving: Moving) -> None:
    chance = random.Random(3)
    with open_board(moving.console) as page:
        seen = set()
        for _ in range(8):
            moving.go_on(chance.randrange(5, 240) * SECOND)
            page.wait_for_timeout(chance.randrange(0, 400))
            shown = page.evaluate(BOARD_SHOWN)
            seen.add(shown["position"])
            board = moving.console.get(f"/v1/monitoring?as_of={shown['position']}").json()
            for group in GROUPS:
                agents, rows = board["agents"][group], shown["groups"][group]["rows"]
                assert shown["groups"][group]["count"] == str(len(agents))
                assert rows == [[agent["agent"], agent["since"]] for agent in agents][: len(rows)]
                assert len(rows) >= min(len(agents), 6)
            waits: dict[str, list[str]] = {}
            for one in board["waiting"]:
                waits.setdefault(one["queue"], []).append(one["since"])
            assert shown["queues"]
            for queue, (count, longest) in shown["queues"].items():
                assert (int(count), longest) == (len(waits.get(queue, ())), min(waits.get(queue, ()), default=None))
            calls = [[call["interaction_id"], call["since"], call["agent"] or "\N{EN DASH}"] for call in board["calls"]]
            assert shown["calls"] == calls[: len(shown["calls"])]
            assert bool(shown["calls"]) == bool(calls)
        assert len(seen) > 4


@pytest.mark.parametrize("way", ["shared worker", "leading tab"])
def test_ten_tabs_of_a_browser_are_live_by_one_stream_and_any_may_be_closed(moving: Moving, way: str) -> None:
    within(lambda: moving.readers == 0)
    console = moving.console
    page = console.page()
    if way == "leading tab":
        page.context.add_init_script("delete window.SharedWorker")
    page.goto(f"{console.url}/entrar?voltar=/agentes")
    page.get_by_label("E-mail", exact=True).fill(ADMINISTRATOR)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    page.locator("[data-agent]").first.wait_for()
    tabs = [page]
    for _ in range(9 if way == "shared worker" else 3):
        tab = page.context.new_page()
        tab.goto(f"{console.url}/agentes")
        tabs.append(tab)
    for tab in tabs:
        tab.locator("[data-agent]").first.wait_for()
    within(lambda: moving.readers == 1)
    moving.go_on(5 * MINUTE)
    for tab in tabs:
        caught_up(tab, moving.center.store.head())
    for tab in tabs[: len(tabs) // 2]:
        tab.close()
    moves(tabs[-1], moving)
    moving.go_on(MINUTE)
    for tab in tabs[len(tabs) // 2 :]:
        caught_up(tab, moving.center.store.head())
    within(lambda: moving.readers == 1)
    page.context.close()


def test_a_hidden_tab_gets_nothing_and_is_current_as_soon_as_it_is_seen(moving: Moving) -> None:
    hide = """is => {
        Object.defineProperty(document, 'visibilityState', { value: is ? 'hidden' : 'visible', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    with open_board(moving.console) as page:
        other = page.context.new_page()
        other.goto(f"{moving.console.url}/agentes")
        other.locator("[data-agent]").first.wait_for()
        page.evaluate(hide, True)
        before = page.locator("[data-as-of]").get_attribute("data-as-of")
        moving.go_on(5 * MINUTE)
        caught_up(other, moving.center.store.head())
        assert page.locator("[data-as-of]").get_attribute("data-as-of") == before
        page.evaluate(hide, False)
        caught_up(page, moving.center.store.head())


def test_a_user_who_is_deactivated_is_asked_the_password_over_the_page_which_goes_on_where_it_was(moving: Moving) -> None:
    operator = caller(moving.company)
    made = moving.center.bus.execute(
        RegisterUser(name="Davi", email="davi@empresa.example", permissions=("gerenciar-atendimento",)), operator
    )
    moving.center.bus.execute(SetPassword(token=made.result["token"], hashed=hashed_password(PASSWORD)), operator)
    page = moving.console.signed_in("davi@empresa.example", "/agentes?servico=Vendas")
    url = page.url
    page.locator("[data-as-of]").wait_for()
    moving.center.bus.execute(DeactivateUser(user=made.id), operator)
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert page.locator("[data-group=available]").count() == 1
    moving.center.bus.execute(ActivateUser(user=made.id), operator)
    dialog.locator("input[name=password]").fill(PASSWORD)
    dialog.get_by_role("button", name="Entrar", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status").first).to_have_text(LIVE)
    moves(page, moving)
    assert page.url == url
    page.context.close()


def at_moment(page: Page) -> str:
    """The instant that the time bar shows."""
    moment = page.get_by_role("slider").get_attribute("data-moment")
    assert moment is not None
    return moment


def shows(page: Page, moving: Moving) -> None:
    """The board is that of the page's moment: wait for its answer, then compare all that is in sight."""
    moment = parse_qs(urlsplit(page.url).query)["em"][0]
    board = moving.console.get(f"/v1/monitoring?as_of={quote(moment)}").json()
    counts = {group: str(len(board["agents"][group])) for group in GROUPS}
    page.wait_for_function(
        """counts => Object.entries(counts).every(([group, count]) =>
            document.querySelector(`[data-group=${group}] h2 .num`)?.textContent === count)""",
        arg=counts,
    )
    shown = page.evaluate(BOARD_SHOWN)
    for group in GROUPS:
        rows = shown["groups"][group]["rows"]
        assert rows == [[agent["agent"], agent["since"]] for agent in board["agents"][group]][: len(rows)]
    assert (
        shown["calls"]
        == [[call["interaction_id"], call["since"], call["agent"] or "\N{EN DASH}"] for call in board["calls"]][: len(shown["calls"])]
    )
    assert all(since <= moment for since in page.locator("main [data-since]").evaluate_all("all => all.map(one => one.dataset.since)"))


def test_the_time_bar_is_dragged_by_mouse_and_keys_and_shows_that_moment_alone(moving: Moving) -> None:
    with open_board(moving.console, viewport={"width": 1280, "height": 900}) as page:
        page.keyboard.press("t")
        slider = page.get_by_role("slider", name="Momento mostrado")
        box = slider.bounding_box()
        assert box is not None
        now = share_of_day()
        page.mouse.move(box["x"] + box["width"] * now * 0.999, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * max(0.0, now - 0.02), box["y"] + 20, steps=6)
        page.mouse.up()
        page.wait_for_url(re.compile(r"[?&]em="))
        dragged = at_moment(page)
        assert parse_qs(urlsplit(page.url).query)["em"] == [dragged]
        shows(page, moving)
        assert page.title().startswith("■")
        slider.press("ArrowLeft")
        slider.press("Shift+ArrowLeft")
        earlier = datetime.fromisoformat(dragged) - timedelta(minutes=11)
        assert datetime.fromisoformat(at_moment(page)) == earlier
        page.wait_for_function("em => new URL(location).searchParams.get('em') === em", arg=earlier.isoformat())
        shows(page, moving)
        page.get_by_role("button", name="Voltar ao vivo").click()
        expect(page.get_by_role("status").first).to_have_text(LIVE)
        assert "em=" not in page.url
        page.go_back()
        page.wait_for_url(re.compile(r"[?&]em="))


def share_of_day() -> float:
    now = datetime.now(ZoneInfo("America/Sao_Paulo"))
    return (now.hour * 3600 + now.minute * 60 + now.second) / 86_400


def test_the_past_is_played_at_each_speed_moment_by_moment_and_ends_at_now(moving: Moving) -> None:
    moment = datetime.now(ZoneInfo("America/Sao_Paulo")) - timedelta(minutes=12)
    start = moment.replace(microsecond=0).isoformat()
    page = moving.console.signed_in(path=f"/agentes?em={quote(start)}")
    page.locator("[data-agent]").first.wait_for()
    for key, speed in (("1", 1), ("2", 10), ("3", 60)):
        page.keyboard.press(key)
        page.wait_for_function("em => new URL(location).searchParams.get('em') !== em", arg=start)
        page.keyboard.press(" ")
        shows(page, moving)
        reached = parse_qs(urlsplit(page.url).query)["em"][0]
        assert (datetime.fromisoformat(reached) - datetime.fromisoformat(start)).total_seconds() % speed == 0
        start = reached
    page.keyboard.press("3")
    page.wait_for_url(lambda url: "em=" not in url)
    expect(page.get_by_role("status").first).to_have_text(LIVE)
    page.context.close()


@dataclass
class Killable:
    """`atende serve` in a process of its own, always at the same address."""

    atende: CommandLine
    url: str = ""
    process: Any = None

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        self.process = self.atende.start("serve", "--port", port)
        self.url = url_of(self.process)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def killable(tmp_path: Path, built: None) -> Iterator[Killable]:
    with open_center(tmp_path / "data", Settings()) as center:
        company = with_administrator(center)
        center.bus.execute(RegisterQueue(name="vendas"), caller(company))
        for number in range(30):
            center.bus.execute(LogIn(agent=f"Agente {number:02}", queues=("vendas",)), caller(company))
    served = Killable(CommandLine(tmp_path / "data"))
    try:
        served.start()
        yield served
    finally:
        served.kill()


def test_a_killed_server_is_seen_within_a_second_and_its_next_life_within_five_with_nothing_lost(
    killable: Killable, browser: Browser
) -> None:
    console = Console(killable.url, browser)
    with open_board(console) as page:
        expect(page.get_by_role("status").first).to_have_text(LIVE)
        pause(console, "Agente 03")
        expect(page.locator("[data-group=paused] [data-agent='Agente 03']")).to_be_visible()
        killable.kill()
        expect(page.get_by_role("status").first).to_contain_text("Reconectando", timeout=1_000)
        clocks = page.locator("[data-group=paused] [data-since]").all_inner_texts()
        page.wait_for_timeout(1_500)
        assert page.locator("[data-group=paused] [data-since]").all_inner_texts() == clocks
        killable.start()
        pause(console, "Agente 07")
        expect(page.get_by_role("status").first).to_have_text(LIVE, timeout=5_000)
        expect(page.locator("[data-group=paused] [data-agent='Agente 07']")).to_be_visible()
        expect(page.locator("[data-group=paused] h2 .num")).to_have_text("2")
        expect(page.locator("[data-group=available] h2 .num")).to_have_text("28")


def pause(console: Console, agent: str) -> None:
    token = httpx.post(f"{console.url}/v1/auth/login", json={"email": ADMINISTRATOR, "password": PASSWORD}, timeout=PATIENT_S).json()[
        "access_token"
    ]
    httpx.post(
        f"{console.url}/v1/agents/pause",
        json={"agent": agent, "reason": "Almoço"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENT_S,
    ).raise_for_status()
