"""API keys by the routes: shown once, limited to what they were given, out within two seconds when they are revoked."""

from __future__ import annotations

import asyncio
import re
from uuid import UUID, uuid4

import pytest
from cachetools import TTLCache

from api import active_keys
from api.active_keys import REMEMBERED_S, ActiveKeys
from api.problem import Problem
from commands.api_keys import RevokeApiKey
from commands.interactions import OfferCall, StartCall
from commands.queues import RegisterQueue, RenameQueue
from domain.access import USED_BY_KEYS, USED_BY_LIMITED_KEYS
from domain.ids import interaction_id, queue_id
from tests.api.test_auth import problem_of
from tests.kit.http import Program, operator

HOUR_S = 3600


@pytest.fixture
def make(ana, client):
    """Makes a key with these permissions: its id, and a program that uses it."""

    def do(*permissions, **more):
        answer = ana.post("/v1/api-keys", {"name": "CRM", "permissions": list(permissions), **more})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made["id"], Program(client, made["result"]["key"])

    return do


def test_a_key_is_shown_once_and_stored_nowhere(ana, center):
    headers = {"Idempotency-Key": "once"}
    body = {"name": "CRM", "permissions": []}
    first = ana.post("/v1/api-keys", body, headers=headers).json()
    again = ana.post("/v1/api-keys", body, headers=headers).json()
    key = first["result"].pop("key")
    assert re.fullmatch(r"atk_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{64}", key)
    assert first["result"]["prefix"] == key[:12]
    assert again == first
    secret = key[13:].encode()
    for file in (path for path in center.directory.rglob("*") if path.is_file()):
        assert secret not in file.read_bytes(), file
    shown = ana.get(f"/v1/api-keys/{first['id']}").text + ana.get("/v1/api-keys").text
    assert key[:12] in shown
    assert secret.decode() not in shown


def test_a_key_of_the_list_reads_as_the_key_alone(ana, make):
    for more in ({}, {"expires_at": "2026-12-31T00:00:00-03:00", "requests_per_minute": 5}):
        make("gerenciar-relatorio", **more)
    (id, _) = make("gerenciar-service")
    rotated = ana.post(f"/v1/api-keys/{id}/rotate", {"overlap_ms": 7_200_000}).json()
    listed = ana.get("/v1/api-keys", headers={"If-Position": str(rotated["position"])}).json()["items"]
    assert [key["permissions"] for key in listed] == [["gerenciar-relatorio"], ["gerenciar-relatorio"], ["gerenciar-service"]]
    assert [key["expires_at"] for key in listed] == [None, "2026-12-31T03:00:00.000Z", None]
    assert listed[0]["created_by"] == f"user:{ana.get('/v1/me').json()['id']}"
    for key in listed:
        assert ana.get(f"/v1/api-keys/{key['id']}").json() == key
    assert listed[2]["previous_expires_at"] is not None


def test_a_key_may_do_what_its_permissions_say_and_its_commands_name_it(make, center):
    id, crm = make("gerenciar-service")
    made = crm.post("/v1/queues", {"name": "vendas"})
    assert made.status_code == 201, made.text
    (event,) = center.store.stream(queue_id(operator("Empresa").tenant, "vendas"))
    assert event.actor == f"key:{id}"
    assert problem_of(crm.get("/v1/dashboards/inbound"), 403, "not-allowed")["permission"] == "gerenciar-relatorio"
    for refused in (
        crm.post("/v1/users", {"name": "Eu", "email": "eu@empresa.example"}),
        crm.post("/v1/api-keys", {"name": "x", "permissions": []}),
    ):
        problem_of(refused, 403, "not-allowed")


