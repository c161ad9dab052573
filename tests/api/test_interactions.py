"""An integration reports calls through the API: each action is answered, refused if it is not possible now, and counted in every figure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.base import FORGOTTEN, SECOND
from domain.ids import company_id, queue_id
from store import chain_prover
from tests.api.test_auth import problem_of

TEN = "2026-03-02T10:00:00-03:00"
S = 1_000


def at(second: float) -> str:
    """So long after ten o'clock, the morning before the center's clock begins."""
    minutes, seconds = divmod(second, 60)
    return f"2026-03-02T10:{int(minutes):02}:{seconds:06.3f}-03:00"


class HandlerContext:
    """Says steps of calls, each of which must be accepted."""

    def __init__(self, person):
        self.person = person
        self.position = 0

    def say(self, path, second, **body):
        for queue in {*body.get("queues", ()), *([body["queue"]] if "queue" in body else ())}:
            self.person.post("/v1/queues", {"name": queue})
        answer = self.person.post(path, body | {"at": at(second)})
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
        self.position = answer.json()["position"]
        return answer.json()

    def call(self, second, number="5511987654321"):
        return self.say("/v1/interactions", second, from_number=number, to_number="551140028922")["id"]

    def step(self, call, step, second, **body):
        return self.say(f"/v1/interactions/{call}/{step}", second, **body)


@pytest.fixture
def context(ana):
    return HandlerContext(ana)


@pytest.fixture
def worked(ana, context):
    """The worked example of the figures' definitions, lived through the API."""
    ana.post("/v1/queues", {"name": "vendas", "sla_ms": 20 * S, "tolerated_ms": 5 * S})
    for agent in ("Ana", "Bruno"):
        context.say("/v1/agents/log-in", 0, agent=agent, queues=["vendas"])
    for offered, wait, agent, talk, hold, wrap in ((0, 8, "Ana", 60, 0, 10), (300, 35, "Bruno", 100, 20, 0)):
        call = context.call(offered)
        context.step(call, "offer", offered, queue="vendas")
        context.step(call, "ring", offered, agent=agent)
        context.step(call, "answer", offered + wait, agent=agent)
        if hold:
            context.step(call, "hold", offered + wait + 10)
            context.step(call, "resume", offered + wait + 10 + hold)
        context.step(call, "release", offered + wait + talk + hold)
        context.step(call, "end", offered + wait + talk + hold)
        context.step(call, "wrap-up", offered + wait + talk + hold + wrap, tag="venda")
    for offered, wait in ((600, 3), (1200, 50)):
        call = context.call(offered)
        context.step(call, "offer", offered, queue="vendas")
        context.step(call, "abandon", offered + wait)
        context.step(call, "end", offered + wait)
    call = context.call(3590)
    context.step(call, "offer", 3590, queue="vendas")
    answer = ana.post(f"/v1/interactions/{call}/time-out", {"at": "2026-03-02T11:00:50-03:00"})
    end = ana.post(f"/v1/interactions/{call}/end", {"at": "2026-03-02T11:00:50-03:00"})
    assert (answer.status_code, end.status_code) == (200, 200)
    context.position = end.json()["position"]
    return context


HOUR = {
    "offered": 5, "answered": 2, "answered_within_sla": 1, "abandoned": 2, "timed_out": 1, "sla_percent": 20.0, "abandoned_percent": 40.0,
    "asa_ms": 21_500, "msa_ms": 35_000, "aht_ms": 95_000, "mht_ms": 120_000, "max_queued_ms": 60_000,
}  # fmt: skip


def test_the_worked_example_through_the_api(ana, worked):
    params = {"from": "2026-03-02T10:00:00", "to": "2026-03-02T12:00:00", "by": "hour", "at_least": worked.position}
    ten, eleven = ana.get("/v1/dashboards/inbound", params=params).json()["series"]
    assert {name: ten[name] for name in HOUR} == HOUR
    assert (ten["start"], ten["abandoned_short"], ten["handled"]) == (TEN, 1, 2)
    assert (eleven["offered"], eleven["sla_percent"]) == (0, None)
    params["sla_profile"] = "offered-minus-short"
    assert ana.get("/v1/reports/queues", params=params).json()["items"][0]["sla_percent"] == 25.0


def test_calls_are_found_by_a_tag_in_any_spelling(ana, worked):
    found = ana.get("/v1/interactions", params={"tag": " VENDA ", "at_least": worked.position}).json()
    assert [row["tags"] for row in found["items"]] == [["venda"], ["venda"]]
    assert found["notes"] == []
    assert ana.get("/v1/interactions", params={"tag": "vendas"}).json()["notes"] == ["no call with the tag vendas"]


