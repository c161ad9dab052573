"""What the console can prove and what no source saw: gaps with their reasons, and a broken hash chain with its position."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from api.app import create_app
from bootstrap import Center, open_center
from cli.company import caller, known_or_new
from commands.contacts import ForgetContact, RegisterContact
from commands.interactions import EndCall, StartCall
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from settings import Settings
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from tests.kit.captures import capture, written
from tests.kit.cuts import lost
from tests.kit.embedded import SAO_PAULO
from tests.kit.served import server_of
from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console

RECORDED = capture("run-b")
CUT_AT = RECORDED.lines[len(RECORDED.lines) // 2].t
PHONE = "5511955554444"
PATH = "/inbound?de=2026-11-23&ate=2026-11-23"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    directory = tmp_path_factory.mktemp("evidence")
    with open_center(directory / "data", Settings()) as center:
        operator = caller(known_or_new(center, ""))
        token = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator).result["token"]
        center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator)
        import_ami(center.bus, operator, written(lost(RECORDED.lines, CUT_AT), directory / "cut.jsonl"), "ami")
        yield center


@pytest.fixture
def console(center: Center, built: None, browser: Browser) -> Iterator[Console]:
    with server_of(create_app(center)) as url:
        center.cover(center.store.head(), lambda *_: None)
        yield Console(url, browser)


def test_limits_name_the_source_and_the_reason_and_go_once_the_log_is_imported(center: Center, console: Console) -> None:
    page = console.signed_in(path=PATH)
    page.locator("[data-gap]").wait_for()
    board = console.get("/v1/dashboards/inbound?from=2026-11-23&to=2026-11-24").json()
    (gap,) = console.get("/v1/sources/gaps?from=2026-11-23&to=2026-11-24").json()["items"]
    line = page.locator("[data-gap]").inner_text()
    assert gap["opened_at"][11:19] in line
    assert gap["closed_at"][11:19] in line
    assert "Asterisk (AMI)" in line
    assert "conexão com o PBX perdida" in line
    low, high = board["totals"]["bounds"]["offered"]
    offered = page.locator("[data-figure=offered]")
    assert f"{low}\N{EN DASH}{high}" in offered.inner_text()
    offered.get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="Recebidas")
    assert "conexão com o PBX perdida" in dialog.inner_text()
    page.keyboard.press("Escape")
    assert "fonte sem sinal" in (page.locator("[role=img]").first.get_attribute("aria-label") or "")
    operator = caller(known_or_new(center, ""))
    import_queue_log(center.bus, operator, [(RECORDED.queue_log, "queue_log")], timezone=SAO_PAULO)
    expect(page.locator("[data-gap]")).to_have_count(0)
    totals = console.get("/v1/dashboards/inbound?from=2026-11-23&to=2026-11-24").json()["totals"]
    assert totals["bounds"] is None
    expect(offered.locator("[data-value]")).to_have_text(str(totals["offered"]))


def test_a_customer_who_was_forgotten_is_told_as_such_and_the_chain_stays_whole(center: Center, console: Console) -> None:
    operator = caller(known_or_new(center, ""))
    contact = center.bus.execute(RegisterContact(name="Carla Dias", phones=(PHONE,)), operator).id
    call = center.bus.execute(StartCall(from_number=PHONE), operator).id
    center.bus.execute(EndCall(interaction=call), operator)
    center.cover(center.store.head(), lambda *_: None)
    page = console.signed_in(path=f"/interacoes/{call}")
    expect(page.locator("main")).to_contain_text(PHONE)
    center.bus.execute(ForgetContact(contact=contact), operator)
    center.cover(center.store.head(), lambda *_: None)
    page.reload()
    expect(page.locator("main")).to_contain_text("(anonimizado)")
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "intact")
    assert PHONE not in page.locator("main").inner_text()


def test_the_page_of_a_call_is_proved_and_on_a_flipped_byte_names_the_position(center: Center, console: Console) -> None:
    call = console.get("/v1/interactions?medium=voice&from=2026-11-23&to=2026-11-24&status=answered&direction=inbound").json()["items"][0]
    events = console.get(call["history"]).json()["items"]
    page = console.signed_in(path=f"/interacoes/{call['id']}")
    verdict = page.locator("[data-verdict]")
    expect(verdict).to_have_attribute("data-verdict", "intact")
    expect(verdict).to_contain_text("Cadeia íntegra até a posição")
    expect(page.locator("li[data-event]")).to_have_count(len(events))
    assert [item.get_attribute("data-position") for item in page.locator("li[data-event]").all()] == [
        str(event["position"]) for event in events
    ]
    assert "Atendida" in page.locator("ol").inner_text()
    position = events[-1]["position"]
    store = center.store.recorder.db
    (state,) = store.execute("SELECT state FROM stored_events WHERE position = ?", (position,))[0]
    store.execute("UPDATE stored_events SET state = ? WHERE position = ?", (state[:-2] + bytes([state[-2] ^ 1]) + state[-1:], position))
    page.reload()
    expect(verdict).to_have_attribute("data-broken", str(position))
    expect(verdict).to_contain_text("Cadeia quebrada na posição")
