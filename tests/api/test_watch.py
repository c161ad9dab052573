"""Watched answers as a screen keeps them, over a real server: equal to the GET at the same position, whatever happens meanwhile."""

import json
import random
import threading
import time
from contextlib import ExitStack, contextmanager
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import httpx
import pytest

from api import active_keys, active_users, live_stream, watch, watched_answers
from api.app import create_app
from api.asked import BOARD_EVERY_S
from commands.agents import LogIn
from commands.api_keys import RevokeApiKey
from commands.interactions import AbandonCall, OfferCall, StartCall
from commands.queues import RegisterQueue
from commands.users import DeactivateUser
from domain.base import SECOND
from domain.ids import company_id
from simulator.center import busy_center
from simulator.story import Story
from tests.api.test_auth import problem_of
from tests.kit.http import Person, operator
from tests.kit.pasts import OPENS, cover
from tests.kit.served import DEADLINE_S, server_of
from tests.kit.waiting import within
from tests.kit.watching import Watcher, parsed

BOARD, INBOUND, OUTBOUND, IVR = ("/v1/monitoring", "/v1/dashboards/inbound", "/v1/dashboards/outbound", "/v1/dashboards/ivr")
EVERYTHING = (
    BOARD,
    f"{BOARD}?queue=Vendas",
    f"{INBOUND}?from=2026-03-03",
    f"{OUTBOUND}?from=2026-03-03",
    f"{IVR}?from=2026-03-03",
    "/v1/reports/agents?from=2026-03-03",
    "/v1/reports/queues?by=hour&from=2026-03-03",
)


@pytest.fixture
def app(center):
    return create_app(center)


@pytest.fixture
def application(app):
    return app.state.application


@pytest.fixture
def address(app):
    with server_of(app) as address:
        yield address


@pytest.fixture
def wallboard(ana):
    """An API key that does not end while the clock runs."""
    made = ana.post("/v1/api-keys", {"name": "wallboard", "permissions": ["gerenciar-atendimento", "gerenciar-relatorio"]}).json()
    return Person(ana.client, made["id"], {"access_token": made["result"]["key"]})