def test_what_was_lived_is_in_the_report_of_interactions_and_in_its_history(ana, worked):
    rows = ana.get("/v1/interactions", params={"medium": "voice", "at_least": worked.position}).json()["items"]
    assert [(row["status"], row["duration_ms"], row["tags"]) for row in rows] == [
        ("answered", 68 * S, ["venda"]), ("answered", 155 * S, ["venda"]), ("abandoned", 3 * S, []), ("abandoned", 50 * S, []),
        ("timed-out", 60 * S, []),
    ]  # fmt: skip
    first = rows[0]
    assert (first["from_number"], first["to_number"], first["origin"], first["agents"], first["queues"]) == (
        "5511987654321", "551140028922", "Portal", ["Ana"], ["vendas"],
    )  # fmt: skip
    events = ana.get(first["history"]).json()["items"]
    assert [event["event"] for event in events] == [
        f"interaction.{name}" for name in ("arrived", "offered", "rang", "answered", "released", "hung_up", "observed")
    ]
    assert {event["actor"] for event in events} == {f"user:{ana.tokens['user_id']}"}
    assert {event["actor_name"] for event in events} == {ana.get("/v1/me").json()["name"]} != {""}
    assert [event["cause"] for event in events][:2] == ["StartCall", "OfferCall"]
    half = ana.get(first["history"], params={"as_of": at(8)}).json()["items"]
    assert [event["event"] for event in half] == [f"interaction.{name}" for name in ("arrived", "offered", "rang", "answered")]


def test_a_call_is_proved_until_a_byte_of_the_log_is_flipped_and_then_its_position_is_named(center, ana, worked, monkeypatch):
    calls = ana.get("/v1/interactions", params={"medium": "voice", "at_least": worked.position}).json()["items"]
    proofs = {call["id"]: ana.get(f"/v1/interactions/{call['id']}/proof").json() for call in calls}
    for proof in proofs.values():
        assert (proof["events"]["verdict"], proof["log"]["verdict"], proof["log"]["checked_to"]) == ("intact", "intact", proof["as_of"])
        assert proof["events"]["checked"] > 2
    first, other = calls[0]["id"], calls[1]["id"]
    position = ana.get(f"/v1/interactions/{first}/history").json()["items"][2]["position"]
    (state,) = center.store.recorder.db.execute("SELECT state FROM stored_events WHERE position = ?", (position,))[0]
    flipped = state[:-2] + bytes([state[-2] ^ 1]) + state[-1:]
    center.store.recorder.db.execute("UPDATE stored_events SET state = ? WHERE position = ?", (flipped, position))
    assert ana.get(f"/v1/interactions/{first}/proof").json()["events"] == {
        "verdict": "broken", "checked": proofs[first]["events"]["checked"], "first_broken": position,
    }  # fmt: skip
    # The events of the other call are untouched; the log as a whole is walked again after a time.
    assert ana.get(f"/v1/interactions/{other}/proof").json()["events"]["verdict"] == "intact"
    monkeypatch.setattr(chain_prover, "AGAIN_US", 60 * SECOND)
    center.clock.pass_s(61)
    log = ana.get(f"/v1/interactions/{other}/proof").json()["log"]
    assert (log["verdict"], log["checked_to"], log["first_broken"]) == ("broken", position - 1, position)
    before = ana.get(f"/v1/interactions/{other}/proof", params={"as_of": position - 1})
    assert before.status_code == 404
    problem_of(ana.get("/v1/interactions/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b/proof"), 404, "call-unknown")


def test_the_monitor_shows_who_waits_and_who_talks_as_soon_as_it_is_asked_for(ana, context):
    for agent in ("Ana", "Bruno"):
        context.say("/v1/agents/log-in", 0, agent=agent, queues=["vendas"])
    context.say("/v1/agents/pause", 1, agent="Bruno", reason="almoço")
    talked, waiting = context.call(10), context.call(11)
    for call in (talked, waiting):
        context.step(call, "offer", 20, queue="vendas")
    context.step(talked, "answer", 25, agent="Ana")
    position = context.step(talked, "hold", 30)["position"]
    board = ana.get("/v1/monitoring", headers={"If-Position": str(position)}).json()
    assert board["as_of"] >= position
    assert [(row["interaction_id"], row["queue"], row["place"], row["since"]) for row in board["waiting"]] == [
        (waiting, "vendas", 1, "2026-03-02T10:00:20-03:00")
    ]
    (talking,) = board["agents"]["on_call"]
    assert (talking["agent"], talking["interaction_id"], talking["on_hold"], talking["since"]) == (
        "Ana", talked, True, "2026-03-02T10:00:25-03:00",
    )  # fmt: skip
    (paused,) = board["agents"]["paused"]
    assert (paused["agent"], paused["reason"], paused["since"]) == ("Bruno", "almoço", "2026-03-02T10:00:01-03:00")
    assert ana.get("/v1/monitoring", params={"queue": "vendas", "agent": "Ana"}).json()["agents"]["paused"] == []


def test_a_call_meets_the_ivr(ana, context):
    ana.post("/v1/ivrs", {"name": "principal"})
    left, chose, closed = context.call(0), context.call(1), context.call(2)
    for call in (left, chose):
        context.step(call, "ivr/enter", 5, ivr="principal")
    context.step(chose, "ivr/option", 6, option="1")
    context.step(chose, "offer", 7, queue="vendas")
    context.step(left, "end", 8)
    context.step(closed, "ivr/out-of-hours", 9, ivr="principal")
    position = context.step(closed, "end", 10)["position"]
    (row,) = ana.get("/v1/reports/ivr", params={"by": "ivr", "ivr": "principal", "at_least": position}).json()["items"]
    parts = ("entered", "out_of_hours", "abandoned_in_ivr", "led_to_queue", "offered", "waiting")
    assert {part: row[part] for part in parts} == {
        "entered": 3, "out_of_hours": 1, "abandoned_in_ivr": 1, "led_to_queue": 1, "offered": 1, "waiting": 1,
    }  # fmt: skip


