"""A key's bucket holds the requests of a minute and fills evenly."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.problem import Problem
from api.rate_limit import RateLimits

KEY = UUID(int=1)


@given(st.integers(1, 100), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_in_no_minute_are_more_than_two_buckets_accepted_and_who_waits_as_told_is_accepted(per_minute, pauses):
    now = [0.0]
    limits = RateLimits(lambda: now[0])
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
    limits = RateLimits(lambda: now[0])
    limits.take(KEY, 2, {})
    now[0] += 3600
    for _ in range(2):
        limits.take(KEY, 2, {})
    with pytest.raises(Problem):
        limits.take(KEY, 2, {})


def test_each_try_to_log_in_says_how_many_are_left_and_when_the_next_one_is_accepted(client, ana):
    guess = {"email": ana.email, "password": "Seja#Mal1"}
    answers = [client.post("/v1/auth/login", json=guess) for _ in range(6)]
    assert [answer.headers["RateLimit-Policy"] for answer in answers] == ['"login";q=5;w=300'] * 6
    waits = [300] * 5 + [int(answers[-1].headers["Retry-After"])]
    assert [answer.headers["RateLimit"] for answer in answers] == [
        f'"login";r={left};t={wait}' for left, wait in zip((4, 3, 2, 1, 0, 0), waits, strict=True)
    ]