@contextmanager
def watching(address, person, *questions, headers=()):
    """The stream's events."""
    sent = {"Authorization": f"Bearer {person.tokens['access_token']}", **dict(headers)}
    with (
        httpx.Client(timeout=DEADLINE_S) as client,
        client.stream("GET", f"{address}/v1/watch", headers=sent, params=[("q", question) for question in questions]) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def until(stream, watcher, reached):
    """Take events until a condition holds."""
    end = time.monotonic() + DEADLINE_S
    for event in stream:
        watcher.take(event)
        if reached():
            return
        assert time.monotonic() < end
    raise AssertionError("the stream has ended")


def registered(center, *names, company="Empresa"):
    for name in names:
        center.bus.execute(RegisterQueue(name=name), operator(company))
    # On a busy machine the rows are opened later than a stream waits for them.
    cover(center)


def waits(center, call, queue="vendas", company="Empresa"):
    """A call comes and waits; its id and the position of the log."""
    id = center.bus.execute(
        StartCall(call=f"{company}-{call}", from_number="5511987654321", to_number="551140028922"), operator(company)
    ).id
    return id, center.bus.execute(OfferCall(interaction=id, queue=queue), operator(company)).position


def same(answer, body):
    """An answer that was kept up to date, and that of the GET."""
    assert answer == body


KEYS_OF_HOURS = {"items": "start"}
KEYS_OF_AGENTS = {"items": "agent"}


class Screen:
    """A screen that watches EVERYTHING and checks, now and then, that what it shows is what the GET answers at that position."""

    def __init__(self, person):
        self.person = person
        keys = [KEYS_OF_AGENTS if "reports/agents" in path else KEYS_OF_HOURS if "by=hour" in path else None for path in EVERYTHING]
        self.watchers = [Watcher(key) for key in keys]
        self.id = None
        self.checked = 0

    def take(self, event):
        self.id = event.get("id", self.id)
        if "data" in event:
            self.watchers[json.loads(event["data"])["q"]].take(event)

    def check(self, q):
        watcher = self.watchers[q]
        if q in watcher.answers:
            path, _, query = EVERYTHING[q].partition("?")
            same(watcher.answers[q], self.person.get(path, params={**dict(parse_qsl(query)), "as_of": watcher.positions[q]}).json())
            self.checked += 1


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_what_is_watched_equals_the_get_at_the_same_position_at_random_moments_and_over_broken_lines(
    center, wallboard, address, seed, monkeypatch
):
    monkeypatch.setattr(watch, "QUIET_S", 0.2)
    dice, screen, lines = random.Random(seed), Screen(wallboard), 12
    center.clock.us = int(OPENS.timestamp()) * SECOND
    story = Story(center.bus, company_id("Empresa"), busy_center(0.5), seed=seed, start_us=center.clock.us)
    story.set_up()
    for _ in range(lines):
        headers = {"If-Position": str(center.store.head())} | ({"Last-Event-ID": screen.id} if screen.id else {})
        with watching(address, wallboard, *EVERYTHING, headers=headers) as stream:
            for _ in range(dice.randrange(1, 5)):
                center.clock.us += dice.randrange(1, 90) * SECOND
                story.tell_until(center.clock.us)
                for _ in range(dice.randrange(1, 8)):
                    screen.take(next(stream))
                screen.check(dice.randrange(len(EVERYTHING)))
    for q in range(len(EVERYTHING)):
        screen.check(q)
    assert screen.checked > lines
    assert sum(watcher.whole for watcher in screen.watchers) < lines * len(EVERYTHING) / 2


def test_the_first_line_comes_at_once_and_then_the_whole_answers(ana, address):
    token = {"Authorization": f"Bearer {ana.tokens['access_token']}"}
    with httpx.stream("GET", f"{address}/v1/watch", params={"q": BOARD}, headers=token, timeout=DEADLINE_S) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": watching"
        events = parsed(lines)
        first = next(event for event in events if "data" in event)
    message = json.loads(first["data"])
    assert (first["event"], message["q"]) == ("answer", 0)
    assert first["id"] == str(message["position"]) == str(message["answer"]["as_of"])


def test_only_what_changed_is_sent_with_the_numbers_of_the_call(center, ana, address):
    registered(center, "vendas", "suporte")
    for name in ("Ana", "Bia"):
        center.bus.execute(LogIn(agent=name, queues=("vendas",)), operator("Empresa"))
    watcher = Watcher()
    with watching(address, ana, BOARD, headers={"If-Position": str(center.store.head())}) as stream:
        until(stream, watcher, lambda: watcher.answers)
        id, position = waits(center, 1)
        messages = []
        while watcher.positions[0] < position:
            event = next(stream)
            watcher.take(event)
            messages.append(json.loads(event["data"]))
    assert {message["q"] for message in messages} == {0}
    assert all(set(message.get("tables", {})) <= {"waiting", "calls"} for message in messages)
    (row,) = watcher.answers[0]["waiting"]
    assert (row["interaction_id"], row["queue"]) == (str(id), "vendas")
    assert (row["direction"], row["from_number"], row["to_number"], row["sla_ms"]) == ("inbound", "5511987654321", "551140028922", 20_000)
    assert (row["protocol"], row["call"]) == (1, "Empresa-1")


def test_equal_questions_are_computed_once_for_all_who_watch(center, ana, address, application, monkeypatch):
    registered(center, "vendas")
    computed = []
    ask = application.query

    async def counting(query, *args):
        if query.__name__ == "monitor":
            computed.append(query)
        return await ask(query, *args)

    monkeypatch.setattr(application, "query", counting)
    one, other = Watcher(), Watcher()
    with watching(address, ana, BOARD) as first, watching(address, ana, BOARD) as second:
        until(first, one, lambda: one.answers)
        until(second, other, lambda: other.answers)
        assert application.watched.questions == 1
        before, (_, position) = len(computed), waits(center, 1)
        until(first, one, lambda: one.positions[0] >= position)
        until(second, other, lambda: other.positions[0] >= position)
    assert one.answers == other.answers
    assert len(computed) - before <= 2


def test_thirty_dashboards_of_one_company_all_become_what_their_gets_answer(center, ana, address):
    registered(center, "vendas")
    limits = range(1_000, 31_000, 1_000)
    watchers = [Watcher() for _ in limits]
    with ExitStack() as stack:
        streams = [stack.enter_context(watching(address, ana, f"{INBOUND}?sla_ms={limit}")) for limit in limits]
        for stream, watcher in zip(streams, watchers, strict=True):
            until(stream, watcher, lambda watcher=watcher: watcher.answers)
        calls = [waits(center, call)[0] for call in range(6)]
        center.clock.us += 25 * SECOND
        for call in calls[::2]:
            position = center.bus.execute(AbandonCall(interaction=call), operator("Empresa")).position
        for stream, watcher in zip(streams, watchers, strict=True):
            until(stream, watcher, lambda watcher=watcher: watcher.positions[0] >= position)
    for limit, watcher in zip(limits, watchers, strict=True):
        same(watcher.answers[0], ana.get(INBOUND, params={"sla_ms": limit, "as_of": watcher.positions[0]}).json())
    assert {watcher.answers[0]["totals"]["abandoned"] for watcher in watchers} == {3}


def test_the_board_changes_at_most_four_times_a_second(center, ana, address):
    registered(center, "vendas")
    watcher = Watcher()
    with watching(address, ana, BOARD) as stream:
        until(stream, watcher, lambda: watcher.answers)
        began, changes, last = time.monotonic(), 0, 0
        for call in range(60):
            _, last = waits(center, call)
        while watcher.positions[0] < last:
            watcher.take(next(stream))
            changes += 1
        took = time.monotonic() - began
    assert changes <= took / BOARD_EVERY_S + 2


def test_a_client_that_comes_back_gets_only_what_changed_since(center, ana, address):
    registered(center, "vendas")
    watcher = Watcher()
    with watching(address, ana, BOARD, INBOUND) as stream:
        until(stream, watcher, lambda: len(watcher.answers) == 2)
        _, position = waits(center, 1)
        until(stream, watcher, lambda: min(watcher.positions.values()) >= position)
    _, position = waits(center, 2)
    with watching(address, ana, BOARD, INBOUND, headers={"Last-Event-ID": watcher.id}) as stream:
        until(stream, watcher, lambda: min(watcher.positions.values()) >= position)
    assert watcher.whole == 2
    for q, path in enumerate((BOARD, INBOUND)):
        same(watcher.answers[q], ana.get(path, params={"as_of": watcher.positions[q]}).json())


@pytest.mark.parametrize("known", ["0", "7,8,9", "999999999"])
def test_a_client_with_a_position_that_is_not_known_here_gets_whole_answers(ana, address, known):
    watcher = Watcher()
    with watching(address, ana, BOARD, headers={"Last-Event-ID": known}) as stream:
        until(stream, watcher, lambda: watcher.whole == 1)


def test_a_client_that_is_far_behind_gets_the_whole_answer(center, ana, address, application, monkeypatch):
    monkeypatch.setattr(watched_answers, "_KEPT", 1)
    registered(center, "vendas")
    slow, late = Watcher(), Watcher()
    with watching(address, ana, BOARD) as stream:
        until(stream, slow, lambda: slow.answers)
        had = slow.id
        for call in range(3):
            _, position = waits(center, call)
            until(stream, slow, lambda: slow.positions[0] >= position)  # noqa: B023 - called at once
    with watching(address, ana, BOARD, headers={"Last-Event-ID": had}) as stream:
        until(stream, late, lambda: late.answers)
    assert late.whole == 1


def test_at_midnight_a_question_about_today_is_answered_anew(center, wallboard, address, monkeypatch):
    monkeypatch.setattr(watched_answers, "AGAIN_S", 0.05)
    registered(center, "vendas")
    watcher = Watcher()
    with watching(address, wallboard, INBOUND) as stream:
        until(stream, watcher, lambda: watcher.answers)
        today = watcher.answers[0]["period"]["from"]
        center.clock.pass_s(86_400)
        until(stream, watcher, lambda: watcher.whole == 2)
    assert watcher.answers[0]["period"]["from"] > today


def test_another_company_gets_nothing(center, ana, log_in, address):
    registered(center, "vendas")
    bia = log_in("Outra", "bia@outra.example")
    registered(center, "vendas", company="Outra")
    ours, theirs = Watcher(), Watcher()
    with watching(address, ana, BOARD) as one, watching(address, bia, BOARD) as other:
        until(one, ours, lambda: ours.answers)
        until(other, theirs, lambda: theirs.answers)
        _, position = waits(center, 1, company="Outra")
        until(other, theirs, lambda: theirs.positions[0] >= position)
        _, position = waits(center, 2)
        until(one, ours, lambda: ours.positions[0] >= position)
    assert [row["call"] for row in ours.answers[0]["waiting"]] == ["Empresa-2"]
    assert [row["call"] for row in theirs.answers[0]["waiting"]] == ["Outra-1"]


@pytest.mark.parametrize(
    ("permission", "question", "missing"),
    [("gerenciar-relatorio", BOARD, "gerenciar-atendimento"), ("gerenciar-atendimento", INBOUND, "gerenciar-relatorio")],
)
def test_each_question_needs_the_permission_of_its_get(log_in, permission, question, missing):
    bia = log_in(permissions=(permission,))
    own = BOARD if question is INBOUND else INBOUND
    answer = bia.get("/v1/watch", params={"q": [own, question]})
    assert problem_of(answer, 403, "not-allowed")["permission"] == missing
    assert answer.json()["detail"].startswith("q[1]")


def test_a_user_with_the_reports_alone_has_moving_dashboards(center, log_in, address):
    registered(center, "vendas")
    bia = log_in(permissions=("gerenciar-relatorio",))
    watcher = Watcher()
    with watching(address, bia, INBOUND) as stream:
        until(stream, watcher, lambda: watcher.answers)
        _, position = waits(center, 1)
        until(stream, watcher, lambda: watcher.positions[0] >= position)
    assert watcher.answers[0]["totals"]["offered"] == 1


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ("/v1/queues", "q[1]"),
        ("https://elsewhere.example/v1/monitoring", "q[1]"),
        ("//v1/monitoring[", "q[1]"),
        ("", "q[1]"),
        (f"{INBOUND}?by=minute", "q[1].by"),
        (f"{INBOUND}?by=hour&from=2001-01-01", "q[1].by"),
        (f"{INBOUND}?from=yesterday", "q[1].from"),
        (f"{INBOUND}?timezone=Mars", "q[1].timezone"),
        (f"{BOARD}?as_of=1", "q[1].as_of"),
        (f"{BOARD}?at_least=1", "q[1].at_least"),
        (f"{BOARD}?queu=vendas", "q[1].queu"),
        ("/v1/reports/queues?format=csv", "q[1].format"),
        (f"{BOARD}?{urlencode([('queue', str(n)) for n in range(1_001)])}", "q[1].queue"),
    ],
)
def test_a_wrong_question_is_refused_by_its_number_and_parameter_before_the_stream(ana, question, parameter):
    answer = ana.get("/v1/watch", params={"q": [BOARD, question]})
    assert problem_of(answer, 422, "invalid")["errors"][0]["parameter"] == parameter
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("params", [{}, {"q": [BOARD] * 21}, {"q": BOARD, "form": 1}])
def test_no_questions_too_many_and_other_parameters_are_refused(ana, params):
    assert problem_of(ana.get("/v1/watch", params=params), 422, "invalid")["errors"][0]["parameter"] in ("q", "form")