def test_an_attempt_is_dialled_answered_or_not(ana, context):
    context.say("/v1/agents/log-in", 0, agent="Ana")
    answered = context.say("/v1/interactions/dial", 10, to_number="5511912345678", agent="Ana")["id"]
    context.step(answered, "dial-answered", 15)
    context.step(answered, "hold", 25)
    context.step(answered, "resume", 35)
    context.step(answered, "end", 75)
    context.step(answered, "wrap-up", 85, tag="venda")
    shown = ana.get(f"/v1/interactions/{answered}").json()["attempt"]
    (hold,) = shown.pop("holds")
    assert {name: shown[name] for name in ("agent", "queue", "queue_id", "style", "result", "result_label", "talk_ms", "hold_ms", "wrap_up_ms")} == {
        "agent": "Ana", "queue": None, "queue_id": None, "style": None, "result": "answered", "result_label": "Atendida",
        "talk_ms": 50_000, "hold_ms": 10_000, "wrap_up_ms": 10_000,
    }  # fmt: skip
    (person,) = ana.get("/v1/agents").json()["items"]
    assert shown["agent_id"] == person["id"]
    instants = [datetime.fromisoformat(at) for at in (shown["dialled_at"], shown["answered_at"], *hold.values(), shown["ended_at"])]
    assert [(at - instants[0]).total_seconds() for at in instants] == [0, 5, 15, 25, 65]
    busy = context.say("/v1/interactions/dial", 90, to_number="5511912345678", agent="Ana", queue="vendas")["id"]
    dialled = ana.get(f"/v1/interactions/{busy}").json()["attempt"]
    assert (dialled["result"], dialled["answered_at"], dialled["ended_at"], dialled["holds"]) == ("dialling", None, None, [])
    assert (dialled["queue"], UUID(dialled["queue_id"])) == ("vendas", queue_id(company_id("Empresa"), "vendas"))
    context.step(busy, "dial-failed", 95, result="busy")
    failed = ana.get(f"/v1/interactions/{busy}").json()["attempt"]
    assert (failed["result"], failed["result_label"], failed["talk_ms"], failed["hold_ms"], failed["wrap_up_ms"]) == (
        "busy",
        "Ocupado",
        None,
        None,
        None,
    )
    position = context.say("/v1/interactions/dial", 100, to_number="5511912345678", agent="Ana")["position"]
    totals = ana.get("/v1/dashboards/outbound", params={"at_least": position}).json()["totals"]
    assert totals.pop("terms") == {"connect_percent": [2, 3], "aht_ms": [70_000, 1]}
    assert totals == {
        "dialled": 3, "answered": 1, "not_connected": 1, "dialling": 1, "connected": 2, "connect_percent": 66.67, "aht_ms": 70_000,
    }  # fmt: skip
    (agent,) = ana.get("/v1/reports/agents").json()["items"]
    assert {key: agent[key] for key in ("answered", "talk_ms", "outbound_answered", "outbound_ms", "hold_ms", "wrap_up_ms")} == {
        "answered": 0, "talk_ms": 0, "outbound_answered": 1, "outbound_ms": 50_000, "hold_ms": 10_000, "wrap_up_ms": 10_000,
    }  # fmt: skip


def test_an_attempt_that_failed_is_an_open_call_until_its_end_and_its_agent_is_free_at_once(ana, context):
    context.say("/v1/agents/log-in", 0, agent="Ana")
    call = context.say("/v1/interactions/dial", 10, to_number="5511912345678", agent="Ana")["id"]
    failed = context.step(call, "dial-failed", 20, result="no-answer")["position"]
    assert ana.get("/v1/interactions", params={"at_least": failed}).json()["items"] == []
    problem_of(ana.post("/v1/contacts/forget", {"phone": "5511912345678"}), 409, "contact-in-call")
    context.say("/v1/interactions/dial", 30, to_number="5511900000000", agent="Ana")
    ended = context.step(call, "end", 40)["position"]
    assert [row["id"] for row in ana.get("/v1/interactions", params={"at_least": ended}).json()["items"]] == [call]
    assert ana.post("/v1/contacts/forget", {"phone": "5511912345678"}).json()["forgotten"]
    paths = ana.get("/openapi.json").json()["paths"]
    for path in ("/v1/interactions/dial", "/v1/interactions/{interaction_id}/dial-failed"):
        assert "open until `end`" in paths[path]["post"]["description"]


def numbers_in(content):
    """The names and numbers of what an event says, at any depth."""
    for name, value in content.items() if isinstance(content, dict) else enumerate(content):
        if isinstance(value, dict | list):
            yield from numbers_in(value)
        elif isinstance(value, int | float):
            yield name, value


