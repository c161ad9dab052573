"""The routes of webhooks: secrets are shown once, companies are apart, and the OpenAPI document describes what is posted."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID, uuid4

import msgspec
import pytest
from openapi_schema_validator import OAS31Validator
from standardwebhooks.webhooks import Webhook as Verifier

from api.instants import iso
from api.webhook_deliveries import TESTS_AT_ONCE
from api.webhook_examples import webhook_examples
from commands.queues import RegisterQueue
from commands.users import SetPermissions
from commands.webhooks import ChangeWebhook
from domain import webhooks
from domain.ids import company_id
from domain.webhook_messages import KINDS, MessageData, WebhookMessage, messages_of
from processes.webhook_posts import Answer, signed
from projections.queries.webhooks import known_before
from store.clock import SystemClock
from store.webhook_deliveries import Delivery, Enqueue, Outcome, note
from tests.api.test_auth import problem_of
from tests.kit.http import operator
from tests.processes.posting import URL
from tests.processes.receiving import receiver, status

NEW = {"url": URL, "events": ["interaction.answered", "interaction.abandoned"], "queues": [], "direction": "inbound"}


def made(who, **other):
    answer = who.post("/v1/webhooks", NEW | other)
    assert answer.status_code == 201, answer.text
    return answer.json()


def delivered(center, webhook: str, company: str = "Empresa", number: int = 1) -> Delivery:
    """A delivery that waits."""
    message = '{"type":"interaction.answered","timestamp":"2026-03-02T17:05:09.250Z","data":{}}'
    now = center.bus.clock.now_us()
    ids = {"tenant": company_id(company), "webhook": UUID(webhook), "subject": uuid4()}
    one = Delivery(id=uuid4(), number=number, type="interaction.answered", body=message, created=now, **ids)
    with center.store.recorder.transaction() as db:
        Enqueue((one,)).apply(db)
    return one


def test_a_webhook_is_made_shown_without_its_secret_changed_and_deleted(ana):
    receipt = made(ana)
    assert receipt["result"]["secret"].startswith("whsec_")
    path = f"/v1/webhooks/{receipt['id']}"
    shown = ana.get(path)
    assert shown.json() == NEW | {
        "id": receipt["id"], "version": 1, "status": "active", "disabled_reason": "", "secrets": 1, "created_at": shown.json()["created_at"],
        "created_by": shown.json()["created_by"], "url_set_by": shown.json()["created_by"], "secret_set_by": shown.json()["created_by"], "failed_attempts": 0, "next_try_at": None, "tried_at": None, "status_code": None, "error": "",
    }  # fmt: skip
    listed = ana.get("/v1/webhooks")
    assert listed.json()["items"] == [shown.json()]
    assert receipt["result"]["secret"] not in shown.text + listed.text
    assert ana.ask("PATCH", path, json={"events": ["agent.paused"], "queues": []}).status_code == 200
    assert ana.get(path).json() == shown.json() | {"version": 2, "events": ["agent.paused"], "queues": []}
    assert ana.ask("DELETE", path).status_code == 200
    problem_of(ana.get(path), 404, "not-found")
    problem_of(ana.post(f"{path}/resume"), 404, "not-found")
    assert ana.get("/v1/webhooks").json()["items"] == []


@pytest.mark.parametrize("host", ["a" * 64 + ".example.com", "a." * 126 + "com"])
def test_a_host_that_nobody_can_look_up_is_refused_by_its_field(ana, host):
    for refused in (
        ana.post("/v1/webhooks", NEW | {"url": f"https://{host}/x"}),
        ana.ask("PATCH", f"/v1/webhooks/{made(ana)['id']}", json={"url": f"https://{host}/x"}),
    ):
        assert [error["pointer"] for error in problem_of(refused, 422, "invalid")["errors"]] == ["/url"]


def test_a_company_has_a_limited_number_of_webhooks_and_a_deleted_one_makes_room(ana, log_in, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 3)
    ids = [made(ana)["id"] for _ in range(3)]
    problem_of(ana.post("/v1/webhooks", NEW), 409, "too-many-webhooks")
    made(log_in("Outra", "bia@outra.example"))
    assert ana.ask("DELETE", f"/v1/webhooks/{ids[1]}").status_code == 200
    made(ana)
    problem_of(ana.post("/v1/webhooks", NEW), 409, "too-many-webhooks")
    assert len(ana.get("/v1/webhooks").json()["items"]) == 3


def test_who_may_not_watch_calls_any_more_changes_no_webhook_however_long_the_token_lives(log_in, ana, center):
    webhook = made(ana)["id"]
    eva = log_in("Empresa", "eva@empresa.example", ("gerenciar-conectores", "gerenciar-atendimento"))
    center.bus.execute(
        SetPermissions(user=UUID(eva.tokens["user_id"]), level="user", permissions=("gerenciar-conectores",)), operator("Empresa")
    )
    for refused in (
        eva.post("/v1/webhooks", NEW),
        eva.ask("PATCH", f"/v1/webhooks/{webhook}", json={"url": "https://eva.example.com/"}),
        eva.post(f"/v1/webhooks/{webhook}/secret", {"overlap_ms": 0}),
    ):
        assert problem_of(refused, 403, "not-allowed")["permission"] == "gerenciar-atendimento"
    assert ana.get(f"/v1/webhooks/{webhook}").json()["url"] == URL


def test_pausing_resuming_and_rotating(ana, center):
    receipt = made(ana)
    path = f"/v1/webhooks/{receipt['id']}"
    assert ana.post(f"{path}/pause").status_code == 200
    assert ana.get(path).json()["status"] == "paused"
    assert ana.post(f"{path}/resume").status_code == 200
    rotated = ana.post(f"{path}/secret", {"overlap_ms": 60_000}).json()["result"]["secret"]
    assert rotated != receipt["result"]["secret"]
    assert ana.get(path).json()["secrets"] == 2
    center.clock.pass_s(60)
    assert (ana.get(path).json()["status"], ana.get(path).json()["secrets"]) == ("active", 1)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", "https://127.0.0.1/"), ("url", "https://[::ffff:10.0.0.1]/"), ("url", "http://crm.example.com/"), ("url", "https://a:b@crm.example.com/"),
        ("events/1", ["agent.paused", "interaction.danced"]), ("events", []), ("direction", "up"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_its_field(ana, field, wrong):
    given = {field.partition("/")[0]: wrong}
    answer = ana.post("/v1/webhooks", NEW | given)
    (error,) = problem_of(answer, 422, "invalid")["errors"]
    assert error["pointer"] == f"/{field}"
    receipt = made(ana)
    answer = ana.ask("PATCH", f"/v1/webhooks/{receipt['id']}", json=given)
    assert problem_of(answer, 422, "invalid")["errors"][0]["pointer"] == f"/{field}"


def test_a_webhook_needs_its_permission_and_that_to_watch(log_in):
    some = log_in(email="bia@empresa.example", permissions=("gerenciar-conectores",))
    assert problem_of(some.post("/v1/webhooks", NEW), 403, "not-allowed")["permission"] == "gerenciar-atendimento"
    other = log_in(email="caio@empresa.example", permissions=("gerenciar-atendimento",))
    assert problem_of(other.post("/v1/webhooks", NEW), 403, "not-allowed")["permission"] == "gerenciar-conectores"
    both = log_in(email="davi@empresa.example", permissions=("gerenciar-conectores", "gerenciar-atendimento"))
    assert made(both)


def test_another_company_finds_neither_the_webhook_nor_its_deliveries(ana, log_in, center):
    webhook = made(ana)["id"]
    delivery = delivered(center, webhook)
    bia = log_in("Outra", "bia@outra.example")
    path = f"/v1/webhooks/{webhook}"
    assert bia.get("/v1/webhooks").json()["items"] == []
    for method, of, body in (
        ("GET", "", None), ("PATCH", "", {"queues": []}), ("DELETE", "", None), ("GET", "/deliveries", None), ("POST", "/pause", None),
        ("POST", "/resume", None), ("POST", "/secret", {}), ("POST", "/redeliver", {"delivery_id": str(delivery.id)}), ("POST", "/test", None),
        ("GET", f"/deliveries/{delivery.id}", None),
    ):  # fmt: skip
        problem_of(bia.ask(method, path + of, json=body), 404, "not-found")
    assert ana.get(path).json()["status"] == "active"


def test_deliveries_are_listed_the_newest_first_page_by_page(ana, center):
    webhook = made(ana)["id"]
    ids = [str(delivered(center, webhook, number=number).id) for number in range(5)]
    path = f"/v1/webhooks/{webhook}/deliveries"
    first = ana.get(path, params={"limit": 3}).json()
    second = ana.get(path, params={"limit": 3, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
    one = first["items"][0]
    assert (one["status"], one["attempts"], one["failed_attempts"], one["tried_at"], one["status_code"]) == ("waiting", 0, 0, None, None)
    assert ana.get(f"{path}/{ids[0]}").json() == second["items"][-1]
    assert one["message"]["type"] == "interaction.answered"
    assert ana.get(path, params={"status": "failed"}).json()["items"] == []
    problem_of(ana.get(path, params={"cursor": first["next"], "status": "failed"}), 422, "invalid")


def test_a_delivery_that_the_webhook_does_not_have_is_said_to_be_unknown(ana, center):
    webhook, other = made(ana)["id"], made(ana)["id"]
    theirs = delivered(center, other).id
    for id in (uuid4(), theirs):
        problem_of(ana.get(f"/v1/webhooks/{webhook}/deliveries/{id}"), 404, "delivery-unknown")
        problem_of(ana.post(f"/v1/webhooks/{webhook}/redeliver", {"delivery_id": str(id)}), 404, "delivery-unknown")
    problem_of(ana.get(f"/v1/webhooks/{uuid4()}/deliveries/{theirs}"), 404, "webhook-unknown")
    assert ana.post(f"/v1/webhooks/{other}/redeliver", {"delivery_id": str(theirs)}).status_code == 202


def test_a_webhook_and_its_deliveries_say_how_often_they_failed_and_when_they_are_tried_again(ana, center):
    webhook = made(ana)["id"]
    first, second = (delivered(center, webhook, number=number) for number in (1, 2))
    now = center.bus.clock.now_us()

    def fails(delivery, attempts, code):
        with center.store.recorder.transaction() as db:
            outcome = Outcome(
                "waiting" if code != 200 else "delivered", now + 5_000_000, now, 87, code, "" if code == 200 else "the receiver refused it"
            )
            assert note(db, replace(delivery, attempts=attempts), outcome)

    fails(first, 0, 500)
    fails(first, 1, 503)
    fails(second, 0, 503)
    shown = ana.get(f"/v1/webhooks/{webhook}").json()
    told = ("failed_attempts", "next_try_at", "tried_at", "status_code", "error")
    soon, tried = iso(now // 1_000 + 5_000), iso(now // 1_000)
    assert [shown[name] for name in told] == [3, soon, tried, 503, "the receiver refused it"]
    listed = ana.get(f"/v1/webhooks/{webhook}/deliveries").json()["items"]
    assert [[one[name] for name in told] for one in listed] == [
        [1, soon, tried, 503, "the receiver refused it"],
        [2, soon, tried, 503, "the receiver refused it"],
    ]
    assert ana.post(f"/v1/webhooks/{webhook}/pause").status_code == 200
    assert ana.get(f"/v1/webhooks/{webhook}").json()["next_try_at"] is None
    fails(first, 2, 200)
    shown = ana.get(f"/v1/webhooks/{webhook}").json()
    assert [shown[name] for name in ("failed_attempts", "status_code", "error")] == [0, 200, ""]
    one = ana.get(f"/v1/webhooks/{webhook}/deliveries/{first.id}").json()
    assert (one["attempts"], one["failed_attempts"], one["next_try_at"]) == (3, 2, None)


class Poster:
    """Answers each post as a test says, and keeps it."""

    def __init__(self, code=200, error=""):
        self.answer = Answer(code, error)
        self.posts = []

    async def post_signed(self, company, target, id, at_s, body):
        self.posts.append((target.url, signed(id, at_s, body, target.secrets), body))
        return self.answer


@pytest.mark.parametrize("state", ["active", "paused"])
def test_a_test_posts_one_signed_message_at_once_and_says_what_was_answered(log_in, center, monkeypatch, state):
    poster = Poster()
    monkeypatch.setattr(center, "webhook_poster", poster)
    center.clock.us = SystemClock().now_us()  # the package refuses messages of another time
    ana = log_in()
    receipt = made(ana)
    path = f"/v1/webhooks/{receipt['id']}"
    if state == "paused":
        assert ana.post(f"{path}/pause").status_code == 200
    told = ana.post(f"{path}/test")
    assert told.status_code == 200, told.text
    ((url, headers, body),) = poster.posts
    assert Verifier(receipt["result"]["secret"]).verify(body, headers) == told.json()["message"]
    assert (url, headers["webhook-id"]) == (URL, told.json()["message_id"])
    assert {name: told.json()[name] for name in ("delivered", "status_code", "error")} == {
        "delivered": True,
        "status_code": 200,
        "error": "",
    }
    assert (told.json()["message"]["type"], told.json()["message"]["data"]["id"]) == ("webhook.test", receipt["id"])
    poster.answer = Answer(0, "no answer within 10 s")
    assert [ana.post(f"{path}/test").json()[name] for name in ("delivered", "status_code", "error")] == [
        False,
        None,
        "no answer within 10 s",
    ]
    assert ana.get(f"{path}/deliveries").json()["items"] == []
    assert ana.get(path).json()["failed_attempts"] == 0


def test_a_test_goes_through_the_guard_of_every_post(ana, center):
    """An address that the operator does not allow gets nothing, whatever the webhook's URL says by now."""
    webhook = made(ana)["id"]
    with receiver(status(200)) as (port, got):
        for url in (f"http://127.0.0.1:{port}/", f"https://localhost:{port}/"):
            center.bus.execute(ChangeWebhook(webhook=UUID(webhook), url=url), operator("Empresa"))
            told = ana.post(f"/v1/webhooks/{webhook}/test").json()
            assert (told["delivered"], told["status_code"]) == (False, None)
            assert "no address to which a webhook may go" in told["error"]
    assert got == []