def test_nobody_gives_a_key_what_they_do_not_have(log_in, ana, make):
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-chaves", "gerenciar-relatorio"))
    assert bia.post("/v1/api-keys", {"name": "x", "permissions": ["gerenciar-relatorio"]}).status_code == 201
    refused = problem_of(bia.post("/v1/api-keys", {"name": "x", "permissions": ["gerenciar-usuário"]}), 403, "not-allowed")
    assert refused["permission"] == "gerenciar-usuário"
    # The new secret of a key that can do more would be a way around.
    id, _ = make("gerenciar-usuário")
    problem_of(bia.post(f"/v1/api-keys/{id}/rotate", {}), 403, "not-allowed")
    problem_of(
        log_in(email="eva@empresa.example", permissions=("gerenciar-api",)).post("/v1/api-keys", {"name": "x", "permissions": []}),
        403,
        "not-allowed",
    )


def test_a_key_that_manages_keys_makes_none_that_would_outlive_it_and_rotates_itself_alone(make, client):
    id, keeper = make("gerenciar-chaves", "gerenciar-relatorio", expires_at="2026-03-02T18:00:00Z")
    other, _ = make("gerenciar-relatorio")
    for refused in (
        keeper.post("/v1/api-keys", {"name": "x", "permissions": ["gerenciar-relatorio"]}),
        keeper.post(f"/v1/api-keys/{other}/rotate", {}),
    ):
        assert "permission" not in problem_of(refused, 403, "api-key-makes-keys"), "the key has it"
    renewed = keeper.post(f"/v1/api-keys/{id}/rotate", {"overlap_ms": 0})
    assert renewed.status_code == 200, renewed.text
    keeper = Program(client, renewed.json()["result"]["key"])
    assert keeper.get(f"/v1/api-keys/{id}").json()["expires_at"] == "2026-03-02T18:00:00.000Z"
    assert keeper.post(f"/v1/api-keys/{other}/revoke").status_code == 200


def test_a_key_manages_users_only_with_that_permission_and_by_the_level_of_its_creator(make, ana):
    _, provisioner = make("gerenciar-usuário")
    made = ana.post("/v1/users", {"name": "Bia", "email": "bia@empresa.example"})
    assert provisioner.ask("PATCH", f"/v1/users/{made.json()['id']}", json={"name": "Beatriz"}).status_code == 200
    assert provisioner.post(f"/v1/users/{made.json()['id']}/deactivate").status_code == 200
    anas = ana.get("/v1/me").json()["id"]
    problem_of(provisioner.post(f"/v1/users/{anas}/deactivate"), 403, "not-allowed")


def test_a_key_lets_nobody_in_who_would_outlive_it(make, ana):
    _, provisioner = make("gerenciar-usuário", "gerenciar-relatorio")
    bia = ana.post("/v1/users", {"name": "Bia", "email": "bia@empresa.example"}).json()["id"]
    for refused in (
        provisioner.post("/v1/users", {"name": "Eva", "email": "eva@empresa.example"}),
        provisioner.post("/v1/users/password-link", {"email": "bia@empresa.example"}),
        provisioner.ask("PUT", f"/v1/users/{bia}/permissions", json={"level": "user", "permissions": ["gerenciar-relatorio"]}),
        provisioner.post(f"/v1/users/{bia}/activate"),
    ):
        assert "permission" not in problem_of(refused, 403, "api-key-makes-users"), "the key has it"
    assert [user["email"] for user in ana.get("/v1/users").json()["items"] if user["email"].startswith("eva@")] == []


def test_a_key_acts_for_agents_only_with_the_permission_to_act_for_others(make):
    _, without = make("gerenciar-atendimento")
    refused = problem_of(without.post("/v1/agents/log-in", {"agent": "Ana"}), 403, "not-allowed")
    assert refused["permission"] == "gerenciar-agentes"
    _, with_it = make("gerenciar-atendimento", "gerenciar-agentes")
    assert with_it.post("/v1/agents/log-in", {"agent": "Ana"}).status_code == 200


def test_a_rotated_key_is_accepted_besides_its_successor_for_the_hours_of_the_overlap(make, ana, client, center):
    id, old = make("gerenciar-relatorio")
    answer = ana.post(f"/v1/api-keys/{id}/rotate", {"overlap_ms": 7_200_000}).json()
    new = Program(client, answer["result"]["key"])
    for program in (old, new):
        assert program.get("/v1/queues").status_code == 200
    center.clock.pass_s(2 * HOUR_S)
    problem_of(old.get("/v1/queues"), 401, "api-key-barred")
    assert new.get("/v1/queues").status_code == 200


