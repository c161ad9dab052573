"""A bucket holds some tokens, fills evenly, and tells who finds none exactly how long to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.token_buckets import TokenBuckets


@given(st.integers(1, 100), st.floats(0.01, 100), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_span_of_time_yields_more_than_a_bucket_and_what_flows_in_and_who_waits_as_told_gets_a_token(size, per_second, pauses):
    now = [0.0]
    buckets = TokenBuckets(10, lambda: now[0])
    for taken, pause in enumerate(pauses, 1):
        now[0] += pause
        wait_s = buckets.take("client", size, per_second).wait_s
        if wait_s:
            now[0] += wait_s
            assert buckets.take("client", size, per_second).wait_s == 0
        assert taken <= size + now[0] * per_second + 1e-6


def test_each_client_has_a_bucket_of_its_own():
    buckets = TokenBuckets(10, lambda: 0.0)
    assert [buckets.take("one", 2, 1).wait_s for _ in range(3)] == [0, 0, pytest.approx(1)]
    assert buckets.take("other", 2, 1).left == 1


def test_an_attempt_that_finds_no_token_costs_none():
    now = [0.0]
    buckets = TokenBuckets(10, lambda: now[0])
    assert buckets.take("client", 1, 1).wait_s == 0
    for _ in range(5):
        now[0] += 0.1
        assert buckets.take("client", 1, 1).wait_s > 0
    now[0] = 1.0
    assert buckets.take("client", 1, 1).wait_s == 0