def test_a_company_sends_few_tests_and_another_company_need_not_wait_for_it(ana, log_in, center, monkeypatch):
    monkeypatch.setattr(center, "webhook_poster", Poster())
    path = f"/v1/webhooks/{made(ana)['id']}/test"
    assert [ana.post(path).status_code for _ in range(TESTS_AT_ONCE)] == [200] * TESTS_AT_ONCE
    refused = ana.post(path)
    problem_of(refused, 429, "too-many-requests")
    center.clock.pass_s(int(refused.headers["Retry-After"]))
    assert ana.post(path).status_code == 200
    bia = log_in("Outra", "bia@outra.example")
    assert bia.post(f"/v1/webhooks/{made(bia)['id']}/test").status_code == 200


def test_redelivery_names_one_or_an_instant_of_the_past(ana, center):
    path = f"/v1/webhooks/{made(ana)['id']}/redeliver"
    problem_of(ana.post(path, {}), 422, "invalid")
    problem_of(ana.post(path, {"delivery_id": str(uuid4()), "since": "2026-03-02T17:05:09Z"}), 422, "invalid")
    ahead = iso(center.bus.clock.now_us() // 1_000 + 3_600_000)
    assert [one["pointer"] for one in problem_of(ana.post(path, {"since": ahead}), 422, "instant-in-future")["errors"]] == ["/since"]
    assert ana.post(path, {"since": "2026-03-01T17:05:09Z"}).status_code == 202


def test_the_document_describes_each_message_as_it_is_posted(document):
    assert set(document["webhooks"]) == {*KINDS, "webhook.test"}
    schema = document["components"]["schemas"]["WebhookMessage"]
    data = document["components"]["schemas"]["MessageData"]
    assert set(schema["properties"]) == set(WebhookMessage.__struct_fields__)
    assert set(data["properties"]) == set(MessageData.__struct_fields__)
    examples = webhook_examples()
    for kind, path in document["webhooks"].items():
        body = path["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": "#/components/schemas/WebhookMessage"}
        assert (body["example"]["type"], set(body["example"]["data"])) == (kind, set(data["properties"]))
        assert body["example"] == examples[kind], "made of events, not written by hand"
        OAS31Validator({**body["schema"], "components": document["components"]}).validate(body["example"])
        assert json.dumps(path["post"]["responses"])


def test_the_examples_tell_what_a_real_center_posts(ana, center):
    """What the commands of a call give is what the example of the same message says, but for its id, its protocol number, its instant and its place."""
    ana.post("/v1/queues", {"name": "vendas"})
    ana.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]})
    call = ana.post("/v1/interactions", {"call": "crm-1", "to_number": "551140028922"}).json()["id"]
    for step, body in (
        ("offer", {"queue": "vendas"}),
        ("ring", {"agent": "Ana"}),
        ("answer", {"agent": "Ana"}),
        ("hold", {}),
        ("resume", {}),
        ("release", {}),
        ("end", {}),
    ):
        assert ana.post(f"/v1/interactions/{call}/{step}", body).status_code == 200, step
    examples = webhook_examples()
    seen = {}
    for position, event in enumerate(center.store.stream(UUID(call))):
        for message in messages_of(event, position, known_before(center.store, event)):
            seen[message.type] = json.loads(msgspec.json.encode(message))
    assert set(seen) == {
        f"interaction.{kind}" for kind in ("arrived", "offered", "rang", "answered", "held", "resumed", "released", "hung_up")
    }
    for kind, message in seen.items():
        assert same(message) == same(examples[kind])


