"""The agent's phone in the browser, on a real Asterisk with real calls: what each side hears, what is recorded, and what happens when something breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, Playwright, Response, Route, expect

from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.agents import RegisterAgent
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.users import AppointAdministrator, RegisterUser, SetPassword
from services.asterisk import Asterisk as AsteriskServer
from services.chromium import FLAGS
from services.server import HOST
from settings import Settings
from telephony_adapter.ami.connection import Connection
from telephony_adapter.ami.packets import parse
from tests.journeys.command_line import CommandLine
from tests.kit import asterisk
from tests.kit.asterisk import VENDAS, Cable, Lab, members
from tests.kit.sound import heard_at_end, heard_in_page, write_tone
from tests.kit.waiting import within
from tests.web.conftest import ADMINISTRATOR, PASSWORD, PATIENT_S
from tests.web.test_accessibility import in_both_themes

AGENT = "Ana"
COLLEAGUE = "Bruno"
SOUND = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
HEARS_S = 20
ANSWERED_S = 30
TOLD_S = 8
"""Less than the time after which the PBX itself would notice that nothing is heard of a browser."""


@dataclass
class Desk:
    """The agent's page, the center behind it, and the Asterisk that both use. cable: between the browser and Asterisk's WebSocket."""

    url: str
    lab: Lab
    context: BrowserContext
    page: Page
    cable: Cable
    token: str
    opened: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    hears: str = field(default_factory=heard_in_page)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """What the API answers to the agent's user."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{self.url}{path}", headers=headers, timeout=PATIENT_S, **options)
        return answer.raise_for_status().json()

    def state(self) -> str:
        """The agent's state on the board."""
        groups = self.ask("GET", "/v1/monitoring", params={"agent": AGENT})["agents"].values()
        return next((one["state"] for group in groups for one in group), "")

    def call(self, did: str = VENDAS, life: int = 60) -> str:
        """Somebody calls, who sounds a tone; returns the name of the recording of what is heard there."""
        self.calls += 1
        name = f"caller{self.calls}"
        self.lab.call(did, context="sounding", life=life, NAME=name)
        return name

    def answer(self, did: str = VENDAS) -> str:
        """A call that the agent answers, and both hear each other."""
        name = self.call(did)
        self.button("Atender").click(timeout=ANSWERED_S * 1_000)
        self.until_hears("caller")
        self.until_heard(name, "agent")
        return name

    def session(self) -> str:
        """The session of the agent's phone, as the log has it."""
        return str(self.opened["session"])

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
        return heard_at_end(self.lab.server.hears(name))

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
        if finish.count():
            finish.click()
            expect(finish).to_have_count(0)