def test_the_stream_of_an_api_key_ends_within_seconds_after_it_was_revoked(center, wallboard, address):
    watcher = Watcher()
    with watching(address, wallboard, BOARD) as stream:
        until(stream, watcher, lambda: watcher.answers)
        center.bus.execute(RevokeApiKey(key=UUID(wallboard.email)), operator("Empresa"))
        began = time.monotonic()
        list(stream)
    assert time.monotonic() - began < active_keys.REMEMBERED_S + live_stream.CHECK_S + 1


def test_the_stream_of_a_user_ends_within_seconds_after_the_user_was_deactivated(center, log_in, address, application):
    watcher, bia = Watcher(), log_in(permissions=("gerenciar-atendimento",))
    with watching(address, bia, BOARD) as stream:
        until(stream, watcher, lambda: watcher.answers)
        center.bus.execute(DeactivateUser(user=application.tokens.read(bia.tokens["access_token"]).sub), operator("Empresa"))
        began = time.monotonic()
        list(stream)
    assert time.monotonic() - began < active_users.REMEMBERED_S + live_stream.CHECK_S + 1


def test_a_keep_alive_has_the_position_of_the_answers(ana, address, monkeypatch):
    monkeypatch.setattr(watch, "QUIET_S", 0.05)
    with watching(address, ana, BOARD) as stream:
        first = next(event for event in stream if "data" in event)
        beat = next(event for event in stream if "data" not in event)
    assert beat == {"": "alive", "id": first["id"]}