def test_what_a_revoked_key_has_posted_to_its_own_servers_ends_with_it(make, ana):
    id, crm = make("gerenciar-conectores", "gerenciar-atendimento")
    new = {"url": "https://93.184.216.34/x", "events": ["agent.paused"]}
    its_own, taken_over, signed, others = [who.post("/v1/webhooks", new).json()["id"] for who in (crm, ana, ana, ana)]
    assert crm.ask("PATCH", f"/v1/webhooks/{taken_over}", json={"url": "https://93.184.216.35/y"}).status_code == 200
    assert crm.ask("PATCH", f"/v1/webhooks/{others}", json={"events": ["agent.resumed"]}).status_code == 200
    assert crm.post(f"/v1/webhooks/{signed}/secret", {}).status_code == 200
    # Who corrects something else does not vouch for where it is posted.
    assert ana.ask("PATCH", f"/v1/webhooks/{taken_over}", json={"events": ["agent.resumed"]}).status_code == 200
    anas = f"user:{ana.get('/v1/me').json()['id']}"
    by = {one["id"]: (one["created_by"], one["url_set_by"], one["secret_set_by"]) for one in ana.get("/v1/webhooks").json()["items"]}
    assert by == {
        its_own: (f"key:{id}",) * 3,
        taken_over: (anas, f"key:{id}", anas),
        signed: (anas, anas, f"key:{id}"),
        others: (anas,) * 3,
    }

    assert revoked(ana, id, {its_own, taken_over, signed}) == {
        its_own: "disabled",
        taken_over: "disabled",
        signed: "disabled",
        others: "active",
    }
    assert "revoked" in ana.get(f"/v1/webhooks/{its_own}").json()["disabled_reason"]
    assert ana.post(f"/v1/webhooks/{its_own}/resume").status_code == 200
    assert ana.get(f"/v1/webhooks/{its_own}").json()["status"] == "active"
    again = revoked(ana, id, {its_own, taken_over, signed})
    assert again == {its_own: "active", taken_over: "disabled", signed: "disabled", others: "active"}, (
        "a second revocation undoes nothing that was decided since"
    )


def test_what_a_revoked_key_has_posted_goes_on_when_the_revocation_says_so(make, ana):
    id, crm = make("gerenciar-conectores", "gerenciar-atendimento")
    webhook = crm.post("/v1/webhooks", {"url": "https://93.184.216.34/x", "events": ["agent.paused"]}).json()["id"]
    for body in ({"keep_webhooks": True}, {}):
        assert revoked(ana, id, {webhook}, **body) == {webhook: "active"}


def revoked(ana, key, left, **body):
    """The status of every webhook of the company after a revocation of the key, which names those that the key leaves."""
    answer = ana.post(f"/v1/api-keys/{key}/revoke", body or None)
    assert answer.status_code == 200, answer.text
    assert {*answer.json()["result"]["webhook_ids"]} == left
    return {one["id"]: one["status"] for one in ana.get("/v1/webhooks").json()["items"]}


def test_an_expired_key_is_refused(make, center):
    _, crm = make("gerenciar-relatorio", expires_at="2026-03-02T18:00:00Z")
    assert crm.get("/v1/queues").status_code == 200
    center.clock.pass_s(HOUR_S)
    problem_of(crm.get("/v1/queues"), 401, "api-key-barred")


def test_a_wrong_field_of_a_new_key_is_named(ana):
    for field, value in (
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("requests_per_minute", 0),
        ("queue_ids", []),
    ):
        answer = ana.post("/v1/api-keys", {"name": "x", "permissions": [], field: value})
        assert problem_of(answer, 422, "invalid")["errors"][0]["pointer"] == f"/{field}"