def address(server: AsteriskServer, phone: str) -> str:
    """The setting of a PBX that Atende drives."""
    ari = quote(server.ari, safe="")
    return f"ami://{server.DRIVER}:{server.secret}@{HOST}:{server.ports[0]}?queue_log={server.queue_log}&control=yes&trunk=tronco&ari={ari}&phone={phone}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, built: None, playwright: Playwright, program: str) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("phone")
    with open_center(folder / "data", Settings()) as center:
        company = known_or_new(center, "")
        operator = caller(company)
        for queue in ("vendas", "suporte"):
            number = "201" if queue == "suporte" else ""
            center.bus.execute(RegisterQueue(name=queue, agents=(AGENT,), internal_number=number), operator)
        made = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator)
        center.bus.execute(SetPassword(token=made.result["token"], hashed=hashed_password(PASSWORD)), operator)
        center.bus.execute(RegisterAgent(agent=AGENT, user=made.id), operator)
        other = center.bus.execute(RegisterUser(name=COLLEAGUE, email="bruno@empresa.example"), operator)
        center.bus.execute(RegisterAgent(agent=COLLEAGUE, user=other.id), operator)
    microphone = write_tone(folder / "agent.wav", 1000)
    with ExitStack() as stack:
        lab = stack.enter_context(asterisk.lab())
        cable = Cable(lab.server.ports[4])
        stack.callback(cable.close)
        setting = {"ATENDE_ASTERISK": address(lab.server, f"ws://{HOST}:{cable.port}/ws")}
        server = stack.enter_context(CommandLine(folder / "data", setting).serving())
        within(lambda: httpx.get(f"{server.url}/readyz").is_success)
        browser = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, *SOUND, f"--use-file-for-fake-audio-capture={microphone.resolve()}"]
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
        context.on("response", lambda answer: _note_session(desk, answer))
        desk.button("Ligar o telefone").click()
        expect(page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
        desk.button("Entrar em vendas").click()
        desk.button("Sair de vendas").wait_for()
        yield desk


def _note_session(desk: Desk, answer: Response) -> None:
    if answer.url.endswith("/v1/phone/session") and answer.ok and answer.request.method == "POST":
        desk.opened = answer.json()


def telephone(desk: Desk) -> str:
    """The browser's telephone at the PBX."""
    return interfaces(desk)[0]


def interfaces(desk: Desk) -> list[str]:
    """The agent's telephones, the one that rings first."""
    (found,) = [one["interfaces"] for one in desk.ask("GET", "/v1/agents")["items"] if one["name"] == AGENT]
    return list(found)


@pytest.fixture
def at(desk: Desk) -> Iterator[Desk]:
    """The desk, with the phone ready; afterwards nobody talks, and nothing is to be wrapped up."""
    expect(desk.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
    yield desk
    desk.end()


def ask_to_transfer(desk: Desk, kind: str, how: str = "Transferir já", *, number: str = "", queue: str = "") -> Locator:
    """Fill in the page's form for the call that is shown, and send it; returns the form."""
    desk.button("Transferir").first.click()
    form = desk.page.get_by_role("form", name="Transferir")
    form.get_by_role("button", name=kind, exact=True).click()
    if number:
        form.get_by_role("textbox").fill(number)
    if queue:
        form.get_by_role("combobox").select_option(queue)
    form.get_by_role("button", name=how, exact=True).click()
    return form


def transfer(desk: Desk, kind: str, how: str = "Transferir já", *, number: str = "", queue: str = "") -> None:
    """Transfer the call that is shown, by the page's form."""
    form = ask_to_transfer(desk, kind, how, number=number, queue=queue)
    try:
        expect(form).to_be_hidden()
    except AssertionError:
        raise AssertionError(f"the form of the transfer stays, and says: {form.inner_text()}") from None


def talks(desk: Desk) -> int:
    """How many calls are shown."""
    return desk.page.locator("[data-stage]").count()


def test_a_call_rings_with_queue_and_number_and_both_hear_each_other(at: Desk) -> None:
    name = at.call()
    card = at.page.locator("[data-stage=ringing]")
    expect(card).to_contain_text("800102", timeout=ANSWERED_S * 1_000)
    expect(card).to_contain_text("vendas")
    expect(card).to_contain_text("Cliente")
    expect(card).to_contain_text("Espera há")
    at.button("Atender").click()
    at.until_hears("caller")
    at.until_heard(name, "agent")
    within(lambda: at.state() == "talking", ANSWERED_S)


def test_nothing_serious_is_wrong_in_a_call_in_either_theme_and_nothing_is_scrolled_sideways(at: Desk) -> None:
    at.answer()
    at.button("Teclado").click()
    in_both_themes(at.page, "the keypad")
    at.button("Transferir").click()
    at.page.get_by_role("form", name="Transferir").wait_for()
    in_both_themes(at.page, "the transfer")
    for width in (360, 768, 1280):
        at.page.set_viewport_size({"width": width, "height": 800})
        at.page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_on_hold_and_muted_the_caller_does_not_hear_the_agent(at: Desk) -> None:
    name = at.answer()
    at.button("Espera").click()
    at.until_heard(name)
    within(lambda: at.ask("GET", "/v1/monitoring")["calls"][0]["state"] == "held", ANSWERED_S)
    at.button("Retomar").click()
    at.until_heard(name, "agent")
    at.until_hears("caller")
    at.button("Mudo").click()
    at.until_heard(name)
    at.until_hears("caller")
    at.button("Ativar o microfone").click()
    at.until_heard(name, "agent")


def test_meters_show_how_loud_both_sides_are_and_that_a_muted_microphone_is_silent(at: Desk) -> None:
    def loud(side: str) -> bool:
        bar = at.page.locator("[data-stage=talking]").get_by_text(side, exact=True).locator("xpath=following-sibling::span/i")
        return bool(bar.evaluate("bar => bar.getBoundingClientRect().width > bar.parentElement.getBoundingClientRect().width / 3"))

    at.answer()
    within(lambda: loud("Microfone") and loud("Outro lado"), HEARS_S)
    at.button("Mudo").click()
    within(lambda: not loud("Microfone") and loud("Outro lado"), HEARS_S)


def test_keys_reach_the_pbx(at: Desk) -> None:
    with digits(at) as pressed:
        at.answer()
        at.button("Teclado").click()
        for key in "159#":
            at.button(key).click()
        within(lambda: "".join(pressed) == "159#", HEARS_S)


def test_a_rejected_call_rings_the_queue_again_and_is_a_ring_without_an_answer(at: Desk) -> None:
    at.call()
    at.button("Recusar").click(timeout=ANSWERED_S * 1_000)
    within(lambda: any(event["Event"] == "AgentRingNoAnswer" for event in at.lab.events), ANSWERED_S)
    at.button("Atender").click(timeout=ANSWERED_S * 1_000)
    at.until_hears("caller")


@pytest.mark.parametrize(("kind", "number", "who"), [("Fora", "1601", "telephone"), ("Fora", "7000001", "outside")])
def test_a_blind_transfer_joins_the_two_and_frees_the_agent(at: Desk, kind: str, number: str, who: str) -> None:
    name = at.answer()
    transfer(at, kind, number=number)
    at.until_heard(name, who)
    within(lambda: talks(at) == 0, HEARS_S)
    within(lambda: at.state() != "talking", ANSWERED_S)


def has_chosen_a_telephone(desk: Desk) -> None:
    """The colleague has chosen the telephone 1601, and the page knows it."""
    desk.ask("PUT", "/v1/phone/interface", json={"agent": COLLEAGUE, "interface": "PJSIP/1601"})
    within(lambda: ["PJSIP/1601"] in [one["interfaces"] for one in desk.ask("GET", "/v1/agents")["items"]], HEARS_S)
    desk.page.reload()
    expect(desk.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)


def test_a_transfer_to_a_colleague_rings_the_telephone_that_the_colleague_chose(at: Desk) -> None:
    has_chosen_a_telephone(at)
    name = at.answer()
    transfer(at, "Agente")
    at.until_heard(name, "telephone")
    within(lambda: talks(at) == 0, HEARS_S)


def test_a_call_that_the_agent_dials_is_answered_by_the_page_itself_and_ends_in_the_history(at: Desk) -> None:
    form = at.page.get_by_role("form", name="Ligar para um número")
    form.get_by_role("textbox").fill("700 0001")
    form.get_by_role("combobox").select_option("vendas")
    form.get_by_role("button", name="Ligar", exact=True).click()
    at.until_hears("outside")
    at.until_heard("850", "agent")
    within(lambda: [one["direction"] for one in at.ask("GET", "/v1/monitoring")["calls"]] == ["outbound"], ANSWERED_S)
    at.button("Desligar").click()
    within(lambda: talks(at) == 0, HEARS_S)


@pytest.mark.parametrize(("kind", "chosen"), [("Serviço", {"queue": "suporte"}), ("Ramal", {"number": "201"})])
def test_a_transfer_to_a_queue_waits_there(at: Desk, kind: str, chosen: dict[str, str]) -> None:
    at.answer()
    transfer(at, kind, **chosen)
    within(lambda: [one["queue"] for one in at.ask("GET", "/v1/monitoring")["waiting"]] == ["suporte"], ANSWERED_S)
    within(lambda: talks(at) == 0, HEARS_S)


def test_a_transfer_to_an_internal_number_waits_until_it_is_known_whose_it_is(at: Desk) -> None:
    asked: list[Route] = []

    def keep(route: Route) -> None:
        asked.append(route)

    at.page.route("**/v1/queues?*", keep)
    at.page.reload()
    expect(at.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
    at.answer()
    at.button("Transferir").first.click()
    form = at.page.get_by_role("form", name="Transferir")
    form.get_by_role("button", name="Ramal", exact=True).click()
    form.get_by_role("textbox").fill("201")
    expect(form.get_by_role("button", name="Transferir já", exact=True)).to_be_disabled()
    for route in asked:
        route.continue_()
    at.page.unroute("**/v1/queues?*")
    form.get_by_role("button", name="Transferir já", exact=True).click()
    within(lambda: [one["queue"] for one in at.ask("GET", "/v1/monitoring")["waiting"]] == ["suporte"], ANSWERED_S)
    within(lambda: talks(at) == 0, HEARS_S)


def test_a_transfer_while_the_call_is_still_announced_to_the_agent_is_made_after_that(at: Desk) -> None:
    here, there = at.lab.server.sounds
    here.mkdir(parents=True, exist_ok=True)
    write_tone(here / "announced.wav", 1230, seconds=3, rate=8_000)
    at.lab.pbx.send_action(Action="Setvar", Variable="ANNOUNCED", Value=there / "announced")
    name = at.call("8vendas")
    at.button("Atender").click(timeout=ANSWERED_S * 1_000)
    transfer(at, "Fora", number="1601")
    at.until_heard(name, "telephone")
    within(lambda: talks(at) == 0, HEARS_S)


def test_a_transfer_that_the_pbx_refuses_is_told_with_its_reason_and_the_call_goes_on(at: Desk) -> None:
    name = at.answer()
    form = ask_to_transfer(at, "Ramal", number="999")
    expect(form.get_by_role("alert")).to_contain_text("404")
    at.until_hears("caller")
    at.until_heard(name, "agent")


@pytest.mark.parametrize(
    ("kind", "chosen"), [("Fora", {"number": "1601"}), ("Agente", {}), ("Serviço", {"queue": "suporte"}), ("Ramal", {"number": "201"})]
)
def test_an_attended_transfer_asks_first_and_then_joins_the_two(at: Desk, kind: str, chosen: dict[str, str]) -> None:
    has_chosen_a_telephone(at)
    with members(at.lab, ("suporte", "PJSIP/1601", COLLEAGUE)):
        _ask_and_join(at, kind, chosen)


def _ask_and_join(at: Desk, kind: str, chosen: dict[str, str]) -> None:
    name = at.answer()
    transfer(at, kind, "Consultar antes", **chosen)
    at.until_hears("telephone")
    at.until_heard(name)
    at.button("Concluir a transferência").click()
    at.until_heard(name, "telephone")
    at.until_heard("600", "caller")
    within(lambda: talks(at) == 0, HEARS_S)


def test_in_a_conference_everybody_hears_the_others(at: Desk) -> None:
    name = at.answer()
    transfer(at, "Fora", "Consultar antes", number="1601")
    at.until_hears("telephone")
    at.button("Conferência").click()
    at.until_hears("caller", "telephone")
    at.until_heard(name, "agent", "telephone")
    at.until_heard("600", "agent", "caller")


def test_who_hangs_up_is_recorded(at: Desk) -> None:
    at.answer()
    at.button("Desligar").click()
    within(lambda: any(event["Event"] == "AgentComplete" and event["Reason"] == "agent" for event in at.lab.events), HEARS_S)
    at.end()
    at.answer()
    at.lab.world.command("channel request hangup all")
    within(lambda: talks(at) == 0, HEARS_S)
    within(lambda: at.lab.events[-1].get("Reason") == "caller", HEARS_S)


def test_the_wrap_up_has_a_tag_and_a_note_that_is_sealed(at: Desk) -> None:
    at.answer()
    at.button("Desligar").click()
    at.page.get_by_label("Anotação").fill("Ligar na segunda")
    at.page.get_by_label("Tabulação").fill("venda fechada")
    at.button("Finalizar atendimento").click()
    expect(at.button("Finalizar atendimento")).to_have_count(0)
    found: list[dict[str, Any]] = []

    def is_tagged() -> bool:
        found[:] = at.ask("GET", "/v1/interactions", params={"tag": "venda fechada"})["items"]
        return len(found) == 1

    within(is_tagged, HEARS_S)
    history = at.ask("GET", f"/v1/interactions/{found[0]['id']}/history")["items"]
    assert any("Ligar na segunda" in str(event) for event in history)


def test_a_pause_with_a_reason_and_back(at: Desk) -> None:
    at.page.get_by_label("Motivo da pausa").fill("Almoço")
    at.button("Pausar").click()
    within(lambda: at.state() == "paused", ANSWERED_S)
    at.button("Voltar da pausa").click()
    within(lambda: at.state() == "available", ANSWERED_S)


def test_a_call_goes_on_while_the_line_to_the_pbx_is_cut(at: Desk) -> None:
    _cut(at, 5)


@pytest.mark.long
def test_a_call_goes_on_while_the_line_to_the_pbx_is_cut_for_half_a_minute(at: Desk) -> None:
    _cut(at, 30)


def _cut(desk: Desk, seconds: float) -> None:
    """The signalling is away, the sound is not: both go on to hear each other, and afterwards a hang-up is noticed."""
    name = desk.answer()
    desk.cable.cut()
    expect(desk.page.locator("[data-phone-state=connecting]")).to_be_visible()
    until = monotonic() + seconds
    while monotonic() < until:
        desk.until_hears("caller")
        desk.until_heard(name, "agent")
    desk.cable.mend()
    expect(desk.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
    desk.until_hears("caller")
    desk.lab.world.command("channel request hangup all")
    within(lambda: talks(desk) == 0, HEARS_S)


def test_a_call_goes_on_while_its_credential_is_renewed(at: Desk) -> None:
    name = at.answer()
    session = at.session()
    renewed = at.ask("POST", "/v1/phone/session", json={"agent": AGENT, "session": session})
    assert renewed["session"] == session
    at.until_hears("caller")
    at.until_heard(name, "agent")
    at.button("Espera").click()
    at.until_heard(name)


def test_a_call_goes_on_when_the_session_of_the_user_ends(at: Desk) -> None:
    name = at.answer()
    at.context.clear_cookies()
    at.page.route("**/note", lambda route: route.fulfill(status=401, body="{}", content_type="application/problem+json"))
    at.page.get_by_label("Anotação").fill("uma nota")
    at.button("Salvar anotação").click()
    asked = at.page.get_by_role("dialog")
    asked.wait_for()
    at.until_hears("caller")
    at.until_heard(name, "agent")
    at.page.unroute("**/note")
    asked.locator("input[name=password]").fill(PASSWORD)
    asked.get_by_role("button", name="Entrar", exact=True).click()
    expect(asked).to_have_count(0)
    at.button("Mudo").click()
    at.until_heard(name)


@pytest.mark.parametrize("path", ["/atender", "/agentes"])
def test_the_phone_comes_back_by_itself_when_the_page_is_loaded_again_or_an_address_is_typed(at: Desk, path: str) -> None:
    with at.page.expect_response(lambda answer: answer.url.endswith("/v1/phone/session") and answer.ok):
        at.page.goto(f"{at.url}{path}")
    at.page.get_by_role("link", name="Tela de Atendimento").click()
    expect(at.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
    assert at.state() == "available"
    at.answer()


def test_a_phone_that_was_switched_off_stays_off_when_the_page_is_loaded_again(at: Desk) -> None:
    at.button("Desligar o telefone").click()
    at.page.reload()
    expect(at.page.locator("[data-phone-state=off]")).to_be_visible()
    at.button("Ligar o telefone").click()
    expect(at.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)


def test_in_a_call_the_browser_asks_before_the_page_is_loaded_again(at: Desk) -> None:
    name = at.answer()
    with at.page.expect_event("dialog") as asked:
        at.page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    at.until_hears("caller")
    at.until_heard(name, "agent")


def test_a_second_tab_waits_and_takes_over_when_the_first_is_closed_whose_caller_is_told_at_once(at: Desk) -> None:
    second = at.context.new_page()
    second.set_default_timeout(15_000)
    second.goto(f"{at.url}/atender")
    second.get_by_role("button", name="Ligar o telefone", exact=True).click()
    expect(second.locator("[data-phone-state=waiting]")).to_be_visible()
    at.answer()
    first, at.page = at.page, second
    first.close(run_before_unload=True)
    within(lambda: any(event["Event"] == "AgentComplete" for event in at.lab.events[-1:]), TOLD_S)
    within(lambda: not at.lab.pbx.list("CoreShowChannels").items, TOLD_S)
    within(lambda: at.state() != "talking", ANSWERED_S)
    expect(second.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
    at.end()
    at.answer()


@pytest.mark.long
def test_the_caller_of_a_page_that_died_is_told_when_nothing_is_heard_of_it(at: Desk) -> None:
    at.answer()
    with suppress(Error):
        at.page.goto("chrome://crash")
    within(lambda: not at.lab.pbx.list("CoreShowChannels").items, 4 * TOLD_S)
    at.page.close()
    at.page = at.context.new_page()
    at.page.set_default_timeout(15_000)
    at.page.goto(f"{at.url}/atender")
    at.button("Ligar o telefone").click()
    expect(at.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=60_000)
    at.answer()


def test_the_phone_of_another_browser_ends_this_one_after_its_call(at: Desk) -> None:
    name = at.answer()
    at.ask("POST", "/v1/phone/session", json={"agent": AGENT})
    at.until_hears("caller")
    at.until_heard(name, "agent")
    at.end()
    at.button("Desligar o telefone").click()
    at.button("Ligar o telefone").click()
    expect(at.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)
    at.answer()


def test_switching_the_phone_off_takes_it_from_the_pbx(at: Desk) -> None:
    endpoint = telephone(at).removeprefix("PJSIP/")
    at.button("Desligar o telefone").click()
    within(lambda: endpoint not in str(at.lab.pbx.list("PJSIPShowEndpoints").items), HEARS_S)
    within(lambda: interfaces(at) == [], HEARS_S)
    at.button("Ligar o telefone").click()
    expect(at.page.locator("[data-phone-state=ready]")).to_be_visible(timeout=30_000)


@contextmanager
def digits(desk: Desk) -> Iterator[list[str]]:
    """The digits that telephones send to the PBX."""
    pressed: list[str] = []

    def note(raw: str) -> None:
        # Its packet may follow an event that ends with an empty line too many.
        if "Event: DTMFEnd" in raw:
            event = parse(raw.strip())[0]
            if event["Direction"] == "Received":
                pressed.append(event["Digit"])

    server = desk.lab.server
    connection = Connection(note)
    connection.connect(HOST, server.ports[0])
    connection.login(server.DRIVER, server.secret)
    try:
        yield pressed
    finally:
        connection.close()