def test_a_question_is_left_when_nobody_watches_it_any_more(center, ana, address, application, monkeypatch):
    monkeypatch.setattr(watched_answers, "LINGER_S", 0.05)
    watcher = Watcher()
    with watching(address, ana, BOARD) as stream:
        until(stream, watcher, lambda: watcher.answers)
        assert application.watched.questions == 1
    within(lambda: application.watched.questions == 0, DEADLINE_S)


def test_the_stream_ends_when_an_answer_fails_and_the_next_one_is_whole(center, ana, address, application, monkeypatch):
    registered(center, "vendas")
    ask, broken = application.query, threading.Event()

    async def breaking(query, *args):
        if broken.is_set() and query.__name__ == "monitor":
            raise ValueError("a fault of our own")
        return await ask(query, *args)

    monkeypatch.setattr(application, "query", breaking)
    watcher = Watcher()
    with watching(address, ana, BOARD, headers={"If-Position": str(center.store.head())}) as stream:
        until(stream, watcher, lambda: watcher.answers)
        broken.set()
        _, position = waits(center, 1)
        assert all("data" not in event for event in stream)
    broken.clear()
    with watching(address, ana, BOARD, headers={"Last-Event-ID": watcher.id, "If-Position": str(position)}) as stream:
        until(stream, watcher, lambda: watcher.whole == 2)
    assert [row["call"] for row in watcher.answers[0]["waiting"]] == ["Empresa-1"]


def test_every_message_is_one_that_the_document_describes(center, ana, address, document):
    registered(center, "vendas")
    schemas = document["components"]["schemas"]
    assert {one["$ref"].rpartition("/")[2] for one in schemas["WatchMessage"]["anyOf"]} == {"WatchedAnswer", "WatchedChange"}
    with watching(address, ana, BOARD, INBOUND) as stream:
        id, _ = waits(center, 1)
        position = center.bus.execute(AbandonCall(interaction=id), operator("Empresa")).position
        seen = {}
        while len(seen) < 2 or json.loads(seen["change"]["data"])["position"] < position:
            event = next(stream)
            if "data" in event:
                seen[event["event"]] = event
    assert set(json.loads(seen["answer"]["data"])) == set(schemas["WatchedAnswer"]["properties"])
    assert set(json.loads(seen["change"]["data"])) <= set(schemas["WatchedChange"]["properties"])
