"""The wall on a device that nobody attends: it shows its queues until it is revoked, and never asks anybody to sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Response
from playwright.sync_api import Browser, Page, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from bootstrap import Embedded, open_center
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.interactions import OfferCall, StartCall
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.users import AppointAdministrator, SetPassword
from settings import Settings
from tests.kit.served import server_of
from tests.web.conftest import ADMINISTRATOR, PASSWORD, PATIENT_S, Console
from tests.web.test_accessibility import AXE, serious

TILE = "[data-queue]"
NUMBER = "5511987654321"


class Center:
    """A served center with some queues, which can be stopped and started again at the same address."""

    def __init__(self, center: Embedded, browser: Browser) -> None:
        self.center = center
        self.operator = caller(known_or_new(center, ""))
        self._served = ExitStack()
        self._browser = browser
        self.url = ""
        self.renewals = 0
        self.renewals_to_lose = 0
        self.do(SetPassword(token=self.do(AppointAdministrator(email=ADMINISTRATOR)).result["token"], hashed=hashed_password(PASSWORD)))
        for queue in ("Vendas", "Suporte", "Cobrança", "Ouvidoria", "Retenção"):
            self.do(RegisterQueue(name=queue, sla_ms=1_000))
        self.do(LogIn(agent="Ana", queues=("Vendas",)))
        self.call()

    def do(self, command: Any) -> Any:
        return self.center.bus.execute(command, self.operator)

    def call(self) -> None:
        """Another customer waits in the first queue."""
        self.do(OfferCall(interaction=self.do(StartCall(from_number=NUMBER)).id, queue="Vendas"))
        self.center.cover(self.center.store.head(), lambda *_: None)

    def start(self) -> None:
        self.url = self._served.enter_context(server_of(self._losing(create_app(self.center)), urlsplit(self.url).port or 0))

    def stop(self) -> None:
        self._served.close()

    def _losing(self, app: FastAPI) -> ASGIApp:
        """The app, of which the client gets no answer to some renewals of a screen, after they were done."""

        async def swallowed(message: Message) -> None:
            pass

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            is_renewal = scope.get("path") == "/v1/auth/screen/refresh"
            self.renewals += is_renewal
            if not is_renewal or not self.renewals_to_lose:
                await app(scope, receive, send)
                return
            self.renewals_to_lose -= 1
            await app(scope, receive, swallowed)
            await Response(status_code=502)(scope, receive, send)

        return serve

    @property
    def console(self) -> Console:
        return Console(self.url, self._browser)


class Administrator:
    """Somebody who makes screens by the API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tokens = (
            httpx.post(f"{url}/v1/auth/login", json={"email": ADMINISTRATOR, "password": PASSWORD}, timeout=PATIENT_S)
            .raise_for_status()
            .json()
        )

    def post(self, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        answer = httpx.post(f"{self.url}{path}", json=body, headers=headers, timeout=PATIENT_S).raise_for_status()
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory, built: None, browser: Browser) -> Iterator[Center]:
    with open_center(tmp_path_factory.mktemp("wall") / "data", Settings()) as opened:
        center = Center(opened, browser)
        center.start()
        yield center
        center.stop()


def value(page: Page, queue: str, name: str) -> str:
    return page.locator(f"[data-queue='{queue}'] [data-value={name}]").inner_text()


