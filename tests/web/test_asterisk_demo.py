"""`make demo ASTERISK=1` for a newcomer: what it prints leads to a call with sound, to a colleague, and to listening."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from services.asterisk_demo import COLLEAGUE, EMAIL, PATIENCE_S
from services.chromium import FLAGS
from tests.kit import asterisk
from tests.kit.sound import heard_in_page, write_tone
from tests.kit.waiting import within
from tests.web.conftest import PASSWORD
from tests.web.test_phone import ANSWERED_S, HEARS_S, SOUND

PRINTED = re.compile(r"(http://\S+/first-access\S+)")
ENDS_WITHIN_S = 60


@pytest.fixture
def link(built: None, lab: asterisk.Lab) -> Iterator[str]:
    """What the demo prints first. Afterwards it was ended by Ctrl-C, and has left nobody in a queue."""
    process = subprocess.Popen(
        [sys.executable, "-m", "services.asterisk_demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        found = next(found for line in process.stdout if (found := PRINTED.search(line)))
        yield found[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(ENDS_WITHIN_S) == 0
        assert not [row for row in lab.pbx.list("QueueStatus").items if row["Event"] == "QueueMember"]
    finally:
        process.kill()
        process.stdout.close()
        lab.world.command("channel request hangup all")


@pytest.fixture
def lab() -> Iterator[asterisk.Lab]:
    with asterisk.lab() as made:
        yield made


@pytest.fixture
def page(playwright: Playwright, program: str, tmp_path: Path) -> Iterator[Page]:
    microphone = write_tone(tmp_path / "agent.wav", 1000)
    browser = playwright.chromium.launch(
        executable_path=program, args=[*FLAGS, *SOUND, f"--use-file-for-fake-audio-capture={microphone.resolve()}"]
    )
    with closing(browser):
        yield browser.new_context(permissions=["microphone"], reduced_motion="reduce").new_page()


@pytest.mark.long
def test_a_newcomer_listens_to_a_colleague_takes_a_call_with_sound_and_hands_it_to_her(link: str, lab: asterisk.Lab, page: Page) -> None:
    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).first.click(timeout=ANSWERED_S * 1_000)

    def hears(*who: str) -> None:
        within(lambda: page.evaluate(heard_in_page()) == sorted(who), HEARS_S)

    measured: list[str] = []
    page.on("request", lambda request: measured.append(request.url) if request.url.endswith("/phone/quality") else None)
    page.goto(link)
    page.locator("input[type=password]").fill(PASSWORD)
    press("Definir senha")
    page.get_by_text("Senha definida").wait_for()
    page.goto(f"{link.partition('/first-access')[0]}/entrar?voltar=/atender")
    page.get_by_label("E-mail", exact=True).fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    press("Entrar")
    for step in ("Criar meu agente", "Ligar o telefone"):
        press(step)
    page.locator("[data-phone-state=ready]").wait_for()
    page.get_by_role("link", name="Agentes", exact=True).click()
    page.get_by_role("button", name=f"Supervisionar {COLLEAGUE}").click(timeout=PATIENCE_S * 1_000)
    press("Escutar")
    hears("caller", "telephone")
    press("Sair")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Tela de Atendimento").click()
    for step in ("Entrar em vendas", "Atender"):
        press(step)
    hears("caller")
    assert measured == [], "what a supervisor heard is no customer's voice quality"
    press("Espera")
    hears()
    press("Retomar")
    hears("caller")
    page.get_by_label("Tabulação").fill("primeira venda")
    press("Transferir")
    press("Agente")
    expect(page.get_by_role("form", name="Transferir").get_by_role("combobox")).to_have_value(COLLEAGUE)
    press("Transferir já")
    page.get_by_text("Nenhuma chamada agora.").wait_for()
    press("Finalizar atendimento")
    expect(page.get_by_role("button", name="Finalizar atendimento")).to_have_count(0)
    page.get_by_role("link", name="Rastreio de Interações").click()
    within(lambda: len(measured) == 1, HEARS_S)
    # The list has what is over.
    lab.world.command("channel request hangup all")
    rows = page.get_by_role("row").filter(has_text="primeira venda")

    def is_listed() -> bool:
        page.reload()
        page.get_by_text(re.compile(r"^\d+ chamadas?$")).wait_for()
        return rows.count() == 1

    within(is_listed, HEARS_S)
    rows.get_by_role("link").first.click()
    history = page.get_by_role("main")
    expect(history).to_contain_text("Em espera")
    expect(history).to_contain_text("Tabulada")
    expect(history).not_to_contain_text("O PBX reiniciou")
