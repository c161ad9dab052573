"""What there is: queues, agents, IVRs, users; page by page, each list as one position of the log knew it."""

import pytest

from tests.api.test_auth import problem_of


def all_of(person, path, **params):
    """Every item of a list, and the pages' `as_of`."""
    items, covered, cursor = [], set(), None
    while True:
        answer = person.get(path, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        covered.add(page["as_of"])
        cursor = page["next"]
        if cursor is None:
            assert len(covered) == 1
            return items


@pytest.fixture
def busy(ana):
    """A company with some of everything; the position of the last change."""
    for name in ("Bruno", "Ana"):
        ana.post("/v1/agents/log-in", {"agent": name})
    for name in ("vendas", "suporte", "ção", "A fila", "zz"):
        ana.post("/v1/queues", {"name": name, "sla_ms": 10_000, "internal_number": "201", "agents": ["Ana"]})
    ana.post("/v1/agents/log-in", {"agent": "Carla", "queues": ["vendas"]})
    ana.post("/v1/ivrs", {"name": "noite"})
    menu = [{"digit": "1", "queue": "vendas"}]
    hours = [{"weekday": 0, "opens": "08:00", "closes": "18:00"}]
    done = ana.post("/v1/ivrs", {"name": "dia", "always_open": False, "hours": hours, "menu": menu, "welcome": {"text": "Olá"}})
    return done.json()["position"]


def test_lists_are_in_order_whatever_the_page(ana, busy):
    for limit in (1, 2, 100):
        queues = all_of(ana, "/v1/queues", limit=limit, at_least=busy)
        assert [queue["name"] for queue in queues] == sorted(["vendas", "suporte", "ção", "A fila", "zz"], key=str.encode)
        assert [agent["name"] for agent in all_of(ana, "/v1/agents", limit=limit)] == ["Ana", "Bruno", "Carla"]
        assert [ivr["name"] for ivr in all_of(ana, "/v1/ivrs", limit=limit)] == ["dia", "noite"]
        assert [user["email"] for user in all_of(ana, "/v1/users", limit=limit)] == ["ana@empresa.example"]
    zz = queues[-2]
    assert zz == {
        "id": zz["id"],
        "name": "zz",
        "sla_target": 80.0,
        "sla_ms": 10_000,
        "tolerated_ms": 5_000,
        "sla_profile": "offered",
        "internal_number": "201",
        "agents": ["Ana"],
        "active": True,
    }


def test_pages_do_not_mix_two_moments(ana, busy):
    first = ana.get("/v1/queues", params={"limit": 2, "at_least": busy}).json()
    later = ana.post("/v1/queues", {"name": "nova"}).json()["position"]
    rest = ana.get("/v1/queues", params={"limit": 100, "cursor": first["next"], "at_least": later}).json()
    assert rest["as_of"] == first["as_of"] == busy
    assert "nova" not in [queue["name"] for queue in rest["items"]]
    assert len(first["items"] + rest["items"]) == 5
    assert len(all_of(ana, "/v1/queues")) == 6


def test_a_list_of_the_past(ana, busy):
    zz = next(queue["id"] for queue in all_of(ana, "/v1/queues", at_least=busy) if queue["name"] == "zz")
    ana.post(f"/v1/queues/{zz}/deactivate")
    gone = ana.ask("DELETE", f"/v1/queues/{zz}").json()["position"]
    assert "zz" not in [queue["name"] for queue in all_of(ana, "/v1/queues", at_least=gone)]
    assert "zz" in [queue["name"] for queue in all_of(ana, "/v1/queues", as_of=busy)]
    assert all_of(ana, "/v1/queues", as_of=2) == []


def test_a_cursor_is_for_its_list_alone(ana, log_in, busy):
    cursor = ana.get("/v1/queues", params={"limit": 1, "at_least": busy}).json()["next"]
    bia = log_in("Outra", "bia@outra.example")
    for person, path, params in (
        (ana, "/v1/agents", {}),
        (ana, "/v1/queues", {"as_of": 3}),
        (bia, "/v1/queues", {}),
    ):
        answer = person.get(path, params=params | {"cursor": cursor})
        assert problem_of(answer, 422, "cursor-of-other-filters")["errors"][0]["parameter"] == "cursor"


def test_one_of_each(ana, busy):
    vendas, dia, carla = (
        next(item["id"] for item in all_of(ana, path, at_least=busy) if item["name"] == name)
        for path, name in (("/v1/queues", "vendas"), ("/v1/ivrs", "dia"), ("/v1/agents", "Carla"))
    )
    queue = ana.get(f"/v1/queues/{vendas}").json()
    assert (queue["name"], queue["internal_number"], queue["on_screen"]) == ("vendas", "201", True)
    ivr = ana.get(f"/v1/ivrs/{dia}").json()
    assert ivr["menu"] == [{"digit": "1", "queue": "vendas"}]
    assert ivr["welcome"] == {"text": "Olá", "voice": "", "file": ""}
    assert (ivr["timezone"], ivr["always_open"]) == ("America/Sao_Paulo", False)
    assert ana.get(f"/v1/agents/{carla}").json()["queues"] == ["vendas"]


def test_a_change_is_read_by_who_waits_for_it(ana, busy):
    queue = ana.post("/v1/queues", {"name": "nova"}).json()
    names = [item["name"] for item in ana.get("/v1/queues", headers={"If-Position": str(queue["position"])}).json()["items"]]
    assert "nova" in names
    changed = ana.ask("PATCH", f"/v1/queues/{queue['id']}", json={"sla_ms": 30_000, "tolerated_ms": 0}).json()
    listed = all_of(ana, "/v1/queues", at_least=changed["position"])
    assert [(item["sla_ms"], item["tolerated_ms"]) for item in listed if item["name"] == "nova"] == [(30_000, 0)]


@pytest.mark.parametrize("parameter", ["at_least", "as_of"])
def test_a_position_behind_the_end_of_the_log_is_refused(ana, parameter):
    answer = ana.get("/v1/queues", params={parameter: 10_000})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter
    answer = ana.get("/v1/queues", headers={"If-Position": "10000"})
    assert answer.json()["errors"][0]["header"] == "If-Position"