def test_a_screen_outlives_its_creators_session_a_lost_answer_and_the_server_until_it_is_revoked(center: Center) -> None:
    ana = Administrator(center.url)
    screen = ana.post("/v1/screens", {"name": "Sala 2"})
    page = center.console.page(viewport={"width": 1280, "height": 720})
    page.goto(f"{center.url}/mural#{screen['result']['token']}")
    page.locator(TILE).first.wait_for()
    assert "#" not in page.url
    assert page.get_by_role("heading", level=1).inner_text() == "Sala 2"
    assert (value(page, "Vendas", "waiting"), value(page, "Vendas", "free")) == ("1", "1")
    expect(page.locator("[data-queue=Vendas]")).to_have_attribute("data-standing", "breach")
    assert NUMBER not in page.content()
    ana.post("/v1/auth/logout", {"refresh_token": ana.tokens["refresh_token"]})

    center.stop()
    expect(page.get_by_text("SEM CONEXÃO").first).to_be_visible()
    center.start()
    expect(page.get_by_role("status")).to_contain_text("Ao vivo", timeout=30_000)
    center.call()
    expect(page.locator("[data-queue=Vendas] [data-value=waiting]")).to_have_text("2")

    center.renewals_to_lose = 1
    page.goto("about:blank")
    page.goto(f"{center.url}/mural")
    page.locator(TILE).first.wait_for(timeout=30_000)
    assert center.renewals_to_lose == 0

    Administrator(center.url).post(f"/v1/screens/{screen['id']}/revoke")
    expect(page.get_by_role("heading", level=1)).to_have_text("Este painel foi revogado")
    assert page.locator(TILE).count() == 0
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Este aparelho não é um painel")
    assert page.locator("input[name=password]").count() == 0
    page.context.close()


def test_a_device_that_always_starts_at_its_used_link_is_the_screen_still(center: Center) -> None:
    link = f"{center.url}/mural#{Administrator(center.url).post('/v1/screens', {'name': 'Sala 3'})['result']['token']}"
    page = center.console.page()
    for _ in range(2):
        page.goto("about:blank")
        page.goto(link)
        page.locator(TILE).first.wait_for()
    other = center.console.page()
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).to_have_text("Este link já foi usado, ou outro tomou seu lugar")
    page.context.close()
    other.context.close()


def test_a_user_sees_the_queues_of_the_url_on_pages_that_fit_and_stop(center: Center) -> None:
    page = center.console.signed_in(path="/mural?servico=Vendas&servico=Suporte", viewport={"width": 1280, "height": 720})
    page.locator(TILE).first.wait_for()
    assert page.locator(TILE).evaluate_all("all => all.map(one => one.dataset.queue)") == ["Vendas", "Suporte"]
    page.goto(f"{center.url}/mural?por=4&ordem=nome")
    page.get_by_text("Página 1 de 2").wait_for()
    page.get_by_role("button", name="Parar").click()
    page.locator("body").press("ArrowRight")
    page.get_by_text("Página 2 de 2").wait_for()
    assert page.locator(TILE).evaluate_all("all => all.map(one => one.dataset.queue)") == ["Vendas"]
    page.evaluate(AXE.read_text())
    assert serious(page) == []
    for width, height in ((360, 740), (768, 1024), (1920, 1080), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 2).map(one => one.textContent)"
        assert page.locator(f"{TILE}, {TILE} dl").evaluate_all(cut) == [], width
        high = "all => all.filter(one => one.scrollHeight > one.clientHeight + 2).map(one => one.textContent)"
        assert page.locator(TILE).evaluate_all(high) == [], width
    page.context.close()


def test_an_administrator_makes_a_screen_for_some_queues_gives_it_another_device_and_revokes_it(center: Center) -> None:
    page = center.console.signed_in(path="/paineis")
    page.get_by_role("link", name="Novo painel").click()
    page.get_by_label("Nome").fill("Recepção")
    page.get_by_role("button", name="Serviços que ele mostra").click()
    page.get_by_role("option", name="Suporte").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Criar").click()
    link = page.get_by_role("textbox", name="Link do painel").input_value()
    page.get_by_role("dialog").get_by_role("button", name="Pronto").click()
    row = page.get_by_role("row").filter(has_text="Recepção")
    expect(row).to_contain_text("Esperando o aparelho")

    device = center.console.page()
    device.goto(link)
    device.locator(TILE).first.wait_for()
    assert device.locator(TILE).evaluate_all("all => all.map(one => one.dataset.queue)") == ["Suporte"]

    row.get_by_role("button", name="Revogar painel").click()
    page.get_by_role("dialog").get_by_role("button", name="Revogar painel").click()
    expect(row).to_contain_text("Revogado")
    expect(device.get_by_role("heading", level=1)).to_have_text("Este painel foi revogado")
    page.context.close()
    device.context.close()