def test_every_unknown_queue_of_a_new_key_is_named_by_its_place(ana, two_queues):
    queues = [str(uuid4()), str(two_queues), str(uuid4())]
    errors = problem_of(ana.post("/v1/api-keys", {"name": "x", "permissions": [], "queue_ids": queues}), 422, "invalid")["errors"]
    assert [error["pointer"] for error in errors] == ["/queue_ids/0", "/queue_ids/2"]


def test_every_permission_with_which_a_key_could_never_do_anything_is_named_at_once(ana, two_queues):
    permissions = ["tela-atendimento", "gerenciar-relatorio", "gerenciar-conectores", "gerenciar-pa", "gerenciar-api", "gerenciar-chaves"]
    for limits, wrong in (({}, [0, 3]), ({"queue_ids": [str(two_queues)]}, [0, 2, 3, 4, 5])):
        answer = ana.post("/v1/api-keys", {"name": "x", "permissions": permissions} | limits)
        errors = problem_of(answer, 422, "invalid")["errors"]
        assert [error["pointer"] for error in errors] == [f"/permissions/{index}" for index in wrong]
        assert all(permissions[index] in error["detail"] for index, error in zip(wrong, errors, strict=True))


def test_a_refused_permission_of_a_key_says_which_a_key_may_have(ana, two_queues):
    for limits, allowed in (({}, USED_BY_KEYS), ({"queue_ids": [str(two_queues)]}, USED_BY_LIMITED_KEYS)):
        answer = ana.post("/v1/api-keys", {"name": "x", "permissions": ["gerenciar-tags", "gerenciar-pa"]} | limits)
        errors = problem_of(answer, 422, "invalid")["errors"]
        assert [error["pointer"] for error in errors] == ["/permissions/0", "/permissions/1"]
        for error in errors:
            assert {*error["detail"].partition(" may have ")[2].split(", ")} == allowed


def test_the_document_lists_the_permissions_of_a_key_and_those_of_one_that_is_limited(document):
    permissions = document["components"]["schemas"]["NewApiKey"]["properties"]["permissions"]
    assert set(permissions["items"]["enum"]) == USED_BY_KEYS
    named = set(permissions["description"].rpartition(": ")[2].split(", "))
    assert named == USED_BY_LIMITED_KEYS


def test_a_key_that_asks_which_user_it_is_learns_where_it_is_described(make):
    _, crm = make("gerenciar-relatorio")
    assert "/v1/api-keys/self" in problem_of(crm.get("/v1/me"), 404, "api-key-is-no-user")["detail"]


def test_only_who_has_a_secret_of_a_key_learns_that_it_is_barred(make, ana, client):
    id, old = make("gerenciar-relatorio")
    new = Program(client, ana.post(f"/v1/api-keys/{id}/rotate", {"overlap_ms": 0}).json()["result"]["key"])
    guessed = [Program(client, key[:-4] + "AAAA") for key in (old.key, new.key)]
    problem_of(old.get("/v1/queues"), 401, "api-key-barred")
    assert new.get("/v1/queues").status_code == 200
    assert ana.post(f"/v1/api-keys/{id}/revoke").status_code == 200
    for program in (old, new):
        problem_of(program.get("/v1/queues"), 401, "api-key-barred")
    never = problem_of(Program(client, "atk_abcdefgh_" + "A" * 64).get("/v1/queues"), 401, "unauthenticated")
    assert never["type"].endswith(":unauthenticated")
    assert [program.get("/v1/queues").json() for program in guessed] == [never, never]