def test_the_history_has_every_instant_in_iso_8601(ana, context):
    call = context.call(10)
    context.step(call, "offer", 10, queue="vendas")
    began, offered = (event["content"] for event in ana.get(f"/v1/interactions/{call}/history").json()["items"])
    instant = began["change"]["call"]["started_at"]
    assert datetime.fromisoformat(instant) == datetime.fromisoformat(at(10))
    assert offered["change"]["visits"][0]["offered_at"] == instant
    assert {fact["at"] for content in (began, offered) for fact in content["facts"]} == {instant}
    context.say("/v1/agents/log-in", 0, agent="Ana")
    for second, (step, body) in enumerate(
        (
            ("ring", {"agent": "Ana"}),
            ("answer", {"agent": "Ana"}),
            ("hold", {}),
            ("resume", {}),
            ("release", {}),
            ("wrap-up", {}),
            ("end", {}),
        )
    ):
        context.step(call, step, 11 + second, **body)
    dialled = context.say("/v1/interactions/dial", 30, to_number="+55 (11) 91234-5678")["id"]
    context.step(dialled, "dial-answered", 31)
    contents = [event["content"] for one in (call, dialled) for event in ana.get(f"/v1/interactions/{one}/history").json()["items"]]
    rings, holds = ([part for content in contents for part in content["change"].get(name, ())] for name in ("rings", "holds"))
    assert (rings[0]["until_at"], holds[0]["until_at"]) == (None, None)
    instants = [rings[0]["from_at"], rings[-1]["until_at"], holds[0]["from_at"], holds[-1]["until_at"]]
    assert [datetime.fromisoformat(one) for one in instants] == [datetime.fromisoformat(at(second)) for second in (11, 12, 13, 14)]
    longest_ms = 86_400_000
    assert [name for content in contents for name, number in numbers_in(content) if number > longest_ms] == []


def test_a_number_is_dialled_without_what_is_written_between_its_digits(ana, context):
    done = context.say("/v1/interactions/dial", 10, to_number="+55 (11) 91234-5678")
    (row,) = ana.get("/v1/interactions", params={"at_least": done["position"], "state": "all"}).json()["items"]
    assert row["to_number"] == "+5511912345678"


def test_a_call_goes_from_one_queue_to_another(ana, context):
    context.say("/v1/agents/log-in", 0, agent="Ana")
    call = context.call(0)
    context.step(call, "offer", 0, queue="vendas")
    context.step(call, "ring", 1, agent="Ana")
    context.step(call, "ring-no-answer", 9, agent="Ana")
    context.step(call, "withdraw", 10)
    context.step(call, "offer", 10, queue="suporte")
    context.step(call, "leave-by-key", 20)
    context.step(call, "quality", 20, jitter_ms=150.9, loss_percent=1.0)
    position = context.step(call, "end", 20)["position"]
    rows = {row["queue"]: row for row in ana.get("/v1/reports/queues", params={"at_least": position}).json()["items"]}
    assert (rows["vendas"]["transferred_out"], rows["suporte"]["left_by_key"]) == (1, 1)
    (row,) = ana.get("/v1/interactions", params={"medium": "voice"}).json()["items"]
    assert (row["queues"], row["jitter_band"], row["loss_band"], row["quality"]) == (["vendas", "suporte"], "medium", "high", "medium")
    (agent,) = ana.get("/v1/reports/agents").json()["items"]
    assert agent["ring_no_answer"] == 1


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("answer", {"agent": "Ana"}), ("hold", {}), ("resume", {}), ("release", {}), ("abandon", {}), ("time-out", {}), ("leave-by-key", {}),
        ("withdraw", {}), ("dial-answered", {}), ("dial-failed", {}), ("wrap-up", {}), ("ivr/option", {"option": "1"}), ("ivr/leave", {}),
        ("ring", {"agent": "Ana"}), ("ring-no-answer", {"agent": "Ana"}),
    ],
)  # fmt: skip
def test_an_action_that_is_not_possible_now_is_refused_and_changes_nothing(ana, context, center, step, body):
    context.say("/v1/agents/log-in", 0, agent="Ana")
    call = context.call(0)
    head = center.store.head()
    problem_of(ana.post(f"/v1/interactions/{call}/{step}", body | {"at": at(1)}), 409, "refused")
    assert center.store.head() == head


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/interactions", {"from_number": "abc"}, "/from_number"),
        ("/v1/interactions", {"at": "2026-03-02T10:00:00"}, "/at"),
        ("/v1/interactions", {"at": "1999-01-01T00:00:00Z"}, "/at"),
        ("/v1/interactions", {"at": 1772470800}, "/at"),
        ("/v1/interactions", {"at": "1772470800"}, "/at"),
        ("/v1/interactions", {"at": "1772470800.5"}, "/at"),
        ("/v1/interactions", {"at": "2026-03-02"}, "/at"),
        ("/v1/interactions", {"at": "2099-01-01T00:00:00Z"}, "/at"),
        ("/v1/agents/log-in", {"agent": "Ana", "at": "2099-01-01T00:00:00Z"}, "/at"),
        ("/v1/interactions/dial", {}, "/to_number"),
        *(
            ("/v1/interactions/dial", {"to_number": number}, "/to_number")
            for number in ("+", "12", "*12", "+*5511", "#31#5511987654321", "1" * 21)
        ),
        ("/v1/queues", {"name": " "}, "/name"),
        ("/v1/queues", {"name": "vendas", "sla_target": 101}, "/sla_target"),
        ("/v1/queues", {"name": "vendas", "internal_number": "12"}, "/internal_number"),
        ("/v1/queues", {"name": "vendas", "sla_profile": "best"}, "/sla_profile"),
        ("/v1/agents/log-in", {"agent": ""}, "/agent"),
        ("/v1/agents/log-in", {"agent": "Ana", "lease_ms": 0}, "/lease_ms"),
        ("/v1/agents/pause", {"agent": "Ana", "reason": ""}, "/reason"),
        ("/v1/ivrs", {"name": "dia", "timezone": "Mars"}, "/timezone"),
        ("/v1/ivrs", {"name": "dia", "menu": [{"digit": "x", "queue": "vendas"}]}, "/menu/0/digit"),
        ("/v1/ivrs", {"name": "dia", "menu": [{"digit": "1", "queue": "nenhuma"}]}, "/menu/0/queue"),
        ("/v1/users", {"name": "Bia", "email": "bia"}, "/email"),
        ("/v1/users", {"name": "Bia", "email": "bia@empresa.example", "permissions": ["everything"]}, "/permissions/0"),
    ],
)
def test_a_command_that_cannot_be_names_its_field(ana, center, path, body, field):
    head = center.store.head()
    errors = problem_of(ana.post(path, body), 422, "invalid")["errors"]
    assert field in [error["pointer"] for error in errors]
    assert center.store.head() == head