@pytest.mark.parametrize(
    ("begins", "steps", "told"),
    [
        ("/dial", ("end",), ["dialled", "dial_failed", "hung_up"]),
        ("", ("offer", "end"), ["arrived", "offered", "abandoned", "hung_up"]),
        ("", ("offer", "withdraw", "end"), ["arrived", "offered", "withdrawn", "hung_up"]),
    ],
)
def test_what_the_end_of_a_call_ends_and_how_a_visit_ends_is_posted(ana, center, begins, steps, told):
    ana.post("/v1/queues", {"name": "vendas"})
    call = ana.post(f"/v1/interactions{begins}", {"to_number": "5511987654321"}).json()["id"]
    for step in steps:
        assert ana.post(f"/v1/interactions/{call}/{step}", {"queue": "vendas"} if step == "offer" else {}).status_code == 200, step
    messages = [
        message
        for position, event in enumerate(center.store.stream(UUID(call)))
        for message in messages_of(event, position, known_before(center.store, event))
    ]
    assert [message.type for message in messages] == [f"interaction.{kind}" for kind in told]
    assert [message.data.result for message in messages if message.type == "interaction.dial_failed"] == ["failed"] * ("dialled" in told)


def same(message):
    return {name: value for name, value in message["data"].items() if name not in ("position", "id", "protocol")}


