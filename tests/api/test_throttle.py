"""Guessing passwords is slowed down, honest typing errors are not."""

from uuid import UUID

import pytest

from api.problem import Problem
from api.throttle import FREE_TRIES, WINDOW_S, Account, LoginThrottle


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def wait_of(throttle: LoginThrottle, email: str, address: str, device: str = "") -> int:
    """Seconds that a refused try has to wait; 0 when it may begin (it is counted then)."""
    return wait_in(throttle, Account(email), address, device)


def wait_in(throttle: LoginThrottle, account: Account, address: str, device: str = "") -> int:
    """As `wait_of`, for an account of a company."""
    try:
        throttle.begin(account, address, device)
    except Problem as problem:
        return int(problem.headers["Retry-After"])
    return 0


def test_free_tries_then_doubling_waits():
    clock = Clock()
    throttle = LoginThrottle(clock)
    waits = []
    for _ in range(FREE_TRIES["account"] + 4):
        wait = wait_of(throttle, "a@b.c", "1.2.3.4")
        if wait:
            waits.append(wait)
            clock.now += wait
            assert wait_of(throttle, "a@b.c", "1.2.3.4") == 0
    assert waits == [1, 2, 4, 8]


def test_tries_at_once_count_before_their_outcome_is_known():
    throttle = LoginThrottle(Clock())
    begun = sum(wait_of(throttle, "a@b.c", f"10.0.0.{n}") == 0 for n in range(100))
    assert begun == FREE_TRIES["account"]


def test_another_email_from_the_same_address_is_slowed_later():
    throttle = LoginThrottle(Clock())
    begun = sum(wait_of(throttle, f"{n}@b.c", "1.2.3.4") == 0 for n in range(100))
    assert begun == FREE_TRIES["address"]


def test_a_login_clears_its_own_failures_but_not_those_of_others_at_its_address():
    clock = Clock()
    throttle = LoginThrottle(clock)
    for n in range(FREE_TRIES["address"] - 1):
        throttle.begin(Account(f"{n}@b.c"), "1.2.3.4")
    begun = throttle.begin(Account("me@b.c"), "1.2.3.4")
    throttle.succeeded(Account("me@b.c"), "1.2.3.4", begun)
    assert wait_of(throttle, "x@b.c", "1.2.3.4") == 0
    assert wait_of(throttle, "y@b.c", "1.2.3.4") > 0
    assert [wait_of(throttle, "me@b.c", "1.2.3.4") for _ in range(FREE_TRIES["pair"])] == [0] * FREE_TRIES["pair"]


def guess_until_refused(throttle: LoginThrottle, address: str) -> None:
    while not wait_of(throttle, "me@b.c", address):
        pass


def test_wrong_passwords_of_one_address_do_not_lock_the_owner_out_elsewhere():
    throttle = LoginThrottle(Clock())
    throttle.succeeded(Account("me@b.c"), "1.2.3.4", throttle.begin(Account("me@b.c"), "1.2.3.4"))
    guess_until_refused(throttle, "6.6.6.6")
    assert wait_of(throttle, "me@b.c", "1.2.3.4") == 0


def test_a_known_device_waits_for_nobody_at_any_address():
    throttle = LoginThrottle(Clock())
    guess_until_refused(throttle, "6.6.6.6")
    assert wait_of(throttle, "me@b.c", "6.6.6.6", "my laptop") == 0
    assert wait_of(throttle, "me@b.c", "7.7.7.7", "my laptop") == 0
    assert wait_of(throttle, "me@b.c", "7.7.7.7") > 0


def test_a_stolen_device_and_a_known_address_may_not_guess_for_ever():
    throttle = LoginThrottle(Clock())
    throttle.succeeded(Account("me@b.c"), "1.2.3.4")
    by_device = [wait_of(throttle, "me@b.c", f"10.0.0.{n}", "stolen") for n in range(FREE_TRIES["device"] + 1)]
    at_address = [wait_of(throttle, "me@b.c", "1.2.3.4") for n in range(FREE_TRIES["pair"] + 1)]
    assert by_device == at_address == [0] * FREE_TRIES["device"] + [1]


def test_guessing_from_many_addresses_waits_longer_and_longer():
    clock = Clock()
    throttle = LoginThrottle(clock)
    begun = 0
    for n in range(3_600):
        begun += wait_of(throttle, "me@b.c", f"10.{n // 256}.{n % 256}.1") == 0
        clock.now += 1
    assert begun < 30


def test_failures_are_forgotten_after_quiet():
    clock = Clock()
    throttle = LoginThrottle(clock)
    while not wait_of(throttle, "a@b.c", "1.2.3.4"):
        pass
    clock.now += WINDOW_S + 1
    assert [wait_of(throttle, "a@b.c", "1.2.3.4") for _ in range(FREE_TRIES["account"])] == [0] * FREE_TRIES["account"]


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
    for _ in range(FREE_TRIES["account"]):
        throttle.begin(Account("a@b.c"), "1.2.3.4")
    with pytest.raises(Problem) as refused:
        throttle.begin(Account("a@b.c"), "1.2.3.4")
    assert refused.value.kind == "too-many-requests"


ONE, OTHER = (Account("me@b.c", UUID(int=number)) for number in (1, 2))


def test_strangers_have_the_free_tries_of_a_name_once_in_all_companies_together():
    throttle = LoginThrottle(Clock())
    for number in range(FREE_TRIES["account"]):
        throttle.begin(Account("me@b.c", UUID(int=number)), f"10.0.0.{number}")
    with pytest.raises(Problem):
        throttle.begin(Account("me@b.c", UUID(int=99)), "10.0.0.99")


def test_a_success_in_one_company_makes_nothing_known_in_another():
    throttle = LoginThrottle(Clock())
    begun = 0
    for _ in range(FREE_TRIES["account"] + 1):
        throttle.succeeded(OTHER, "1.2.3.4", throttle.begin(OTHER, "1.2.3.4"))
        begun += wait_in(throttle, ONE, "1.2.3.4") == 0
    assert begun == FREE_TRIES["account"]


def test_a_login_for_several_accounts_is_one_try_and_a_success_frees_none_of_those_where_it_failed():
    throttle = LoginThrottle(Clock())
    for _ in range(FREE_TRIES["account"]):
        failed = throttle.begin(ONE, "1.2.3.4")
        throttle.succeeded(OTHER, "1.2.3.4", throttle.begin(OTHER, "1.2.3.4", counted=failed))
    with pytest.raises(Problem):
        throttle.begin(ONE, "1.2.3.4")
