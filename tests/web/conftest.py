"""A real browser before a real server: a center in a data directory, with some simulated hours behind it, and the built console."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.users import AppointAdministrator, RegisterUser, SetPassword
from domain.base import SECOND
from services.chromium import FLAGS, chromium
from services.debian import NotInstalled
from settings import Settings
from simulator.center import sleepless_center
from simulator.story import Story
from tests.journeys.command_line import CommandLine
from tests.kit.compose import ROOT
from tests.kit.servers import missing
from tests.kit.waiting import within

HOURS = 4
"""How much of the center's past is simulated."""

PASSWORD = "Seja#Bem1"
ADMINISTRATOR = "ana@empresa.example"
USELESS = "bia@empresa.example"
REPORTER = "caio@empresa.example"
OUTSIDER = "zoe@outra.example"
"""The administrator of a second company, which has a queue of the same name."""


PATIENT_S = 60.0
"""How long an answer of the API is awaited: a machine that is busy with other work is no failure."""

expect.set_options(timeout=30_000)

PAGES = ("inbound?periodo=7d", "outbound", "ivr", "agentes", "interacoes", "relatorio-agentes", "sla")


@dataclass(frozen=True)
class Console:
    """The console at `url`, and the API behind it as an administrator sees it."""

    url: str
    browser: Browser

    def page(self, **options: Any) -> Page:
        """A tab of a browser without a past."""
        page = self.browser.new_context(locale="en-US", timezone_id="Asia/Tokyo", reduced_motion="reduce", **options).new_page()
        page.set_default_timeout(30_000)
        return page

    def signed_in(self, email: str = ADMINISTRATOR, path: str = "/", **options: Any) -> Page:
        """A tab in which somebody has signed in and come to `path`."""
        page = self.page(**options)
        page.goto(f"{self.url}/entrar?voltar={quote(path)}")
        page.get_by_label("E-mail", exact=True).fill(email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Entrar", exact=True).click()
        page.wait_for_url(lambda url: "/entrar" not in url)
        page.locator("main h1").wait_for()
        return page

    def get(self, path: str) -> httpx.Response:
        """What the API answers to an administrator."""
        body = {"email": ADMINISTRATOR, "password": PASSWORD}
        token = httpx.post(f"{self.url}/v1/auth/login", json=body, timeout=PATIENT_S).json()["access_token"]
        return httpx.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENT_S).raise_for_status()


@pytest.fixture(scope="session")
def built() -> None:
    """The console, built if it is not current."""
    done = subprocess.run([sys.executable, ROOT / "web" / "build.py"], capture_output=True, text=True, check=False)
    if done.returncode:
        if done.stderr.startswith("npm ci"):
            missing(f"the packages of web/ cannot be installed: {done.stderr}")
        pytest.fail(done.stderr)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What starts browsers: one a process, and none when other modules are tested. While it lives, an event loop runs in the process, beside which no other can be run."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def program() -> str:
    """The path of Chromium."""
    try:
        return chromium()
    except NotInstalled as error:
        missing(f"no Chromium: {error}")


@pytest.fixture(scope="module")
def browser(playwright: Playwright, program: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[str]:
    """The address of a center that was busy until a moment ago. It has a process of its own: chDB opens one directory a process, and modules have centers too."""
    directory: Path = tmp_path_factory.mktemp("console") / "data"
    with open_center(directory, Settings()) as center:
        company = known_or_new(center, "")
        now = center.bus.clock.now_us()
        story = Story(center.bus, company.id, sleepless_center(0.5), seed=4, start_us=now - HOURS * 3600 * SECOND)
        story.set_up()
        story.tell_until(now)
        operator = caller(company)
        tokens = [center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator).result["token"]]
        for name, email, permissions in (("Bia", USELESS, ()), ("Caio", REPORTER, ("gerenciar-relatorio",))):
            tokens.append(center.bus.execute(RegisterUser(name=name, email=email, permissions=permissions), operator).result["token"])
        outside = caller(known_or_new(center, "Outra"))
        center.bus.execute(RegisterQueue(name="Vendas"), outside)
        tokens.append(center.bus.execute(AppointAdministrator(email=OUTSIDER, name="Zoe"), outside).result["token"])
        for token in tokens:
            whose = outside if token == tokens[-1] else operator
            center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), whose)
    with CommandLine(directory).serving() as server:
        within(lambda: httpx.get(f"{server.url}/readyz").is_success)
        yield server.url


@pytest.fixture(scope="module")
def console(served: str, browser: Browser) -> Console:
    return Console(served, browser)
