"""A filter by name means whoever bears the name now, with all that was done under former names; a filter by id means the same, and an id that nothing has is 404."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import pytest

from tests.api.test_auth import problem_of
from tests.kit.pasts import cover

NOBODY = str(UUID(int=1))
FIGURES = (
    "/v1/interactions",
    "/v1/dashboards/inbound",
    "/v1/dashboards/outbound",
    "/v1/dashboards/ivr",
    "/v1/reports/queues",
    "/v1/reports/ivr",
    "/v1/reports/outbound",
    "/v1/reports/agents",
    "/v1/what-if/sla",
    "/v1/monitoring",
    "/v1/wall",
    "/v1/timeline",
)


@pytest.fixture
def renamed(ana, center):
    """A queue with a call before and a call after its renaming, and another queue with one: the ids of the queue and of the agent who answered all."""

    def do(path, body):
        answer = ana.post(path, body)
        assert answer.is_success, answer.text
        return answer.json()

    def called(own, queue):
        call = do("/v1/interactions", {"call": own})["id"]
        do(f"/v1/interactions/{call}/offer", {"queue": queue})
        do(f"/v1/interactions/{call}/answer", {"agent": "Ana"})
        do(f"/v1/interactions/{call}/end", {})

    queue = do("/v1/queues", {"name": "vendas"})["id"]
    do("/v1/queues", {"name": "suporte"})
    agent = do("/v1/agents/log-in", {"agent": "Ana"})["id"]
    called("before", "vendas")
    do(f"/v1/queues/{queue}/rename", {"name": "comercial"})
    called("after", "comercial")
    called("other", "suporte")
    center.clock.pass_s(60)
    cover(center)
    return ana, queue, agent


def calls(ana, **params):
    answer = ana.get("/v1/interactions", params=params)
    assert answer.status_code == 200, answer.text
    return sorted(row["call"] for row in answer.json()["items"])


def test_a_name_finds_what_the_queue_did_under_former_names_and_its_id_the_same(renamed):
    ana, queue, agent = renamed
    both = ["after", "before"]
    assert (
        calls(ana, queue="comercial") == calls(ana, queue="vendas") == calls(ana, queue="COMERCIAL ") == calls(ana, queue_id=queue) == both
    )
    assert calls(ana, except_queue="comercial") == calls(ana, except_queue_id=queue) == ["other"]
    assert calls(ana, queue=["suporte"], queue_id=queue) == [*both, "other"]
    assert calls(ana, agent_id=agent) == [*both, "other"]
    assert calls(ana, except_agent_id=agent) == []
    assert ana.post("/v1/interactions/search", {"queue_id": [queue], "count": True}).json()["count"] == 2


def test_an_agent_who_was_logged_in_before_a_renaming_is_shown_in_the_queue_of_now_and_dials_for_it(ana, center):
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    agent = ana.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]}).json()["id"]
    ana.post(f"/v1/queues/{queue}/rename", {"name": "Comercial"})
    assert ana.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["Comercial"]}).json()["result"]["queues"] == ["Comercial"]
    dialled = ana.post("/v1/interactions/dial", {"queue": "Comercial", "agent": "Ana", "to_number": "5511987654321"}).json()["id"]
    position = ana.post(f"/v1/interactions/{dialled}/end", {}).json()["position"]
    center.clock.pass_s(60)
    cover(center)
    for params in ({"at_least": position}, {"at_least": position, "queue": "vendas"}, {"at_least": position, "queue_id": queue}):
        (shown,) = [row for rows in ana.get("/v1/monitoring", params=params).json()["agents"].values() for row in rows]
        assert (shown["agent"], shown["queues"]) == ("Ana", ["Comercial"])
    assert ana.get(f"/v1/agents/{agent}").json()["queues"] == ["Comercial"]
    assert [one["queues"] for one in ana.get("/v1/agents").json()["items"]] == [["Comercial"]]
    reported = ana.get("/v1/reports/outbound", params={"by": "queue"}).json()["items"]
    assert [row["queue"] for row in reported] == ["Comercial"]
    assert ana.get(f"/v1/interactions/{dialled}").json()["attempt"]["queue"] == "Comercial"


def test_reports_and_dashboards_filter_by_id_too(renamed):
    ana, queue, agent = renamed

    def rows(path, **params):
        answer = ana.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    for filters in ({"queue": "comercial"}, {"queue": "vendas"}, {"queue_id": queue}):
        as_was = rows("/v1/reports/queues", **filters)["items"]
        assert [(row["queue"], row["queue_id"], row["offered"]) for row in as_was] == [("comercial", queue, 1), ("vendas", queue, 1)]
        (now,) = rows("/v1/reports/queues", names="as-is", **filters)["items"]
        assert (now["queue"], now["offered"]) == ("comercial", 2)
        assert rows("/v1/dashboards/inbound", **filters)["totals"]["offered"] == 2
        assert [row["queue"] for row in rows("/v1/wall", **filters)["queues"]] == ["comercial"]
        assert sum(rows("/v1/timeline", **filters)["received"]) == 2
        assert rows("/v1/reports/agents", **filters)["items"][0]["answered"] == 2
    assert rows("/v1/reports/agents", agent_id=agent)["items"][0]["answered"] == 3
    assert [row["queue"] for row in rows("/v1/reports/queues", except_queue_id=queue)["items"]] == ["suporte"]


def test_a_queue_that_was_removed_is_still_found_by_its_names_and_its_id(renamed, center):
    ana, queue, _ = renamed
    ana.post(f"/v1/queues/{queue}/deactivate")
    assert ana.ask("DELETE", f"/v1/queues/{queue}").status_code == 200
    cover(center)
    assert calls(ana, queue_id=queue) == calls(ana, queue="comercial") == calls(ana, queue="vendas") == ["after", "before"]


@pytest.mark.parametrize("path", FIGURES)
def test_an_id_that_nothing_has_is_404_and_a_name_that_nobody_has_a_note(ana, path):
    for parameter, code in (("queue_id", "queue-unknown"), ("agent_id", "agent-unknown"), ("except_queue_id", "queue-unknown")):
        problem = problem_of(ana.get(path, params={parameter: NOBODY}), 404, code)
        assert problem["errors"][0]["parameter"] == parameter
    answer = ana.get(path, params={"queue": "nenhuma"})
    assert (answer.status_code, answer.json()["notes"]) == (200, ["no queue nenhuma"])


def test_ids_of_ivrs_filter_as_their_names_do(ana, center):
    ivr = ana.post("/v1/ivrs", {"name": "principal"}).json()["id"]
    call = ana.post("/v1/interactions", {"call": "crm-1"}).json()["id"]
    ana.post(f"/v1/interactions/{call}/ivr/enter", {"ivr": "principal"})
    ana.post(f"/v1/interactions/{call}/end", {})
    cover(center)
    assert calls(ana, ivr_id=ivr) == calls(ana, ivr="principal") == ["crm-1"]
    for path in ("/v1/interactions", "/v1/dashboards/ivr", "/v1/reports/ivr", "/v1/reports/queues"):
        problem_of(ana.get(path, params={"ivr_id": NOBODY}), 404, "ivr-unknown")


def test_a_search_names_the_field_of_an_id_that_nothing_has(ana):
    problem = problem_of(ana.post("/v1/interactions/search", {"queue_id": [NOBODY]}), 404, "queue-unknown")
    assert problem["errors"][0]["pointer"] == "/queue_id"


def test_a_watched_question_about_an_id_that_nothing_has_is_refused_before_the_stream_begins(ana):
    watched = f"/v1/monitoring?{urlencode({'queue_id': NOBODY})}"
    problem = problem_of(ana.get("/v1/watch", params={"q": watched}), 404, "queue-unknown")
    assert problem["errors"][0]["parameter"] == "q[0].queue_id"


def test_the_id_of_a_queue_in_answers_about_calls_is_that_of_its_settings(renamed, center):
    ana, queue, _ = renamed
    call = ana.post("/v1/interactions", {"call": "now"}).json()["id"]
    ana.post(f"/v1/interactions/{call}/offer", {"queue": "comercial"})
    cover(center)
    assert ana.get(f"/v1/interactions/{call}").json()["visits"][0]["queue_id"] == queue
    assert ana.get("/v1/monitoring").json()["waiting"][0]["queue_id"] == queue
    ana.post(f"/v1/interactions/{call}/answer", {"agent": "Ana"})
    cover(center)
    board = ana.get("/v1/monitoring").json()
    assert board["calls"][0]["queue_id"] == board["agents"]["on_call"][0]["queue_id"] == queue