def test_a_step_before_the_last_one_names_its_instant(ana, context):
    call = context.call(10)
    ana.post("/v1/queues", {"name": "vendas"})
    errors = problem_of(ana.post(f"/v1/interactions/{call}/offer", {"queue": "vendas", "at": at(5)}), 422, "invalid")["errors"]
    assert errors[0]["pointer"] == "/at"


def test_the_integrations_own_id_makes_a_repeat_the_same_call(ana):
    first, again = (ana.post("/v1/interactions", {"call": "crm-4711", "from_number": "5511987654321"}).json() for _ in range(2))
    assert again["id"] == first["id"]
    assert again["result"] == {"call": "crm-4711", "protocol": first["result"]["protocol"]}


def test_queues_are_registered_changed_and_removed(ana):
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    assert problem_of(ana.post("/v1/queues", {"name": "vendas"}), 409, "already-exists")
    assert ana.ask("PATCH", f"/v1/queues/{queue}", json={"sla_ms": 30_000, "sla_profile": "genesys"}).status_code == 200
    assert ana.post(f"/v1/queues/{queue}/rename", {"name": "vendas internas"}).status_code == 200
    ana.post("/v1/agents/log-in", {"agent": "Ana"})
    assert ana.ask("PUT", f"/v1/queues/{queue}/agents", json={"agents": ["Ana"]}).status_code == 200
    found = ana.get(f"/v1/queues/{queue}").json()
    assert (found["name"], found["sla_ms"], found["sla_profile"], found["agents"], found["active"]) == (
        "vendas internas", 30_000, "genesys", ["Ana"], True,
    )  # fmt: skip
    problem_of(ana.ask("DELETE", f"/v1/queues/{queue}"), 409, "refused")
    assert ana.post(f"/v1/queues/{queue}/deactivate").status_code == 200
    assert ana.ask("DELETE", f"/v1/queues/{queue}").status_code == 200
    problem_of(ana.get(f"/v1/queues/{queue}"), 404, "not-found")


def test_ivrs_are_registered_changed_and_removed(ana):
    ana.post("/v1/queues", {"name": "vendas"})
    ivr = ana.post("/v1/ivrs", {"name": "dia", "menu": [{"digit": "1", "queue": "vendas"}]}).json()["id"]
    problem_of(ana.post("/v1/ivrs", {"name": "dia"}), 409, "already-exists")
    assert ana.ask("PATCH", f"/v1/ivrs/{ivr}", json={"number": "40028922", "closed": {"text": "Fechado"}}).status_code == 200
    found = ana.get(f"/v1/ivrs/{ivr}").json()
    assert (found["number"], found["closed"]["text"], found["menu"]) == ("40028922", "Fechado", [{"digit": "1", "queue": "vendas"}])
    assert ana.ask("DELETE", f"/v1/ivrs/{ivr}").status_code == 200
    problem_of(ana.get(f"/v1/ivrs/{ivr}"), 404, "not-found")


def test_the_operator_sees_that_the_server_is_alive_ready_and_how_it_fares(ana, context, client):
    position = context.say("/v1/agents/log-in", 0, agent="Ana")["position"]
    assert ana.get("/v1/agents", params={"at_least": position}).status_code == 200
    ana.post("/v1/agents/log-out", {"agent": "Ninguém"})
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "position": position, "covered": position}
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    lines = metrics.text.splitlines()
    for line in (
        f"atende_log_position {float(position)}",
        f"atende_projection_position {float(position)}",
        "atende_projection_lag_events 0.0",
        'atende_commands_total{command="LogIn",outcome="done"} 1.0',
        'atende_commands_total{command="LogOut",outcome="not-found"} 1.0',
        'atende_http_requests_total{method="POST",route="/v1/agents/log-in",status="200"} 1.0',
        'atende_http_requests_total{method="GET",route="/v1/agents",status="200"} 1.0',
    ):
        assert line in lines, line


def test_a_heartbeat_renews_the_lease_of_an_agent_who_is_in(ana, center, context):
    context.say("/v1/agents/log-in", 0, agent="Ana", lease_ms=300_000)
    beat = ana.post("/v1/agents/heartbeat", {"agent": "Ana"})
    assert beat.status_code == 200, beat.text
    until = datetime.fromisoformat(beat.json()["result"]["expires_at"])
    assert until == datetime.fromtimestamp(center.clock.us / 1_000_000, UTC) + timedelta(minutes=5)
    problem_of(ana.post("/v1/agents/heartbeat", {"agent": "Bia"}), 404, "not-found")
    context.say("/v1/agents/log-out", 0, agent="Ana")
    problem_of(ana.post("/v1/agents/heartbeat", {"agent": "Ana"}), 409, "refused")