def test_a_revoked_key_is_refused_at_once_and_by_other_processes_within_two_seconds(make, ana, center, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(active_keys, "TTLCache", lambda size, ttl, _: TTLCache(size, ttl, lambda: now[0]))
    id, crm = make("gerenciar-relatorio")
    elsewhere = ActiveKeys(center.store, center.clock)
    assert asyncio.run(elsewhere.known(crm.key)).id.hex == id.replace("-", "")
    valid = elsewhere.credential(crm.key, asyncio.run(elsewhere.known(crm.key))).is_valid
    assert crm.get("/v1/queues").status_code == 200
    assert ana.post(f"/v1/api-keys/{id}/revoke").status_code == 200
    assert (
        problem_of(crm.get("/v1/queues"), 401, "api-key-barred")["detail"] == "this API key was revoked, has expired, or has a new secret"
    )
    now[0] += REMEMBERED_S + 0.01
    with pytest.raises(Problem):
        asyncio.run(elsewhere.known(crm.key))
    assert not asyncio.run(valid())
    assert REMEMBERED_S < 2
    problem_of(ana.post(f"/v1/api-keys/{id}/rotate", {}), 409, "refused")


def test_the_streams_of_a_key_end_when_a_queue_of_it_is_renamed(make, two_queues, center, monkeypatch):
    """A stream sees what the key saw when it began: it would go on without the queue."""
    now = [100.0]
    monkeypatch.setattr(active_keys, "TTLCache", lambda size, ttl, _: TTLCache(size, ttl, lambda: now[0]))
    _, board = make("gerenciar-atendimento", queue_ids=[str(two_queues)])
    keys = ActiveKeys(center.store, center.clock)
    valid = keys.credential(board.key, asyncio.run(keys.known(board.key))).is_valid
    assert asyncio.run(valid())
    center.bus.execute(RenameQueue(queue=two_queues, name="comercial"), operator("Empresa"))
    now[0] += REMEMBERED_S + 0.01
    assert not asyncio.run(valid())


def test_a_revoked_key_manages_nothing_even_while_another_process_still_knows_it(monkeypatch, request, center):
    monkeypatch.setattr(active_keys, "TTLCache", lambda size, ttl, _: TTLCache(size, ttl, lambda: 0.0))
    make = request.getfixturevalue("make")
    id, keeper = make("gerenciar-chaves", "gerenciar-usuário")
    assert keeper.get("/v1/api-keys").status_code == 200
    center.bus.execute(RevokeApiKey(key=UUID(id)), operator("Empresa"))
    problem_of(keeper.post("/v1/api-keys", {"name": "x", "permissions": []}), 401, "api-key-barred")
    problem_of(keeper.post("/v1/users", {"name": "Eu", "email": "eu@empresa.example"}), 401, "api-key-barred")


@pytest.mark.parametrize("text", ["atk_", "atk_abcdefgh_x", "atk_abcdefgh_" + "A" * 64, "atk_ção"])
def test_what_is_no_key_is_refused(client, ana, text):
    problem_of(client.get("/v1/queues", headers={"Authorization": f"Bearer {text}".encode("latin-1")}), 401, "unauthenticated")


def test_a_key_reads_what_it_may_do_whatever_it_may_see(make, ana, two_queues):
    for permissions, limits in (((), {}), (("gerenciar-relatorio",), {"queue_ids": [str(two_queues)], "requests_per_minute": 7})):
        id, crm = make(*permissions, expires_at="2026-12-31T00:00:00-03:00", **limits)
        own = crm.get("/v1/api-keys/self").json()
        assert own == ana.get(f"/v1/api-keys/{id}").json()
        assert (own["name"], own["prefix"], own["permissions"]) == ("CRM", crm.key[:12], list(permissions))
        assert (own["queue_ids"], own["requests_per_minute"]) == (limits.get("queue_ids"), limits.get("requests_per_minute", 600))
    assert "/v1/me" in problem_of(ana.get("/v1/api-keys/self"), 404, "api-key-unknown")["detail"]


def test_a_key_of_another_company_sees_its_own_company_alone(make, log_in):
    id, crm = make("gerenciar-chaves")
    bia = log_in("Outra", "bia@outra.example")
    for refused in (bia.get(f"/v1/api-keys/{id}"), bia.post(f"/v1/api-keys/{id}/revoke"), bia.post(f"/v1/api-keys/{id}/rotate", {})):
        problem_of(refused, 404, "not-found")
    assert bia.get("/v1/api-keys").json()["items"] == []
    assert crm.get("/v1/queues").status_code == 200


@pytest.fixture
def two_queues(center, ana):
    tenant = operator("Empresa").tenant
    for queue in ("vendas", "suporte"):
        center.bus.execute(RegisterQueue(name=queue), operator("Empresa"))
        center.bus.execute(StartCall(call=f"call of {queue}", from_number="11987654321"), operator("Empresa"))
        center.bus.execute(OfferCall(interaction=interaction_id(tenant, f"call of {queue}"), queue=queue), operator("Empresa"))
    return queue_id(tenant, "vendas")


def test_a_key_with_queues_sees_only_these_under_any_name_and_only_reads(make, center, two_queues, any_permissions):
    _, board = make("gerenciar-relatorio", "gerenciar-atendimento", "gerenciar-service", "gerenciar-chaves", queue_ids=[str(two_queues)])
    done = center.bus.execute(RenameQueue(queue=two_queues, name="comercial"), operator("Empresa"))
    fresh = {"If-Position": str(done.position)}
    # A renamed queue is seen as soon as the key is read again.
    board.client.transport.app.state.application.active_keys._known.clear()
    seen = board.get("/v1/reports/queues", headers=fresh, params={"by": "queue", "from": "2026-01-01", "to": "2027-01-01"})
    assert seen.status_code == 200, seen.text
    assert "suporte" not in seen.text
    assert [(row["queue"], row["offered"]) for row in seen.json()["items"]] == [("vendas", 1)]
    assert [queue["name"] for queue in board.get("/v1/queues", headers=fresh).json()["items"]] == ["comercial"]
    for refused in (
        board.post("/v1/queues", {"name": "nova"}),
        board.post(f"/v1/queues/{two_queues}/deactivate"),
        board.post("/v1/api-keys", {"name": "x", "permissions": []}),
        board.get("/v1/api-keys"),
    ):
        problem_of(refused, 403, "not-allowed")


def test_a_key_with_queues_sees_the_changes_of_these_alone(make, center, two_queues, ana, any_permissions):
    vendas, suporte = (str(queue_id(operator("Empresa").tenant, name)) for name in ("vendas", "suporte"))
    ivr = ana.post("/v1/ivrs", {"name": "principal"}).json()["id"]
    webhook = ana.post("/v1/webhooks", {"url": "https://crm.example/x", "events": ["agent.paused"]}).json()["id"]
    permissions = ("gerenciar-service", "gerenciar-phone", "gerenciar-conectores")
    _, limited = make(*permissions, queue_ids=[vendas])
    _, whole = make(*permissions)
    assert limited.get(f"/v1/changes/{vendas}").status_code == 200
    problem_of(limited.get(f"/v1/changes/{suporte}"), 404, "settings-unknown")
    for id in (ivr, webhook):
        problem_of(limited.get(f"/v1/changes/{id}"), 403, "scope-too-narrow")
    assert [whole.get(f"/v1/changes/{id}").status_code for id in (vendas, suporte, ivr, webhook)] == [200] * 4


def test_a_key_that_asks_too_often_waits_and_no_other_key_does(make, client):
    _, fast = make("gerenciar-relatorio", requests_per_minute=3)
    _, other = make("gerenciar-relatorio")
    answers = [fast.get("/v1/queues") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert [re.sub(";t=.*", "", answer.headers["RateLimit"]) for answer in answers] == ['"key";r=2', '"key";r=1', '"key";r=0', '"key";r=0']
    problem_of(answers[3], 429, "too-many-requests")
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
    assert other.get("/v1/queues").status_code == 200
    assert "RateLimit" not in client.get("/healthz").headers


def test_the_last_use_is_kept_to_the_hour_and_is_no_event(make, ana, center):
    id, crm = make("gerenciar-relatorio")

    def used():
        return ana.get(f"/v1/api-keys/{id}").json()["last_used_at"]

    assert used() is None
    head = center.store.head()
    for _ in range(3):
        assert crm.get("/v1/queues").status_code == 200
    first = used()
    assert re.fullmatch(r"2026-03-02T\d\d:00:00.000Z", first)
    center.clock.pass_s(HOUR_S)
    ana.stay()
    crm.get("/v1/queues")
    assert used() > first
    assert center.store.head() == head
