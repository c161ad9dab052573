"""A command sent again with the same key is done once and answers the same."""

from concurrent.futures import ThreadPoolExecutor


def test_the_same_key_gives_the_same_answer_once(ana, center):
    first = ana.post("/v1/interactions", {"from_number": "5511987654321"}, headers={"Idempotency-Key": "k-1"})
    head = center.store.head()
    again = ana.post("/v1/interactions", {"from_number": "5511987654321"}, headers={"Idempotency-Key": "k-1"})
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    assert center.store.head() == head


def test_without_a_key_it_is_another_call(ana):
    first, second = (ana.post("/v1/interactions", {"from_number": "5511987654321"}).json() for _ in range(2))
    assert first["id"] != second["id"]


def test_a_key_is_for_one_command(ana):
    ana.post("/v1/interactions", {}, headers={"Idempotency-Key": "k-1"})
    answer = ana.post("/v1/queues", {"name": "vendas"}, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("idempotency-key-reused")


def test_a_refused_command_leaves_its_key_free(ana):
    key = {"Idempotency-Key": "k-1"}
    assert ana.post("/v1/agents/log-out", {"agent": "Ana"}, headers=key).status_code == 404
    ana.post("/v1/agents/log-in", {"agent": "Ana"})
    assert ana.post("/v1/agents/log-out", {"agent": "Ana"}, headers=key).status_code == 200


def test_a_key_is_a_companys_own(log_in):
    ana, bia = log_in("Empresa"), log_in("Outra", "bia@outra.example")
    key = {"Idempotency-Key": "k-1"}
    first = ana.post("/v1/queues", {"name": "vendas"}, headers=key).json()
    second = bia.post("/v1/queues", {"name": "vendas"}, headers=key).json()
    assert first["id"] != second["id"]


def test_a_key_is_a_callers_own_in_the_company(log_in, ana, client):
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-service",))
    headers = {"Idempotency-Key": "k-1"}
    assert ana.post("/v1/queues", {"name": "vendas"}, headers=headers).status_code == 201
    refused = bia.post("/v1/queues", {"name": "vendas"}, headers=headers)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "queue-exists")
    made = bia.post("/v1/queues", {"name": "suporte"}, headers=headers)
    assert (made.status_code, made.headers.get("Idempotency-Replayed")) == (201, None)
    key = ana.post("/v1/api-keys", {"name": "CRM", "permissions": ["gerenciar-service"]}).json()["result"]["key"]
    by_key = client.post("/v1/queues", json={"name": "cobrança"}, headers=headers | {"Authorization": f"Bearer {key}"})
    assert (by_key.status_code, by_key.headers.get("Idempotency-Replayed")) == (201, None)


def test_many_at_once_with_one_key_are_one(ana, center):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ana.post("/v1/interactions", {}, headers={"Idempotency-Key": "k-1"}).json(), range(32)))
    assert len({str(answer) for answer in answers}) == 1
    calls = [recorded for recorded in center.store.read(0, 100) if recorded.event.TOPIC == "interaction.arrived"]
    assert len(calls) == 1


def test_what_is_answered_is_on_disk(ana, center):
    position = ana.post("/v1/interactions", {}).json()["position"]
    assert center.store.head() == position
