"""The editor of an IVR (URA), in a real browser before a real server: hours, messages, picture, dry run, blacklist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.kit.agi import silence
from tests.web.conftest import Console
from tests.web.test_accessibility import in_both_themes
from tests.web.test_administration import Server, button, done, go


@pytest.fixture(scope="module")
def server(served: str) -> Server:
    return Server(served)


@pytest.fixture(scope="module")
def ivr(server: Server) -> str:
    """The id of an IVR whose menu leads to two queues."""
    for queue in ("Norte", "Sul"):
        server.ask("POST", "/v1/queues", {"name": queue})
    menu = [{"digit": "1", "queue": "Norte"}, {"digit": "2", "queue": "Sul"}]
    body = {"name": "editada", "menu": menu, "welcome": {"text": "Bem-vindo"}}
    return str(server.ask("POST", "/v1/ivrs", body)["id"])


@pytest.fixture(scope="module")
def tab(console: Console, ivr: str) -> Iterator[Page]:
    page = console.signed_in(path=f"/canais/telefone/{ivr}")
    yield page
    page.context.close()


def test_the_flow_is_edited_seen_tried_and_saved(console: Console, tab: Page, server: Server, ivr: str) -> None:
    go(console, tab, f"canais/telefone/{ivr}")
    picture = tab.get_by_role("region", name="Caminho da ligação", exact=True)
    expect(picture.get_by_text("Norte")).to_be_visible()
    tab.get_by_role("switch", name="Aberta 24 horas, todos os dias").press("Space")
    button(tab, "Acrescentar feriado")
    tab.get_by_label("Data", exact=True).fill("25/12")
    tab.get_by_label("Fora do horário", exact=True).fill("Estamos fechados")
    # The picture and the dry run follow what is not saved yet.
    expect(picture.get_by_text("Estamos fechados")).to_be_visible()
    attempt = tab.get_by_role("region", name="Experimentar", exact=True)
    attempt.get_by_label("Quando liga").fill("2026-12-25T12:00")
    attempt.get_by_role("button", name="Experimentar").click()
    expect(attempt.get_by_text("· feriado")).to_be_visible()
    tab.get_by_role("switch", name="Aberta 24 horas, todos os dias").press("Space")
    attempt.get_by_label("O que tecla").fill("7 2")
    attempt.get_by_role("button", name="Experimentar").click()
    expect(attempt.get_by_role("listitem").last).to_contain_text("Fila Sul")
    tab.get_by_role("button", name="Salvar", exact=True).click()
    done(tab)
    saved = server.ask("GET", f"/v1/ivrs/{ivr}")
    assert (saved["holidays"], saved["closed"]["text"]) == ([{"day": "12-25", "name": ""}], "Estamos fechados")


def test_a_file_is_uploaded_once_nothing_else_is_unsaved(console: Console, tab: Page, server: Server, ivr: str) -> None:
    go(console, tab, f"canais/telefone/{ivr}")
    upload = tab.get_by_role("button", name="Enviar arquivo: Ninguém atendeu")
    tab.get_by_label("DDD", exact=True).fill("11")
    expect(upload).to_be_disabled()
    tab.get_by_label("DDD", exact=True).fill("")
    with tab.expect_file_chooser() as chooser:
        upload.click()
    chooser.value.set_files({"name": "até logo.wav", "mimeType": "audio/wav", "buffer": silence(0.5)})
    expect(tab.get_by_text("até logo.wav").first).to_be_visible()
    assert server.ask("GET", f"/v1/ivrs/{ivr}")["unanswered"]["file"] == "até logo.wav"
    with tab.expect_response(lambda answer: "/audio" in answer.url) as heard:
        tab.get_by_role("button", name="Ouvir: Ninguém atendeu").click()
    assert heard.value.headers["content-type"] == "audio/wav"


def test_a_number_is_blocked_and_unblocked(console: Console, tab: Page, server: Server, ivr: str) -> None:
    go(console, tab, f"canais/telefone/{ivr}")
    panel = tab.get_by_role("region", name="Números bloqueados", exact=True)
    panel.get_by_label("Número", exact=True).fill("(11) 98765-4321")
    panel.get_by_role("button", name="Bloquear", exact=True).click()
    expect(panel.get_by_text("(11) 98765-4321")).to_be_visible()
    panel.get_by_role("button", name="Desbloquear (11) 98765-4321").click()
    expect(panel.get_by_text("Nenhum número bloqueado")).to_be_visible()
    assert server.ask("GET", f"/v1/ivrs/{ivr}/blocked-callers")["items"] == []


def test_the_list_of_call_backs_says_when_nobody_waits(console: Console, tab: Page) -> None:
    go(console, tab, "retornos")
    expect(tab.get_by_text("Ninguém espera um retorno")).to_be_visible()


def test_the_editor_is_accessible_in_both_themes_on_a_telephone(console: Console, ivr: str) -> None:
    page = console.signed_in(path=f"/canais/telefone/{ivr}", viewport={"width": 360, "height": 740})
    page.get_by_role("region", name="Caminho da ligação", exact=True).wait_for()
    in_both_themes(page, "an IVR's editor")
    too_wide = "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > 360).map(one => one.outerHTML.slice(0, 200))"
    assert page.evaluate(too_wide) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.context.close()
