"""The clock of the machine is set back: commands and logins go on, and no event is before one that was recorded earlier."""

from __future__ import annotations

from api.app import create_app
from commands.observations import ObserveCall
from domain.base import SECOND
from domain.voice.facts import Fact
from tests.kit.http import PASSWORD, TimedCenter, administrator, operator, serving

BACK_S = 5 * 3_600


def recorded(center) -> list[int]:
    return [decoded.event.recorded_at for decoded in center.store.read(0, 10_000)]


def test_commands_go_on_and_happen_at_the_last_events_instant(ana, center):
    call = ana.post("/v1/interactions", {"from_number": "5531977916159"}).json()["id"]
    center.clock.pass_s(10)
    ana.post("/v1/queues", {"name": "vendas"})
    ana.post(f"/v1/interactions/{call}/offer", {"queue": "vendas"})
    ana.post("/v1/agents/log-in", {"agent": "Ana"})
    center.clock.pass_s(-BACK_S)

    answers = [
        ana.post(f"/v1/interactions/{call}/ring", {"agent": "Ana"}),
        ana.post(f"/v1/interactions/{call}/answer", {"agent": "Ana"}),
        ana.post("/v1/interactions", {}),
        ana.post(f"/v1/interactions/{call}/end", {}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 201, 200], [answer.text for answer in answers]
    assert recorded(center) == sorted(recorded(center))
    center.clock.pass_s(BACK_S + 5)
    assert ana.post("/v1/interactions", {}).status_code == 201
    assert recorded(center)[-1] == center.clock.now_us()


def test_people_log_in_refresh_and_stay(ana, client, center):
    center.clock.pass_s(-BACK_S)
    assert ana.get("/v1/me").status_code == 200
    ana.stay()
    answer = client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD, "company": "Empresa"})
    assert answer.status_code == 200
    assert ana.get("/v1/me").status_code == 200


def test_a_process_that_starts_after_it_goes_on_too(center, tmp_path):
    with serving(create_app(center)):
        administrator(create_app(center), center, "Empresa")
    center.close()
    again = TimedCenter(tmp_path / "data")
    again.clock.pass_s(-BACK_S)
    administrator(create_app(again), again, "Empresa")
    assert recorded(again) == sorted(recorded(again))
    again.close()


def test_the_process_stays_ready_and_says_how_far_its_clock_is_behind(ana, center):
    assert ana.post("/v1/interactions", {}).status_code == 201
    center.clock.pass_s(-BACK_S)
    assert ana.get("/readyz").status_code == 200
    assert f"atende_clock_behind_log_seconds {float(BACK_S)}" in ana.get("/metrics").text


def test_an_instant_that_a_source_observes_does_not_move_the_time_of_the_log(ana, center):
    ahead = center.clock.now_us() + 24 * 3600 * SECOND
    center.bus.execute(ObserveCall(call="1.1", facts=(Fact("arrived", ahead, "ami"),)), operator("Empresa"))
    assert center.bus.clock.now_us() == center.clock.now_us()
    assert ana.post("/v1/interactions", {}).status_code == 201
