"""Sessions on both databases: two renewals at once and a lost answer end none, a stolen token ends its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from store.event_store import Store
from store.last_uses import HOUR_US, last_uses, note_use
from store.sessions import GRACE_US, VALID_US, Sessions
from store.storage_location import StorageLocation
from tests.kit.stores import BOTH, written

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)
COMPANY, USER = UUID(int=1), UUID(int=2)


@dataclass
class Ticking:
    us: int = 1_800_000_000_000_000

    def now_us(self) -> int:
        return self.us


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def sessions(store: Store, clock: Ticking) -> Sessions:
    return Sessions(store, clock, "s" * 64)


def renewed(sessions: Sessions, token: str) -> str | None:
    session = sessions.renew(token)
    assert session is None or (session.tenant, session.user) == (COMPANY, USER)
    return session.token if session else None


def test_a_renewed_token_and_a_repeat_within_a_minute_get_the_same_successor(sessions: Sessions, clock: Ticking) -> None:
    first = sessions.open(COMPANY, USER).token
    second = renewed(sessions, first)
    assert second not in (None, first)
    clock.us += GRACE_US - 1
    assert renewed(sessions, first) == second
    assert second is not None
    assert renewed(sessions, second) not in (None, first, second)


def test_a_repeat_after_a_minute_ends_the_session(sessions: Sessions, clock: Ticking) -> None:
    first = sessions.open(COMPANY, USER).token
    second = renewed(sessions, first)
    clock.us += GRACE_US
    assert renewed(sessions, first) is None
    assert second is not None
    assert renewed(sessions, second) is None


def test_repeats_do_not_prolong_the_grace(sessions: Sessions, clock: Ticking) -> None:
    first = sessions.open(COMPANY, USER).token
    renewed(sessions, first)
    for _ in range(2):
        clock.us += GRACE_US // 2 - 1
        assert renewed(sessions, first) is not None
    clock.us += 2
    assert renewed(sessions, first) is None


def test_a_window_that_missed_two_renewals_gets_the_newest_token(sessions: Sessions) -> None:
    first = sessions.open(COMPANY, USER).token
    second = renewed(sessions, first)
    assert second is not None
    third = renewed(sessions, second)
    assert renewed(sessions, first) == renewed(sessions, second) == third


def test_renewals_at_once_all_get_the_same_token(sessions: Sessions) -> None:
    first = sessions.open(COMPANY, USER).token
    with ThreadPoolExecutor(8) as threads:
        tokens = set(threads.map(lambda _: renewed(sessions, first), range(16)))
    assert len(tokens) == 1
    assert None not in tokens


def test_a_server_with_another_secret_derives_other_tokens(store: Store, sessions: Sessions, clock: Ticking) -> None:
    first = sessions.open(COMPANY, USER).token
    second = renewed(sessions, first)
    other = Sessions(store, clock, "t" * 64)
    assert renewed(other, first) != second


def test_a_made_up_token_of_a_known_session_ends_it(sessions: Sessions) -> None:
    first = sessions.open(COMPANY, USER).token
    assert renewed(sessions, first[:22] + "A" * (len(first) - 22)) is None
    assert renewed(sessions, first) is None


def test_an_ended_or_unused_session_is_not_renewed_by_any_of_its_tokens(sessions: Sessions, clock: Ticking) -> None:
    for end in (
        sessions.close,
        lambda _: sessions.close_all(USER),
        lambda _: setattr(clock, "us", clock.us + VALID_US),
    ):
        first = sessions.open(COMPANY, USER).token
        second = renewed(sessions, first)
        assert second is not None
        end(second)
        assert renewed(sessions, first) is None
        assert renewed(sessions, second) is None


def test_no_token_is_written_in_plain(store: Store, location: StorageLocation, sessions: Sessions) -> None:
    first = sessions.open(COMPANY, USER).token
    second = renewed(sessions, first)
    assert second is not None
    store.close()
    text = written(location)
    for token in (first, second):
        assert token.encode() not in text
        assert token[22:].encode() not in text


def test_the_last_use_of_a_key_is_its_hour_and_goes_forward_only(store: Store) -> None:
    key, never = uuid4(), uuid4()
    for at in (10 * HOUR_US + 5, 12 * HOUR_US + 7, 11 * HOUR_US):
        with store.recorder.transaction() as db:
            note_use(db, key, at)
    assert last_uses(store.recorder.db, [key, never]) == {key: 12 * HOUR_US}
    assert last_uses(store.recorder.db, []) == {}
