"""The bucket of a user, a key or a screen holds the requests of a minute and fills evenly."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import rate_limit
from api.problem import Problem
from api.rate_limit import RateLimits
from api.stranger_limit import BURST
from tests.api.test_auth import problem_of
from tests.kit.http import PASSWORD, Person, Program

KEY = f"key:{UUID(int=1)}"


@given(st.integers(1, 100), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_in_no_minute_are_more_than_two_buckets_accepted_and_who_waits_as_told_is_accepted(per_minute, pauses):
    now = [0.0]
    limits = RateLimits(1, lambda: now[0])
    accepted = []
    for pause in pauses:
        now[0] += pause
        try:
            limits.take(KEY, per_minute, {})
            accepted.append(now[0])
        except Problem as refused:
            now[0] += int(refused.headers["Retry-After"])
            limits.take(KEY, per_minute, {})
            accepted.append(now[0])
        assert len([at for at in accepted if at > now[0] - 60]) <= 2 * per_minute


def test_what_was_not_used_is_not_saved_up_beyond_a_minute():
    now = [0.0]
    limits = RateLimits(1, lambda: now[0])
    limits.take(KEY, 2, {})
    now[0] += 3600
    for _ in range(2):
        limits.take(KEY, 2, {})
    with pytest.raises(Problem):
        limits.take(KEY, 2, {})


def test_a_user_has_a_limit_for_all_tokens_together_and_others_have_theirs(client, ana, log_in):
    bia = log_in(email="bia@empresa.example", permissions=())
    again = Person(client, ana.email, client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD}).json())
    client.transport.app.state.application.rate_limits = RateLimits(3, lambda: 0.0)
    answers = [who.get("/v1/company") for who in (ana, again, ana, again)]
    assert [answer.headers["RateLimit-Policy"] for answer in answers] == ['"user";q=3;w=60'] * 4
    assert [limit_of(answer.headers)["r"] for answer in answers] == [2, 1, 0, 0]
    refused = problem_of(answers[-1], 429, "too-many-requests")
    assert refused["detail"] == "this user may send 3 requests a minute; try again in 20 s"
    assert answers[-1].headers["Retry-After"] == "20"
    assert bia.get("/v1/company").status_code == 200


def test_the_limit_of_users_is_a_setting_and_a_key_keeps_its_own(client, ana, center):
    assert ana.get("/v1/company").headers["RateLimit-Policy"] == f'"user";q={center.user_requests};w=60'
    made = ana.post("/v1/api-keys", {"name": "CRM", "permissions": ["gerenciar-relatorio"], "requests_per_minute": 7}).json()
    assert Program(client, made["result"]["key"]).get("/v1/queues").headers["RateLimit-Policy"] == '"key";q=7;w=60'


def test_each_try_to_log_in_says_how_many_are_left_and_when_the_next_one_is_accepted(client, ana):
    guess = {"email": ana.email, "password": "Seja#Mal1"}
    answers = [client.post("/v1/auth/login", json=guess) for _ in range(6)]
    assert [answer.headers["RateLimit-Policy"] for answer in answers] == ['"login";q=5;w=300'] * 6
    # Once none is left, the next one is accepted as soon as it says.
    waits = [300] * 4 + [1, int(answers[-1].headers["Retry-After"])]
    assert [answer.headers["RateLimit"] for answer in answers] == [
        f'"login";r={left};t={wait}' for left, wait in zip((4, 3, 2, 1, 0, 0), waits, strict=True)
    ]


def limit_of(headers: Mapping[str, str]) -> dict[str, int]:
    """The parameters of the field RateLimit."""
    return {name: int(value) for name, _, value in (part.partition("=") for part in headers["RateLimit"].split(";")[1:])}


def taken(limits: RateLimits, per_minute: int) -> dict[str, int]:
    scope: dict[str, Any] = {}
    with suppress(Problem):
        limits.take(KEY, per_minute, scope)
    return limit_of(scope[rate_limit._HEADERS])


@given(st.integers(1, 100), st.lists(st.floats(0, 3), min_size=1, max_size=150))
def test_after_the_seconds_that_it_says_the_quota_is_whole_or_one_more_is_accepted(per_minute, pauses):
    now = [0.0]
    limits = RateLimits(1, lambda: now[0])
    for pause in pauses:
        now[0] += pause
        said = taken(limits, per_minute)
    assert said["t"] >= 1
    now[0] += said["t"]
    after: dict[str, Any] = {}
    limits.take(KEY, per_minute, after)
    # The request that asks takes one itself.
    assert said["r"] == 0 or limit_of(after[rate_limit._HEADERS])["r"] == per_minute - 1


def test_none_left_says_the_same_before_and_with_the_refusal():
    limits = RateLimits(1, lambda: 0.0)
    said = [taken(limits, 3) for _ in range(5)]
    assert said == [{"r": 2, "t": 20}, {"r": 1, "t": 40}, {"r": 0, "t": 20}, {"r": 0, "t": 20}, {"r": 0, "t": 20}]


def test_tries_that_are_forgotten_are_left_again(client, ana, center):
    guess = {"email": ana.email, "password": "Seja#Mal1"}
    for _ in range(3):
        client.post("/v1/auth/login", json=guess)
    center.clock.us += 301_000_000
    assert limit_of(client.post("/v1/auth/login", json=guess).headers) == {"r": 4, "t": 300}


def test_who_asks_too_often_without_a_token_is_told_when_the_next_request_is_accepted(client):
    answers = [client.get("/v1/queues") for _ in range(BURST + 1)]
    assert (answers[-1].status_code, answers[-1].headers["RateLimit-Policy"]) == (429, '"stranger";q=300;w=15')
    assert limit_of(answers[-1].headers) == {"r": 0, "t": int(answers[-1].headers["Retry-After"])}
