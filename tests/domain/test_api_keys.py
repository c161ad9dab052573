"""API keys: what their secrets are accepted for, and until when."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.api_keys import ApiKey, KeyRights, KeySecret
from domain.base import EventMetadata
from domain.errors import InvalidField, NotAllowed, NotFound, Refused

HOUR_MS = 3600 * 1_000
HOUR_US = HOUR_MS * 1_000

TENANT, ID, QUEUE = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = 1_772_470_800_000_000
RIGHTS = KeyRights("manager", ("gerenciar-relatorio",))


def metadata(at: int = NOW) -> EventMetadata:
    return EventMetadata(tenant=TENANT, actor="user:ana", recorded_at=at)


def secret(name: str) -> KeySecret:
    return KeySecret(f"atk_{name}", name)


def a_key(rights: KeyRights = RIGHTS) -> ApiKey:
    key = ApiKey(ID, TENANT)
    key.create(" CRM ", secret("first"), rights, metadata())
    return key


def test_a_key_has_the_rights_that_it_was_created_with():
    key = a_key(KeyRights("manager", ("gerenciar-relatorio", "gerenciar-relatorio"), (QUEUE, QUEUE), None, 60))
    assert key.name == "CRM"
    assert key.rights == KeyRights("manager", ("gerenciar-relatorio",), (QUEUE,), None, 60)
    assert (key.actor.level, key.actor.permissions) == ("manager", {"gerenciar-relatorio"})


@pytest.mark.parametrize(
    ("rights", "field"),
    [
        (KeyRights("user", ("gerenciar-tudo",)), "permissions.0"),
        (KeyRights("admin", ("gerenciar-pa",)), "permissions.0"),
        (KeyRights("admin", ("gerenciar-relatorio", "gerenciar-api"), (QUEUE,)), "permissions.1"),
        (KeyRights("user", ("gerenciar-agentes",)), "permissions.0"),
        (KeyRights("user", (), ()), "queue_ids"),
        (KeyRights("user", (), None, NOW), "expires_at"),
        (KeyRights("user", (), None, None, 0), "requests_per_minute"),
    ],
)
def test_a_refused_field_is_named(rights, field):
    with pytest.raises(InvalidField) as refused:
        a_key(rights)
    assert refused.value.field == field


def test_a_key_without_a_name_is_refused():
    with pytest.raises(InvalidField, match="name"):
        ApiKey(ID, TENANT).create(" ", secret("first"), RIGHTS, metadata())


def test_a_key_that_is_limited_to_queues_only_reads():
    with pytest.raises(NotAllowed, match="only reads"):
        a_key(KeyRights("user", (), (QUEUE,))).actor.must_not_only_read()
    a_key().actor.must_not_only_read()


def test_a_key_that_does_not_exist_is_neither_rotated_nor_revoked():
    for change in (lambda key: key.rotate(secret("second"), HOUR_MS, metadata()), lambda key: key.revoke(metadata())):
        with pytest.raises(NotFound):
            change(ApiKey(ID, TENANT))


def test_a_key_that_is_revoked_or_expired_is_not_rotated():
    revoked, expiring = a_key(), a_key(KeyRights("user", (), None, NOW + 1))
    revoked.revoke(metadata())
    for key, at in ((revoked, NOW), (expiring, NOW + 1)):
        with pytest.raises(Refused):
            key.rotate(secret("second"), HOUR_MS, metadata(at))


@given(st.integers().filter(lambda overlap_ms: not 0 <= overlap_ms <= 168 * HOUR_MS))
def test_an_overlap_is_a_week_at_most(overlap_ms):
    with pytest.raises(InvalidField):
        a_key().rotate(secret("second"), overlap_ms, metadata())


class SecretsOfAKey(RuleBasedStateMachine):
    """At each instant exactly the secrets are accepted that a simple list of (secret, end) says."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.expires = NOW + 500 * HOUR_US
        self.key = a_key(KeyRights("user", (), None, self.expires))
        self.ends: dict[str, float] = {"first": self.expires}
        self.revoked = False

    @rule(hours=st.integers(0, 100))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR_US

    @precondition(lambda self: not self.revoked and self.now < self.expires)
    @rule(overlap=st.integers(0, 168))
    def rotate(self, overlap: int) -> None:
        before, after = f"{len(self.ends) - 1}" if len(self.ends) > 1 else "first", f"{len(self.ends)}"
        self.key.rotate(secret(after), overlap * HOUR_MS, metadata(self.now))
        self.ends = dict.fromkeys(self.ends, self.now) | {
            before: min(self.now + overlap * HOUR_US, self.expires),
            after: self.expires,
        }

    @rule()
    def revoke(self) -> None:
        self.key.revoke(metadata(self.now))
        self.revoked = True

    @invariant()
    def accepts_what_it_should(self) -> None:
        for name, end in self.ends.items():
            expected = end if self.now < end and not self.revoked else 0
            assert self.key.accepted_until(name, self.now) == expected
        assert self.key.accepted_until("another", self.now) is None

    @invariant()
    def its_events_alone_make_the_same_key(self) -> None:
        again = ApiKey(ID, TENANT)
        for event in self.key.pending:
            again.replay(event)
        assert {**vars(again), "pending": 0, "history": 0} == {**vars(self.key), "pending": 0, "history": 0}


TestSecretsOfAKey = SecretsOfAKey.TestCase
