"""Rastreio de Interações: every filter is in the address but the customer's number; every figure leads to its calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Console


@pytest.fixture(scope="module")
def page(console: Console) -> Iterator[Page]:
    page = console.signed_in(path="/interacoes?periodo=7d")
    yield page
    page.context.close()


def protocols(page: Page) -> list[str]:
    page.locator("[data-as-of]").wait_for()
    return page.locator("td[data-column=protocol]").all_inner_texts()


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("tipo=inbound&status=answered&status=abandoned", "direction=inbound&status=answered&status=abandoned"),
        ("duracao=30-90&ordem=asc", "min_duration_ms=30000&max_duration_ms=90999&order=asc"),
        ("qualidade=low&qualidade=medium", "quality=low&quality=medium"),
    ],
)
def test_the_filters_of_the_address_are_those_of_the_api(console: Console, page: Page, address: str, asked: str) -> None:
    position = console.get("/v1/dashboards/inbound").json()["as_of"]
    page.goto(f"{console.url}/interacoes?periodo=7d&em={position}&{address}")
    shown = protocols(page)
    order = "" if "order=" in asked else "&order=desc"
    period = console.get("/v1/dashboards/inbound").json()["period"]["from"]
    since = f"{period[:8]}01" if period[8:10] < "07" else f"{period[:8]}{int(period[8:10]) - 6:02}"
    found = console.get(f"/v1/interactions?medium=voice&limit=100&count=true&as_of={position}&from={since}&{asked}{order}").json()
    assert shown == [str(row["protocol"]) for row in found["items"]][: len(shown)]
    assert len(shown) > 3
    expect(page.get_by_role("heading", name=re.compile(rf"^{found['count']} chamada"))).to_be_visible()


def test_the_way_back_from_a_call_leads_to_the_list_as_it_was_filtered(console: Console, page: Page) -> None:
    page.goto(f"{console.url}/interacoes?periodo=7d&status=abandoned")
    shown = protocols(page)
    page.locator("td[data-column=protocol] a").first.click()
    page.wait_for_url(re.compile("/interacoes/."))
    page.reload()
    page.get_by_role("link", name="Voltar ao rastreio").click()
    page.wait_for_url(re.compile(r"/interacoes\?periodo=7d&status=abandoned$"))
    assert protocols(page) == shown


def test_a_customers_number_finds_calls_and_is_never_in_the_address(console: Console, page: Page) -> None:
    call = next(row for row in console.get("/v1/interactions?medium=voice&direction=inbound").json()["items"] if row["from_number"])
    page.goto(f"{console.url}/interacoes?periodo=7d")
    protocols(page)
    field = page.get_by_label("Número", exact=True)
    field.fill(call["from_number"])
    field.press("Enter")
    expect(page.locator("td[data-column=protocol]", has_text=re.compile(rf"^{call['protocol']}$"))).to_be_visible()
    assert call["from_number"] not in page.url
    expect(page.get_by_role("button", name="CSV")).to_be_disabled()


def test_a_figure_leads_to_its_calls_with_the_same_filters(console: Console, page: Page) -> None:
    queue = console.get("/v1/queues").json()["items"][0]["name"]
    page.goto(f"{console.url}/inbound?periodo=7d&servico={queue}")
    page.locator("[data-as-of]").wait_for()
    page.locator("[data-figure=abandoned]").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("link", name="Ver chamadas").click()
    page.wait_for_url(re.compile("/interacoes"))
    for part in (f"servico={queue}", "periodo=7d", "status=abandoned", "tipo=inbound"):
        assert part in unquote(page.url)


def test_all_but_one_queue_is_chosen_by_keys_and_kept_in_the_address(console: Console, page: Page) -> None:
    queue = console.get("/v1/queues").json()["items"][0]["name"]
    page.goto(f"{console.url}/inbound?periodo=7d")
    page.locator("[data-as-of]").wait_for()
    page.get_by_role("button", name=re.compile("^Serviço")).first.click()
    page.get_by_label("Todos menos os escolhidos").check()
    page.get_by_role("option", name=queue).click()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("-servico="))
    expect(page.locator(f"tr[data-key='{queue}']")).to_have_count(0)
    expect(page.get_by_role("button", name=f"Remover {queue}")).to_contain_text("menos")


def test_the_events_of_a_call_are_filtered_by_their_kinds_and_the_choice_is_in_the_address(page: Page, console: Console) -> None:
    page.goto(f"{console.url}/interacoes?periodo=7d&status=answered")
    page.locator("td[data-column=protocol] a").first.click()
    page.wait_for_url(re.compile("/interacoes/."))
    kinds = page.get_by_role("group", name="Tipos de evento")
    kinds.wait_for()
    all_of_it = page.locator("[data-event]").count()
    expect(kinds.get_by_role("button", name=re.compile("^Todos"))).to_contain_text(str(all_of_it))
    kind = kinds.get_by_role("button").nth(1)
    number = int(kind.locator(".num").inner_text())
    assert 0 < number < all_of_it
    kind.click()
    expect(page.locator("[data-event]")).to_have_count(number)
    assert "evento=" in page.url
    page.reload()
    expect(page.locator("[data-event]")).to_have_count(number)
    kinds.get_by_role("button", name=re.compile("^Todos")).click()
    expect(page.locator("[data-event]")).to_have_count(all_of_it)


def test_a_dialled_call_shows_its_attempt_as_the_api_has_it(page: Page, console: Console) -> None:
    calls = console.get("/v1/interactions?direction=outbound&status=answered").json()["items"]
    attempt = console.get(f"/v1/interactions/{calls[0]['id']}").json()["attempt"]
    page.goto(f"{console.url}/interacoes/{calls[0]['id']}")
    shown = page.get_by_role("region", name="Discagem")
    expect(shown).to_be_visible()
    facts = dict(shown.locator("dl > div").evaluate_all("all => all.map(one => [...one.children].map(part => part.innerText))"))
    assert facts["Resultado"] == attempt["result_label"] == "Atendida"
    for name, instant in (("Discada", "dialled_at"), ("Atendida", "answered_at"), ("Terminada", "ended_at")):
        at = datetime.fromisoformat(attempt[instant])
        assert facts[name] == f"{at:%d/%m/%Y %H:%M:%S}"
    for name, duration in (("Conversa", "talk_ms"), ("Em espera", "hold_ms"), ("Pós-atendimento", "wrap_up_ms")):
        seconds = attempt[duration] // 1000
        assert facts[name] == f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    parts = page.get_by_role("region", name="Linha do tempo").get_by_role("listitem")
    expect(parts.filter(has_text="Discagem")).to_have_count(1)
    expect(parts.filter(has_text="URA")).to_have_count(0)
    shown.get_by_role("button", name="Sobre Discagem").click()
    expect(page.get_by_role("dialog", name="Sobre Discagem")).to_contain_text("conta em Atendidas")
    page.keyboard.press("Escape")
