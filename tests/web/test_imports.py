"""An empty installation is set up in the browser: files, what they refused, what becomes of them, and the simulation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from api.app import create_app
from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from settings import Settings
from tests.kit.served import server_of
from tests.kit.slow_imports import SlowImport
from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console
from tests.web.test_accessibility import in_both_themes

LOG = Path(__file__).parents[1] / "data" / "captures" / "run-a" / "queue_log"
BAD = b"no line\n1700000000|x|y\n"
DONE_MS = 60_000


@pytest.fixture
def empty(tmp_path: Path, built: None, browser: Browser) -> Iterator[Console]:
    """The console of a fresh installation, with nothing but an administrator."""
    with open_center(tmp_path / "data", Settings()) as center:
        operator = caller(known_or_new(center, ""))
        token = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator).result["token"]
        center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator)
        center.covered()
        with server_of(create_app(center)) as url:
            yield Console(url, browser)


def choose(page: Page, name: str, content: bytes) -> Locator:
    """Choose a file; its newest row in the list."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Escolher arquivos").click()
    chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    return page.locator(f"li[data-name='{name}']").first


def test_an_empty_installation_is_filled_with_the_past_of_a_queue_log(empty: Console) -> None:
    page = empty.signed_in()
    page.wait_for_url("**/comecar")
    expect(page.get_by_role("heading", level=1)).to_have_text("Começar")
    expect(page.get_by_text("ATENDE_ASTERISK=ami://")).to_be_visible()

    row = choose(page, "queue_log.1", BAD + LOG.read_bytes())
    expect(row).to_have_attribute("data-import", "done", timeout=DONE_MS)
    expect(row).to_contain_text(re.compile(r"\d+ chamadas novas"))
    row.get_by_role("button", name="2 linhas recusadas").click()
    expect(row.locator("tbody tr")).to_have_count(2)
    with page.expect_download() as file:
        row.get_by_role("button", name="CSV").click()
    assert file.value.suggested_filename == "linhas-recusadas_queue_log.1.csv"
    assert file.value.path().read_text(encoding="utf-8-sig").splitlines()[1].startswith("queue_log.1;1;")

    # The same file again is known, and says so.
    page.reload()
    calls = re.search(r"(\d+) chamadas novas", page.locator("li[data-import=done]").inner_text())
    assert calls is not None
    choose(page, "queue_log.1", BAD + LOG.read_bytes())
    expect(page.locator("li[data-import=done]")).to_have_count(2, timeout=DONE_MS)
    expect(page.locator("li[data-import=done]").first).to_contain_text("0 chamada nova")
    expect(page.locator("li[data-import=done]").first).to_contain_text("linhas já conhecidas")

    # What is no log is said in plain words; it may be dropped as well.
    dropped = page.evaluate_handle(
        "() => { const all = new DataTransfer(); all.items.add(new File(['\\x89PNG\\0'], 'foto.png')); return all }"
    )
    page.locator("[class*=drop]").first.dispatch_event("drop", {"dataTransfer": dropped})
    png = page.locator("li[data-name='foto.png']")
    expect(png).to_have_attribute("data-import", "failed")
    expect(png).to_contain_text("Este arquivo não é um queue_log do Asterisk")

    page.locator("li[data-import=done]").last.get_by_role("button", name="2 linhas recusadas").click()
    page.locator("li[data-import=done] tbody tr").first.wait_for()
    in_both_themes(page, "comecar")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("li[data-import=done]").last.get_by_role("link", name="Ver no Inbound").click()
    page.wait_for_url(re.compile(r"/inbound\?de=[\d-]+&ate=[\d-]+"))
    offered = page.locator("[data-figure=offered] [data-value]")
    expect(offered).to_have_text(re.compile(r"^[1-9]"))
    page.goto(empty.url)
    page.wait_for_url(lambda url: "/comecar" not in url and url.rstrip("/") != empty.url)


def test_an_import_goes_on_while_its_page_is_left_and_ends_when_it_is_cancelled(empty: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowImport(monkeypatch)
    page = empty.signed_in()
    row = choose(page, "queue_log", LOG.read_bytes())
    expect(row).to_have_attribute("data-import", "running", timeout=DONE_MS)
    page.get_by_role("link", name="Inbound").first.click()
    page.wait_for_url("**/inbound*")
    page.get_by_role("link", name=re.compile("^Importando")).click()
    page.wait_for_url("**/comecar")
    page.get_by_role("button", name="Cancelar queue_log").click()
    slow.go.set()
    row = page.locator("li[data-name=queue_log]")
    expect(row).to_have_attribute("data-import", "cancelled", timeout=DONE_MS)
    expect(row).to_contain_text("O que já entrou fica")


def test_a_simulated_center_is_started_and_ended(empty: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.simulation.HOURS", 2)
    page = empty.signed_in()
    page.get_by_role("button", name="Simular").click()
    row = page.locator("li[data-name='Central simulada']")
    expect(row).to_contain_text("Ao vivo", timeout=DONE_MS)
    expect(page.get_by_role("button", name="Simular")).to_have_count(0)
    row.get_by_role("button", name="Cancelar Central simulada").click()
    expect(row).to_have_attribute("data-import", "cancelled", timeout=DONE_MS)


def test_the_time_zone_of_a_table_is_chosen_and_why_a_line_was_refused_is_said_in_portuguese(empty: Console) -> None:
    page = empty.signed_in(path="/comecar")
    zone = page.get_by_role("combobox", name="Fuso da tabela")
    zone.fill("America/Manaus")
    page.get_by_role("option", name="America/Manaus").click()
    table = b"time,callid,queuename,agent,event,data1,data2,data3,data4,data5\n"
    table += b"2026-03-02 10:00:00.000000,1.1,vendas,NONE,ENTERQUEUE,,5511987654321,1,,\n"
    table += b"2026-03-02 10:00:09.000000,1.1,vendas,NONE,ABANDON,1,1,9,,\n"
    table += b"ontem,1.2,vendas,NONE,ENTERQUEUE,,5511987654321,1,,\n"
    row = choose(page, "tabela.csv", table)
    expect(row).to_have_attribute("data-import", "done", timeout=DONE_MS)
    assert empty.get("/v1/imports").json()["items"][0]["first_at"] == "2026-03-02T14:00:00.000Z"
    row.get_by_role("button", name="1 linha recusada").click()
    expect(row.locator("tbody tr")).to_contain_text("não é um instante: 'aaaaa'")
