"""Guessing passwords is slowed down, honest typing errors are not."""

import pytest

from api.problem import Problem
from api.throttle import FREE_TRIES, WINDOW_S, LoginThrottle


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def wait_of(throttle: LoginThrottle, email: str, address: str) -> int:
    """Seconds that a refused try has to wait; 0 when it may begin (it is counted then)."""
    try:
        throttle.begin(email, address)
    except Problem as problem:
        return int(problem.headers["Retry-After"])
    return 0


def test_free_tries_then_doubling_waits():
    clock = Clock()
    throttle = LoginThrottle(clock)
    waits = []
    for _ in range(FREE_TRIES["email"] + 4):
        wait = wait_of(throttle, "a@b.c", "1.2.3.4")
        if wait:
            waits.append(wait)
            clock.now += wait
            assert wait_of(throttle, "a@b.c", "1.2.3.4") == 0
    assert waits == [1, 2, 4, 8]


def test_tries_at_once_count_before_their_outcome_is_known():
    throttle = LoginThrottle(Clock())
    begun = sum(wait_of(throttle, "a@b.c", f"10.0.0.{n}") == 0 for n in range(100))
    assert begun == FREE_TRIES["email"]


def test_another_email_from_the_same_address_is_slowed_later():
    throttle = LoginThrottle(Clock())
    begun = sum(wait_of(throttle, f"{n}@b.c", "1.2.3.4") == 0 for n in range(100))
    assert begun == FREE_TRIES["address"]


def test_a_login_clears_its_email_but_not_the_failures_of_others_at_its_address():
    clock = Clock()
    throttle = LoginThrottle(clock)
    for n in range(FREE_TRIES["address"] - 1):
        throttle.begin(f"{n}@b.c", "1.2.3.4")
    throttle.begin("me@b.c", "1.2.3.4")
    throttle.succeeded("me@b.c", "1.2.3.4")
    assert wait_of(throttle, "me@b.c", "1.2.3.4") == 0
    assert wait_of(throttle, "x@b.c", "1.2.3.4") > 0


def test_failures_are_forgotten_after_quiet():
    clock = Clock()
    throttle = LoginThrottle(clock)
    while not wait_of(throttle, "a@b.c", "1.2.3.4"):
        pass
    clock.now += WINDOW_S + 1
    assert [wait_of(throttle, "a@b.c", "1.2.3.4") for _ in range(FREE_TRIES["email"])] == [0] * FREE_TRIES["email"]


@pytest.mark.parametrize("tries", [40, 4_000])
def test_nobody_waits_longer_than_the_window(tries):
    clock = Clock()
    throttle = LoginThrottle(clock)
    for _ in range(tries):
        wait = wait_of(throttle, "a@b.c", "1.2.3.4")
        assert wait <= WINDOW_S
        clock.now += wait


def test_a_refused_try_is_a_problem_of_its_own():
    throttle = LoginThrottle(Clock())
    for _ in range(FREE_TRIES["email"]):
        throttle.begin("a@b.c", "1.2.3.4")
    with pytest.raises(Problem) as refused:
        throttle.begin("a@b.c", "1.2.3.4")
    assert refused.value.kind == "too-many-requests"
