"""The agent's phone in the browser, on a real Asterisk with real calls: what each side hears, what is recorded, and what happens when something breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.agents import RegisterAgent
from commands.queues import RegisterQueue
from commands.users import AppointAdministrator, SetPassword, hashed_password
from domain.ids import agent_id
from services.asterisk import Asterisk as AsteriskServer
from services.chromium import FLAGS, chromium
from services.server import HOST
from settings import Settings
from tests.journeys.command_line import CommandLine
from tests.kit import asterisk
from tests.kit.asterisk import VENDAS, Cable, Lab
from tests.kit.sound import heard_in_page, tones_at_end, write_tone
from tests.kit.waiting import within
from tests.web.conftest import ADMINISTRATOR, PASSWORD

AGENT = "Ana"
SOUND = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
HEARS_S = 20
ANSWERED_S = 30


@dataclass
class Desk:
    """The agent's page, the center behind it, and the Asterisk that both use. cable: between the browser and Asterisk's WebSocket."""

    url: str
    lab: Lab
    context: BrowserContext
    page: Page
    cable: Cable
    token: str
    calls: int = 0
    hears: str = field(default_factory=heard_in_page)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """What the API answers to the agent's user."""
        answer = httpx.request(method, f"{self.url}{path}", headers={"Authorization": f"Bearer {self.token}"}, **options)
        return answer.raise_for_status().json()

    def state(self) -> str:
        """The agent's state on the board."""
        groups = self.ask("GET", "/v1/monitoring", params={"agent": AGENT})["agents"].values()
        return next((one["state"] for group in groups for one in group), "")

    def call(self, did: str = VENDAS, life: int = 60) -> str:
        """Somebody calls, who sounds a tone; returns the name of the recording of what is heard there."""
        self.calls += 1
        name = f"caller{self.calls}"
        done = self.lab.world.send_action(
            Action="Originate", Channel=f"PJSIP/{did}@pbx", Context="talker", Exten="s", Priority=1, Async="true", Timeout=30_000,
            CallerID=f'"Cliente" <1198765{self.calls:04}>', Variable=[f"NAME={name}", "HZ=440", f"LIFE={life}"],
        )  # fmt: skip
        assert done.succeeded
        return name

    def answer(self, did: str = VENDAS) -> str:
        """A call that the agent answers, and both hear each other."""
        name = self.call(did)
        self.button("Atender").click(timeout=ANSWERED_S * 1_000)
        self.until_hears("caller")
        self.until_heard(name, "agent")
        return name

    def button(self, name: str) -> Any:
        """A button of the page, by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def until_hears(self, *who: str) -> None:
        """Wait until the agent hears exactly these."""
        self._until(lambda: self.page.evaluate(self.hears), sorted(who), "the agent hears")

    def until_heard(self, name: str, *who: str) -> None:
        """Wait until somebody of the world hears exactly these."""
        self._until(lambda: sorted(self._recorded(name)), sorted(who), f"{name} hears")

    def _recorded(self, name: str) -> set[str]:
        with suppress(FileNotFoundError):
            return tones_at_end(self.lab.server.heard(name))
        return set()

    def _until(self, seen: Callable[[], list[str]], wanted: list[str], what: str) -> None:
        last: list[list[str]] = []

        def is_so() -> bool:
            last[:] = [seen()]
            return last[0] == wanted

        try:
            within(is_so, HEARS_S)
        except AssertionError:
            raise AssertionError(f"{what} {last[0]}, not {wanted}") from None

    def end(self) -> None:
        """Hang up what is up, finish the wrap-up, and wait until the agent is free."""
        for each in (self.lab.world, self.lab.pbx):
            each.command("channel request hangup all")
        expect(self.page.get_by_text("Nenhuma chamada agora.")).to_be_visible()
        within(lambda: self.state() not in ("talking", "ringing"), ANSWERED_S)
        finish = self.button("Finalizar atendimento")
        if self.state() == "wrap-up":
            finish.click()
        within(lambda: self.state() in ("available", "paused", "offline"), ANSWERED_S)


def address(server: AsteriskServer, phone: str) -> str:
    """The setting of a PBX that Atende drives."""
    ari = quote(server.ari, safe="")
    return (
        f"ami://{server.DRIVER}:{server.secret}@{HOST}:{server.ports[0]}?queue_log={server.queue_log}&control=yes&ari={ari}&phone={phone}"
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("phone")
    with open_center(folder / "data", Settings()) as center:
        company = known_or_new(center, "")
        operator = caller(company)
        for queue in ("vendas", "suporte"):
            center.bus.execute(RegisterQueue(name=queue, agents=(AGENT,) if queue == "vendas" else ()), operator)
        made = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator)
        center.bus.execute(SetPassword(token=made.result["token"], hashed=hashed_password(PASSWORD)), operator)
        center.bus.execute(RegisterAgent(agent=AGENT, user=made.id), operator)
        assert agent_id(company.id, AGENT)
    microphone = write_tone(folder / "agent.wav", 1000)
    with ExitStack() as stack:
        lab = stack.enter_context(asterisk.lab())
        cable = Cable(lab.server.ports[4])
        stack.callback(cable.close)
        setting = {"ATENDE_ASTERISK": address(lab.server, f"ws://{HOST}:{cable.port}/ws")}
        server = stack.enter_context(CommandLine(folder / "data", setting).serving())
        within(lambda: httpx.get(f"{server.url}/readyz").is_success)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, *SOUND, f"--use-file-for-fake-audio-capture={microphone.resolve()}"]
        )
        stack.callback(browser.close)
        context = browser.new_context(permissions=["microphone"], reduced_motion="reduce")
        # A steady tone is noise, which the browser would remove.
        context.add_init_script('localStorage.setItem("atende-phone", JSON.stringify({ isCleaned: false }))')
        page = context.new_page()
        page.set_default_timeout(15_000)
        body = {"email": ADMINISTRATOR, "password": PASSWORD}
        token = httpx.post(f"{server.url}/v1/auth/login", json=body).json()["access_token"]
        page.goto(f"{server.url}/entrar?voltar=/atender")
        page.get_by_label("E-mail", exact=True).fill(ADMINISTRATOR)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Entrar", exact=True).click()
        desk = Desk(server.url, lab, context, page, cable, token)
        desk.button("Ligar o telefone").click()
        expect(page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
        desk.button("Entrar em vendas").click()
        desk.button("Sair de vendas").wait_for()
        join_queue(desk)
        yield desk
        stack.callback(desk.lab.pbx.send_action, Action="QueueRemove", Queue="vendas", Interface=telephone(desk))


def telephone(desk: Desk) -> str:
    """The browser's telephone at the PBX."""
    (agent,) = desk.ask("GET", "/v1/agents")["items"]
    return str(agent["interfaces"][0])


def join_queue(desk: Desk) -> None:
    desk.lab.pbx.send_action(Action="QueueAdd", Queue="vendas", Interface=telephone(desk), MemberName=AGENT)


def test_both_hear_each_other(desk: Desk) -> None:
    desk.answer()
    desk.end()
