"""The live stream as a browser follows it, over a real server: it breaks, it comes back, nothing is lost or doubled."""

import json
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from pydantic import TypeAdapter

from api import active_keys, active_users, live_stream, monitoring
from api.app import create_app
from api.live_messages import LiveMessage
from api.open_streams import OpenStreams
from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.api_keys import RevokeApiKey
from commands.interactions import AbandonCall, EndCall, OfferCall, StartCall
from commands.queues import RegisterQueue
from commands.users import DeactivateUser
from domain.access import Scope
from domain.errors import AlreadyExists
from domain.ids import company_id, interaction_id, queue_id
from tests.kit.http import Person, operator
from tests.kit.pasts import cover
from tests.kit.served import DEADLINE_S, server_of
from tests.kit.waiting import within


@pytest.fixture
def app(center):
    return create_app(center)


@pytest.fixture
def address(app):
    with server_of(app) as address:
        yield address


@contextmanager
def listening(address, person, headers=(), **params):
    """The stream's events, as an EventSource has them: (id, name, data)."""
    sent_headers = {"Authorization": f"Bearer {person.tokens['access_token']}", **dict(headers)}
    with (
        httpx.Client(timeout=DEADLINE_S) as client,
        client.stream("GET", f"{address}/v1/live", headers=sent_headers, params=params) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def parsed(lines):
    event = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif event:
            yield event
            event = {}


def live_through(center, calls, company="Empresa"):
    """Let calls come, wait and be given up."""
    with suppress(AlreadyExists):
        center.bus.execute(RegisterQueue(name="vendas"), operator(company))
    for call in calls:
        id = center.bus.execute(StartCall(call=f"{company}-{call}", from_number="5511987654321"), operator(company)).id
        center.bus.execute(OfferCall(interaction=id, queue="vendas"), operator(company))
        center.bus.execute(AbandonCall(interaction=id), operator(company))
        center.bus.execute(EndCall(interaction=id), operator(company))


def shown(center, company, after):
    """The positions that a client of the company is to see after one."""
    return [
        recorded.position
        for recorded in center.store.read(after, 100_000)
        if recorded.event.tenant == company_id(company) and recorded.event.TOPIC.split(".")[0] in ("interaction", "visit", "queue")
    ]


def take(stream, last):
    """Events up to the position `last`."""
    taken = []
    for event in stream:
        if "data" in event:
            taken.append(event)
            if int(event["id"]) >= last:
                return taken
    return taken


def test_what_happens_is_seen_in_order_and_without_a_person(center, ana, address):
    with listening(address, ana) as stream:
        before = center.store.head()
        live_through(center, range(3))
        expected = shown(center, "Empresa", before)
        events = take(stream, expected[-1])
    assert [int(event["id"]) for event in events] == expected
    bodies = [json.loads(event["data"]) for event in events]
    assert [body["type"] for body in bodies] == [event["event"] for event in events]
    assert [body["position"] for body in bodies] == expected
    assert {body["version"] for body in bodies} == {1}
    calls = [body for body in bodies if body["type"] == "interaction"]
    assert [(body["call"], body["protocol"]) for body in calls] == [(f"Empresa-{call}", call + 1) for call in range(3) for _ in range(4)]
    hung_up = bodies[-1]["steps"][-1]
    assert (hung_up["kind"], hung_up["queue"], hung_up["agent"]) == ("hung_up", None, None)
    assert "987654321" not in json.dumps(bodies)


def test_a_client_that_comes_back_has_no_gap_and_no_double(center, ana, log_in, address, monkeypatch):
    monkeypatch.setattr(monitoring, "QUIET_S", 0.05)
    log_in("Outra", "bia@outra.example")
    start = center.store.head()
    writing = threading.Thread(target=lambda: [live_through(center, [n], company) for n in range(40) for company in ("Empresa", "Outra")])
    writing.start()
    seen, last, breaks = [], start, 0

    def had_all():
        return not writing.is_alive() and last >= shown(center, "Empresa", start)[-1]

    end = time.monotonic() + DEADLINE_S
    while not had_all():
        assert time.monotonic() < end
        # The address keeps the position where the client began; the header is newer and rules.
        headers = {"Last-Event-ID": str(last)} if breaks else {}
        with listening(address, ana, headers, after=start) as stream:
            for event in stream:
                last = int(event["id"])
                if "data" in event:
                    seen.append(last)
                if len(seen) % 17 == 16 or had_all():
                    break
        breaks += 1
    writing.join()
    assert breaks > 3
    assert seen == shown(center, "Empresa", start)


def test_a_page_of_an_allowed_origin_follows_by_fetch_with_its_token_and_resumes(center, ana):
    center._settings = replace(center._settings, cors_origins=("https://console.example",))
    page = {"Origin": "https://console.example", "Sec-Fetch-Mode": "cors"}
    with server_of(create_app(center)) as address:
        asked = {**page, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,last-event-id"}
        assert httpx.options(f"{address}/v1/live", headers=asked).status_code == 200
        start = center.store.head()
        live_through(center, range(2))
        expected = shown(center, "Empresa", start)
        with listening(address, ana, page, after=start) as stream:
            seen = take(stream, expected[2])
        with listening(address, ana, {**page, "Last-Event-ID": seen[-1]["id"]}, after=start) as stream:
            seen += take(stream, expected[-1])
    assert [int(event["id"]) for event in seen] == expected


def test_the_stream_of_an_api_key_ends_when_the_key_is_revoked(center, ana, address):
    made = ana.post("/v1/api-keys", {"name": "wallboard", "permissions": ["gerenciar-atendimento"]}).json()
    wallboard = Person(ana.client, "", {"access_token": made["result"]["key"]})
    with listening(address, wallboard, after=center.store.head()) as stream:
        live_through(center, [1])
        assert take(stream, shown(center, "Empresa", 0)[-1])
        center.bus.execute(RevokeApiKey(key=UUID(made["id"])), operator("Empresa"))
        began = time.monotonic()
        assert list(stream) == []
    assert time.monotonic() - began < active_keys.REMEMBERED_S + live_stream.CHECK_S + 1


def test_the_stream_of_a_user_ends_when_the_user_is_deactivated(center, app, log_in, address):
    bia = log_in(permissions=("gerenciar-atendimento",))
    with listening(address, bia, after=center.store.head()) as stream:
        live_through(center, [1])
        assert take(stream, shown(center, "Empresa", 0)[-1])
        user = app.state.application.tokens.read(bia.tokens["access_token"]).sub
        center.bus.execute(DeactivateUser(user=user), operator("Empresa"))
        began = time.monotonic()
        assert list(stream) == []
    assert time.monotonic() - began < active_users.REMEMBERED_S + live_stream.CHECK_S + 1


def test_a_caller_has_so_many_streams_and_another_has_its_own(center, app, ana, log_in, address):
    app.state.application.live_streams = OpenStreams(2)
    bia = log_in("Outra", "bia@outra.example")
    live_through(center, [1])
    with ExitStack() as opened:
        first = opened.enter_context(ExitStack())
        streams = [stack.enter_context(listening(address, ana, after=0)) for stack in (first, opened)]
        assert all(next(stream) for stream in streams)
        token = {"Authorization": f"Bearer {ana.tokens['access_token']}"}
        refused = httpx.get(f"{address}/v1/live", headers=token)
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:problem-type:atende:too-many-streams")
        assert int(refused.headers["Retry-After"]) > 0
        opened.enter_context(listening(address, bia))
        first.close()

        def accepted():
            with httpx.Client() as client, client.stream("GET", f"{address}/v1/live", headers=token) as answer:
                return answer.status_code == 200

        within(accepted, DEADLINE_S)


def test_a_page_of_the_log_with_other_companies_decodes_none_of_theirs(center, ana, log_in, monkeypatch):
    log_in("Outra", "bia@outra.example")
    live_through(center, [1], "Outra")
    live_through(center, [2], "Empresa")
    decoded = []
    read = center.store.mapper.read
    monkeypatch.setattr(center.store.mapper, "read", lambda recorded: (decoded.append(read(recorded)), decoded[-1])[1])
    found = center.store.read(0, 10_000, [company_id("Outra")])
    assert found
    assert {event.tenant for event in decoded} == {recorded.event.tenant for recorded in found} == {company_id("Outra")}


def test_another_company_gets_nothing(center, ana, log_in, address):
    log_in("Outra", "bia@outra.example")
    with listening(address, ana, after=center.store.head()) as stream:
        live_through(center, [1], "Outra")
        live_through(center, [2], "Empresa")
        events = take(stream, center.store.head())
    positions = [int(event["id"]) for event in events]
    assert positions == shown(center, "Empresa", 0)[-len(positions) :]
    assert json.loads(events[-1]["data"])["interaction_id"] == str(interaction_id(company_id("Empresa"), "Empresa-2"))


def test_a_keep_alive_shows_how_far_the_log_was_followed(center, ana, log_in, address, monkeypatch):
    monkeypatch.setattr(monitoring, "QUIET_S", 0.05)
    log_in("Outra", "bia@outra.example")
    with listening(address, ana, after=center.store.head()) as stream:
        live_through(center, [1], "Outra")
        head = center.store.head()
        beats = (event for event in stream if "data" not in event)
        while int((beat := next(beats))["id"]) < head:
            pass
    assert beat == {"": "alive", "id": str(head)}


def test_the_stream_ends_with_the_token(center, ana, address):
    center.clock.pass_s(599.9)
    with listening(address, ana) as stream:
        assert all("data" not in event for event in stream)


@pytest.mark.parametrize(
    ("params", "status"), [({"after": 10**9}, 422), ({"after": -1}, 422), ({"after": "x"}, 422), ({"after": 2**70}, 422)]
)
def test_a_position_that_cannot_be_is_refused(ana, params, status):
    answer = ana.get("/v1/live", params=params)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["parameter"] == "after"


def test_listening_needs_the_permission(log_in):
    bia = log_in(permissions=("gerenciar-relatorio",))
    assert bia.get("/v1/live").status_code == 403


def test_every_message_is_one_that_the_document_describes(center, ana, address, document):
    schemas = document["components"]["schemas"]
    messages = [schemas[one["$ref"].rpartition("/")[2]] for one in schemas["LiveMessage"]["oneOf"]]
    described = {message["properties"]["type"]["const"] for message in messages}
    assert described == {"interaction", "agent", "queue", "ivr", "source", "unreadable"}
    with listening(address, ana, after=0) as stream:
        live_through(center, range(2))
        events = take(stream, center.store.head())
    for event in events:
        message = TypeAdapter(LiveMessage).validate_json(event["data"])
        assert message.type == event["event"]
        assert str(message.position) == event["id"]


def test_a_user_of_one_queue_gets_messages_of_no_other(center, ana, app, address):
    live_through(center, ["before"])
    # The rows decide what the user sees where the stream begins.
    cover(center)
    app.state.application.scope_of = lambda _: Scope(queues=frozenset({"suporte"}))
    with listening(address, ana, after=center.store.head()) as stream:
        live_through(center, [1])
        center.bus.execute(RegisterQueue(name="suporte"), operator("Empresa"))
        id = center.bus.execute(StartCall(call="own", from_number="5511912345678"), operator("Empresa")).id
        center.bus.execute(OfferCall(interaction=id, queue="suporte"), operator("Empresa"))
        for command in (
            LogIn(agent="Carla", queues=("vendas",)),
            PauseAgent(agent="Carla", reason="segredo"),
            ResumeAgent(agent="Carla"),
            LogIn(agent="Carla", queues=("suporte",)),
            LogOut(agent="Carla"),
            LogIn(agent="Carla", queues=("vendas",)),
        ):
            center.bus.execute(command, operator("Empresa"))
        center.bus.execute(EndCall(interaction=id), operator("Empresa"))
        events = take(stream, center.store.head())
    bodies = [json.loads(event["data"]) for event in events]
    assert {body["interaction_id"] for body in bodies if body["type"] == "interaction"} == {str(id)}
    kinds = [step["kind"] for body in bodies if body["type"] == "interaction" for step in body["steps"]]
    # What happens before the call comes to the queue is seen if the rows know by then that it comes.
    assert kinds[kinds[0] == "arrived" :] == ["offered", "abandoned", "hung_up"]
    assert {step["queue"] for body in bodies for step in body.get("steps", ())} <= {None, "suporte"}
    # An agent comes with the login to the queue, and goes with the logout.
    assert [(body["agent"], body["queues"], [step["kind"] for step in body["steps"]]) for body in bodies if body["type"] == "agent"] == [
        ("Carla", ["suporte"], ["logged_in"]),
        ("Carla", [], ["logged_out"]),
    ]
    assert {body["queue_id"] for body in bodies if body["type"] == "queue"} == {str(queue_id(company_id("Empresa"), "suporte"))}


def test_a_stream_whose_follower_fails_ends_and_the_next_one_is_whole(center, ana, app, address, monkeypatch):
    """No client gets a keep-alive from a dead follower: it reconnects, and gets all messages. The failures are counted."""
    monkeypatch.setattr(monitoring, "QUIET_S", 0.02)
    monkeypatch.setattr(live_stream, "RESTART_S", 0.02)
    feed, before = app.state.application.feed, center.store.head()
    read, broken = center.store.read, threading.Event()

    def breaking(*of):
        if broken.is_set():
            raise ValueError("a fault of our own")
        return read(*of)

    monkeypatch.setattr(center.store, "read", breaking)
    with listening(address, ana, after=before) as stream:
        broken.set()
        live_through(center, [1])
        assert all("data" not in event for event in stream)
    broken.clear()
    within(lambda: not feed.failed, DEADLINE_S)
    with listening(address, ana, after=before) as stream:
        events = take(stream, shown(center, "Empresa", before)[-1])
    assert [int(event["id"]) for event in events] == shown(center, "Empresa", before)
    assert 'atende_live_restarts_total{cause="error"}' in httpx.get(f"{address}/metrics").text


def test_nobody_is_let_onto_a_stream_that_cannot_follow_the_log(ana, app, address):
    feed = app.state.application.feed
    feed._failures = 1
    token = {"Authorization": f"Bearer {ana.tokens['access_token']}"}
    answer = httpx.get(f"{address}/v1/live", headers=token)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem-type:atende:unavailable")
