"""SLA: e se? On the golden vector of the definitions: eleven values, a published level that never moves, a slider for keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from api.app import create_app
from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.handler_context import Caller, Command
from commands.interactions import AbandonCall, AnswerCall, LeaveByKey, OfferCall, ReleaseCall, StartCall, TimeOutCall
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.users import AppointAdministrator, SetPassword
from domain.base import SECOND
from domain.ids import interaction_id
from settings import Settings
from tests.kit.served import server_of
from tests.projections.queries.test_what_if import GOLDEN, VISITS
from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console

PAST_US = 1_772_470_800_000_000
"""2026-03-02, 14 h in São Paulo."""
PATH = "/sla?de=2026-03-02&ate=2026-03-02"


def visit(operator: Caller, number: int, end: str, wait: int) -> Iterator[Command]:
    """The commands of one visit of the golden vector."""
    began, call = PAST_US + number * 100 * SECOND, interaction_id(operator.tenant, f"golden-{number}")
    ended = began + wait * SECOND
    yield StartCall(call=f"golden-{number}", from_number=f"119000{number:05}", at=began)
    yield OfferCall(interaction=call, queue="vendas", at=began)
    match end:
        case "answered":
            yield AnswerCall(interaction=call, agent="Ana", at=ended)
            yield ReleaseCall(interaction=call, at=ended + SECOND)
        case "abandoned":
            yield AbandonCall(interaction=call, at=ended)
        case "timed-out":
            yield TimeOutCall(interaction=call, at=ended)
        case _:
            yield LeaveByKey(interaction=call, at=ended)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, built: None, browser: Browser) -> Iterator[Page]:
    """The page of a center whose past is the golden vector."""
    with open_center(tmp_path_factory.mktemp("sla") / "data", Settings()) as center:
        operator = caller(known_or_new(center, ""))
        token = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator).result["token"]
        center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator)
        center.bus.execute(RegisterQueue(name="vendas", sla_ms=20_000, tolerated_ms=5_000), operator)
        center.bus.execute(LogIn(agent="Ana", queues=("vendas",), at=PAST_US), operator)
        for number, (end, wait) in enumerate(VISITS):
            for command in visit(operator, number, end, wait):
                center.bus.execute(command, operator)
        with server_of(create_app(center)) as url:
            center.cover(center.store.head(), lambda *_: None)
            yield Console(url, browser).signed_in(path=PATH)


def written(percent: float) -> str:
    return f"{percent:.2f}\N{NO-BREAK SPACE}%".replace(".", ",")


def test_all_profiles_have_the_values_of_the_golden_vector(page: Page) -> None:
    expect(page.locator("tr[data-key]")).to_have_count(len(GOLDEN))
    shown = {
        row.get_attribute("data-key"): row.locator("[data-column=sla_percent]").inner_text() for row in page.locator("tr[data-key]").all()
    }
    assert shown == {profile: written(percent) for profile, percent in GOLDEN.items()}


def test_keys_move_the_slider_and_the_published_level_never_moves(page: Page) -> None:
    published, recalculated = page.locator("[data-level=published]"), page.locator("[data-level=recalculated]")
    before = published.inner_text()
    assert written(70.0) in before
    assert "70 ÷ 100" in before
    slider = page.get_by_role("slider", name="Limite T")
    slider.focus()
    page.keyboard.press("End")
    expect(recalculated).to_contain_text(written(85.0))
    expect(page.locator("[data-level=difference]")).to_contain_text("+15,00")
    page.keyboard.press("Home")
    expect(recalculated).to_contain_text(written(0.0))
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(recalculated).to_contain_text(written(70.0))
    assert "sla=8" in page.url
    page.get_by_label("Perfil de SLA").select_option("offered-minus-short")
    expect(recalculated).to_contain_text(written(73.68))
    assert published.inner_text() == before
    page.get_by_role("button", name="Usar os dos serviços").click()
    expect(recalculated).to_contain_text(written(70.0))
    assert "sla=" not in page.url