def test_calls_are_found_open_or_finished_by_own_id_number_and_correlation(ana, context):
    own = context.say("/v1/interactions", 0, call="crm-4711", from_number="5531977916159", to_number="551140028922")["id"]
    other = context.call(10)
    position = context.step(other, "end", 20)["position"]

    def found(**params):
        answer = ana.get("/v1/interactions", params={"medium": "voice", "at_least": position, **params})
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["items"]]

    assert found() == [other]
    assert found(state="open") == [own]
    assert found(state="all", order="desc") == [other, own]
    assert found(call="crm-4711") == found(state="open", call="crm-4711") == [own]
    assert found(call="crm-0") == found(correlation_id="nobody") == found(state="finished", call="crm-4711") == []

    def searched(**body):
        answer = ana.post("/v1/interactions/search", {"at_least": position, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert [row["id"] for row in searched(phone="(31) 97791-6159")["items"]] == [own]
    nobody = searched(phone="(31) 97791-0000")
    assert (nobody["items"], nobody["notes"]) == ([], ["no contact with this number"])
    nobody = problem_of(ana.get("/v1/interactions", params={"contact_id": str(UUID(int=1))}), 404, "contact-unknown")
    assert nobody["errors"][0]["parameter"] == "contact_id"
    refused = ana.get("/v1/interactions", params={"medium": "voice", "phone": "5531977916159"})
    problem_of(refused, 422, "invalid")
    problem_of(ana.post("/v1/interactions/search", {"phone": "1"}), 422, "invalid")
    problem_of(ana.get("/v1/interactions", params={"medium": "voice", "state": "open", "as_of": TEN}), 422, "invalid")


def test_a_call_is_found_by_the_id_and_by_the_correlation_of_any_request_about_it(ana):
    own = ana.post("/v1/interactions", {}, headers={"Request-Id": "crm-request-1"}).json()["id"]
    ended = ana.post(f"/v1/interactions/{own}/end", {}, headers={"X-Correlation-Id": "order-9"})
    other = ana.post("/v1/interactions", {})
    position = other.json()["position"]

    def found(correlation):
        params = {"medium": "voice", "state": "all", "at_least": position, "correlation_id": correlation}
        return [row["id"] for row in ana.get("/v1/interactions", params=params).json()["items"]]

    assert found("crm-request-1") == found("order-9") == found(ended.headers["Request-Id"]) == [own]
    assert found(other.headers["Request-Id"]) == [other.json()["id"]]
    _, event = ana.get(f"/v1/interactions/{own}/history").json()["items"]
    assert (event["correlation_id"], event["request_id"]) == ("order-9", ended.headers["Request-Id"])


def test_a_call_is_read_with_the_last_command_about_it_without_naming_a_position(ana, context):
    call = context.call(0)
    for second, queue in enumerate(("vendas", "suporte", "vendas"), start=1):
        context.step(call, "offer", second, queue=queue)
        assert [visit["queue"] for visit in ana.get(f"/v1/interactions/{call}").json()["visits"]][-1] == queue
        head = context.step(call, "withdraw", second)["position"]
        assert ana.get(f"/v1/interactions/{call}/history").json()["items"][-1]["position"] == head
        assert ana.get(f"/v1/interactions/{call}/proof").json()["as_of"] >= head


def test_a_call_whose_last_event_is_not_in_the_rows_in_time_is_asked_for_again_later(ana, context, center, monkeypatch):
    call = context.call(0)
    shown = ana.get(f"/v1/interactions/{call}").json()
    monkeypatch.setattr("api.application_state.REACH_S", 0.01)
    monkeypatch.setattr(center, "answered", lambda: shown["as_of"])
    context.step(call, "end", 10)
    for path in ("", "/history", "/proof"):
        answer = ana.get(f"/v1/interactions/{call}{path}")
        problem_of(answer, 503, "not-reached")
        assert int(answer.headers["Retry-After"]) > 0
        assert ana.get(f"/v1/interactions/{call}{path}", params={"as_of": shown["as_of"]}).status_code == 200
    problem_of(ana.get("/v1/interactions/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"), 404, "call-unknown")


def test_what_is_named_exactly_is_found_in_any_state_and_of_any_time(ana, context, center):
    long_ago = "2025-03-02T10:00:00-03:00"
    begun = ana.post(
        "/v1/interactions", {"call": "crm-7", "from_number": "5531977916159", "at": long_ago}, headers={"X-Correlation-Id": "order-7"}
    ).json()
    ended = ana.post("/v1/interactions", {"call": "crm-8", "from_number": "5531977916159", "at": long_ago}).json()
    position = ana.post(f"/v1/interactions/{ended['id']}/end", {"at": long_ago}).json()["position"]

    def found(answer):
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["items"]], answer.json()["period"]

    whenever = {"from": None, "to": None, "by": None}
    for filters in ({"call": "crm-7"}, {"protocol": begun["result"]["protocol"]}, {"correlation_id": "order-7"}):
        assert found(ana.get("/v1/interactions", params={"at_least": position, **filters})) == ([begun["id"]], whenever), filters
    both = found(ana.post("/v1/interactions/search", {"phone": "(31) 97791-6159"}))
    assert (set(both[0]), both[1]) == ({begun["id"], ended["id"]}, whenever)
    assert found(ana.get("/v1/interactions", params={"state": "all"}))[0] == []
    shown = ana.get("/v1/interactions", params={"call": "crm-8", "from": "2026-01-01"}).json()
    assert (shown["items"], shown["period"]["from"]) == ([], "2026-01-01T00:00:00-03:00")
    assert ana.get("/v1/interactions", params={"call": "crm-8", "format": "csv"}).text.count("\r\n") == 2


def test_a_call_is_found_by_an_own_id_that_may_be_a_number_until_its_contact_is_forgotten(ana, log_in):
    own = ana.post("/v1/interactions", {"call": "5531977916159", "from_number": "5531977916159"}).json()
    position = ana.post(f"/v1/interactions/{own['id']}/end", {}).json()["position"]
    officer = log_in(email="bia@empresa.example", permissions=("anonimizar-contatos",))

    def found():
        answer = ana.get("/v1/interactions", params={"call": "5531977916159", "at_least": position})
        return [row["id"] for row in answer.json()["items"]]

    assert found() == [own["id"]]
    assert ana.post("/v1/interactions/search", {"call": "5531977916159"}).json()["items"][0]["call"] == own["result"]["call"]
    assert "5531977916159" not in own["result"]["call"]
    assert officer.post("/v1/contacts/forget", {"phone": "5531977916159"}).status_code == 200
    assert found() == []


def test_a_cursor_keeps_to_its_filters_and_to_nothing_else(ana, context):
    for second in range(3):
        call = context.call(second)
        context.step(call, "offer", 10, queue="vendas")
        position = context.step(call, "end", 20)["position"]
    both = {"queue": ["vendas", "suporte"]}
    first = ana.get("/v1/interactions", params={"limit": 2, "at_least": position, "count": True, **both}).json()["next"]
    rest = ana.get("/v1/interactions", params={"limit": 1, "cursor": first, "queue": ["suporte", "vendas"]})
    assert len(rest.json()["items"]) == 1, rest.text
    for other in (
        {"queue": "vendas"},
        {**both, "state": "all"},
        {**both, "order": "desc"},
        {**both, "from": "2026-01-01"},
        {**both, "call": "crm-1"},
    ):
        refused = problem_of(ana.get("/v1/interactions", params={"cursor": first, **other}), 422, "cursor-of-other-filters")
        assert [error["parameter"] for error in refused["errors"]] == ["cursor"], other
    problem_of(ana.post("/v1/interactions/search", {"cursor": first, **both}), 422, "cursor-of-other-filters")
    problem_of(ana.get("/v1/interactions", params={"cursor": "Zm9vYmFy"}), 422, "cursor-unknown")


def test_pages_lead_forwards_and_back(ana, context):
    calls = [context.call(second) for second in range(5)]
    for call in calls:
        position = context.step(call, "end", 20)["position"]
    params = {"medium": "voice", "order": "desc", "limit": 2, "at_least": position}
    first = ana.get("/v1/interactions", params=params).json()
    context.step(context.call(30), "end", 40)
    second = ana.get("/v1/interactions", params=params | {"cursor": first["next"]}).json()
    assert [row["id"] for row in first["items"] + second["items"]] == calls[:0:-1]
    assert (first["previous"], first["has_more"], second["has_more"]) == (None, True, True)
    back = ana.get("/v1/interactions", params=params | {"cursor": second["previous"]}).json()
    assert (back["items"], back["has_more"], back["previous"]) == (first["items"], True, None)


def test_one_call_is_shown_while_it_goes_on_and_after_its_end(ana, context):
    context.say("/v1/agents/log-in", 0, agent="Ana", queues=["vendas"])
    call = context.call(1)
    context.step(call, "offer", 2, queue="vendas")
    context.step(call, "ring", 3, agent="Ana")
    context.step(call, "answer", 5, agent="Ana")
    position = context.step(call, "hold", 10)["position"]
    shown = ana.get(f"/v1/interactions/{call}", params={"at_least": position}).json()
    (visit,) = shown["visits"]
    assert (shown["state"], shown["ended_at"], shown["duration_ms"], shown["started_at"]) == (
        "open",
        None,
        None,
        "2026-03-02T10:00:01-03:00",
    )
    assert (visit["queue"], visit["agent"], visit["end"], visit["wait_ms"]) == ("vendas", "Ana", "answered", 3 * S)
    assert [(ring["agent"], ring["started_at"], ring["ended_at"]) for ring in visit["rings"]] == [
        ("Ana", "2026-03-02T10:00:03-03:00", "2026-03-02T10:00:05-03:00")
    ]
    assert visit["holds"] == [{"started_at": "2026-03-02T10:00:10-03:00", "ended_at": None}]
    end = context.step(call, "end", 30)["position"]
    ended = ana.get(f"/v1/interactions/{call}", params={"at_least": end}).json()
    assert (ended["state"], ended["status"], ended["duration_ms"]) == ("finished", "answered", 29 * S)
    assert ana.get(f"/v1/interactions/{call}", params={"as_of": position}).json() == shown
    problem_of(ana.get("/v1/interactions/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"), 404, "not-found")


def test_notes_of_agents_are_in_the_call_until_its_customer_is_forgotten(ana, log_in, context):
    context.say("/v1/agents/log-in", 0, agent="Ana", queues=["vendas"])
    call = context.call(1)
    context.step(call, "offer", 2, queue="vendas")
    context.step(call, "ring", 3, agent="Ana")
    context.step(call, "answer", 5, agent="Ana")
    context.step(call, "note", 10, note="Ligar na segunda")
    assert context.step(call, "note", 20, note="Prefere à tarde")
    context.step(call, "end", 30)
    notes = ana.get(f"/v1/interactions/{call}").json()["agent_notes"]
    assert [(note["text"], note["written_at"]) for note in notes] == [
        ("Ligar na segunda", "2026-03-02T10:00:10-03:00"),
        ("Prefere à tarde", "2026-03-02T10:00:20-03:00"),
    ]
    assert {note["actor"] for note in notes} == {f"user:{ana.get('/v1/me').json()['id']}"}
    context.step(call, "wrap-up", 40)
    officer = log_in(email="bia@empresa.example", permissions=("anonimizar-contatos",))
    assert officer.post("/v1/contacts/forget", {"phone": "5511987654321"}).status_code == 200
    assert [note["text"] for note in ana.get(f"/v1/interactions/{call}").json()["agent_notes"]] == [FORGOTTEN, FORGOTTEN]


def test_what_has_no_value_is_null_and_never_left_out(ana, context, document):
    """Of a call of which nothing but its beginning is known, of a whole one, and of every shape in which they are answered."""
    schemas = document["components"]["schemas"]
    bare = ana.post("/v1/interactions", {}).json()
    context.say("/v1/agents/log-in", 0, agent="Ana", queues=["vendas"])
    whole = context.call(1)
    for step, second, body in (("offer", 2, {"queue": "vendas"}), ("ring", 3, {"agent": "Ana"}), ("answer", 5, {"agent": "Ana"})):
        assert context.step(whole, step, second, **body)["result"] == {"status": None}
    assert context.step(whole, "end", 30)["result"] == {"status": "answered"}
    waiting = context.call(40)
    context.step(waiting, "offer", 41, queue="vendas")
    answers = [("InteractionDetail", ana.get(f"/v1/interactions/{call}").json()) for call in (bare["id"], whole, waiting)]
    answers += [("History", ana.get(f"/v1/interactions/{call}/history").json()) for call in (bare["id"], whole)]
    answers += [("FinishedCalls", ana.get("/v1/interactions", params={"state": "all", "count": count}).json()) for count in (True, False)]
    checked = 0
    for name, answer in answers:
        for schema, value in shaped(schemas[name], answer, schemas):
            checked += 1
            assert set(schema["properties"]) == set(schema["required"]) == set(value), (name, schema["title"])
            assert "" not in value.values(), (name, schema["title"], value)
    assert checked > 20
    unknown = answers[0][1]
    nothing = {"from_number", "to_number", "contact", "contact_id", "status", "ended_at", "duration_ms", "quality"}
    assert {unknown[field] for field in nothing} == {None}
    assert answers[2][1]["visits"][0]["agent"] is None


def shaped(schema, value, schemas):
    """The objects in an answer that have fields of their own, each with its schema."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for item in value:
            yield from shaped(schema["items"], item, schemas)
    elif isinstance(value, dict) and "properties" in schema:
        yield schema, value
        for name, part in schema["properties"].items():
            yield from shaped(part, value[name], schemas)


def test_an_id_that_names_another_call_says_what_differs(ana):
    inbound, outbound = {"call": "crm-72", "from_number": "5511987654321"}, {"call": "crm-73", "to_number": "5511987654321"}
    assert [ana.post(path, body).status_code for path, body in (("/v1/interactions", inbound), ("/v1/interactions/dial", outbound))] == [
        201,
        201,
    ]
    for path, body, field, word in (
        ("/v1/interactions", inbound | {"from_number": "5511987654322"}, "from_number", "number"),
        ("/v1/interactions/dial", outbound | {"to_number": "5511987654322"}, "to_number", "number"),
        ("/v1/interactions", inbound | {"call": "crm-73"}, "call", "outbound"),
        ("/v1/interactions/dial", outbound | {"call": "crm-72"}, "call", "inbound"),
    ):
        problem = problem_of(ana.post(path, body), 409, "call-id-taken")
        assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]
        assert word in problem["detail"]


def test_who_may_not_read_calls_that_have_ended_learns_no_number_by_their_ids(ana, log_in):
    begin = {"call": "crm-71", "from_number": "5511987654321"}
    id = ana.post("/v1/interactions", begin).json()["id"]
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-atendimento",))
    assert bia.post("/v1/interactions", begin).json()["id"] == id, "while it goes on, the board shows the number"
    ana.post(f"/v1/interactions/{id}/end", {})
    answers = [
        problem_of(answer, 409, "call-id-taken")
        for answer in (
            bia.post("/v1/interactions", begin),
            bia.post("/v1/interactions", {**begin, "from_number": "5511987654322"}),
            bia.post("/v1/interactions/dial", {"call": "crm-71", "to_number": "5511987654321"}),
        )
    ]
    assert answers[0] == answers[1] == answers[2]
    assert "5511987654321" not in str(answers)
    assert ana.post("/v1/interactions", begin).json()["id"] == id