def test_the_secret_is_in_the_first_answer_alone(ana):
    key = {"Idempotency-Key": "crm-1"}
    first, again = (ana.post("/v1/webhooks", NEW, headers=key).json() for _ in range(2))
    assert first["result"]["secret"]
    assert again == first | {"result": {}}


def test_a_key_that_sees_some_queues_has_nothing_to_do_with_webhooks(ana, client, center, any_permissions):
    webhook = made(ana)["id"]
    queue = center.bus.execute(RegisterQueue(name="vendas"), operator("Empresa")).id
    rights = {"name": "CRM", "permissions": ["gerenciar-conectores", "gerenciar-atendimento"]}
    for limits, expected in (({}, 200), ({"queue_ids": [str(queue)]}, 403)):
        key = ana.post("/v1/api-keys", rights | limits).json()["result"]["key"]
        for method, path, body in (
            ("GET", "", None), ("GET", f"/{webhook}", None), ("GET", f"/{webhook}/deliveries", None), ("PATCH", f"/{webhook}", {"url": URL}),
            ("POST", f"/{webhook}/secret", {}),
        ):  # fmt: skip
            answer = client.request(method, f"/v1/webhooks{path}", json=body, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == expected, (limits, method, path, answer.text)


def test_who_may_not_watch_the_center_gets_nothing_posted_to_a_place_of_their_own(ana, log_in):
    path = f"/v1/webhooks/{made(ana)['id']}"
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-conectores",))
    for method, of, body in (("PATCH", "", {"url": "https://bia.example.com/"}), ("POST", "/secret", {}), ("GET", "/deliveries", None)):
        answer = bia.ask(method, path + of, json=body)
        assert problem_of(answer, 403, "not-allowed")["permission"] == "gerenciar-atendimento", (method, of)
    assert bia.post(f"{path}/pause").status_code == 200


def test_a_webhook_names_queues_that_there_are(ana):
    problem = problem_of(ana.post("/v1/webhooks", NEW | {"queues": ["vendas"]}), 404, "queue-unknown")
    assert [error["pointer"] for error in problem["errors"]] == ["/queues/0"]
    ana.post("/v1/queues", {"name": "vendas"})
    webhook = made(ana, queues=["vendas"])["id"]
    problem_of(ana.ask("PATCH", f"/v1/webhooks/{webhook}", json={"queues": ["vendas", "outra"]}), 404, "queue-unknown")
    shown = ana.get(f"/v1/webhooks/{webhook}").json()
    assert (shown["queues"], shown["version"]) == (["vendas"], 1)


def test_a_delivery_is_found_and_posted_again_by_the_id_of_its_message_too(ana, center):
    webhook = made(ana)["id"]
    one = delivered(center, webhook)
    path, message = f"/v1/webhooks/{webhook}", f"msg_{one.id.hex}"
    assert ana.get(f"{path}/deliveries/{message}").json() == ana.get(f"{path}/deliveries/{one.id}").json()
    assert ana.post(f"{path}/redeliver", {"delivery_id": message}).status_code == 202
    problem_of(ana.post(f"{path}/redeliver", {"delivery_id": f"msg_{uuid4().hex}"}), 404, "delivery-unknown")
    for wrong in ({"message_id": message}, {"delivery_id": "msg_1"}, {}):
        problem_of(ana.post(f"{path}/redeliver", wrong), 422, "invalid")
