"""Call-backs: asked for once in a call, concluded once."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.base import SECOND, EventMetadata, Personal
from domain.callbacks import Callback, callback_id
from domain.errors import NotFound, Refused

TENANT, CALL, CALLER = UUID(int=1), UUID(int=2), UUID(int=3)
METADATA = EventMetadata(tenant=TENANT, actor="system", recorded_at=100 * SECOND)


def asked(times: int = 1) -> Callback:
    made = Callback(callback_id(CALL), TENANT)
    for _ in range(times):
        made.request(CALL, Personal(CALLER, "11987654321"), METADATA, ivr="principal", queue="vendas", at=99 * SECOND)
    return made


def test_a_repeated_request_is_the_same_call_back() -> None:
    made = asked(2)
    (event,) = made.collect()
    assert (event.TOPIC, event.occurred_at, made.queue, made.outcome) == ("callback.requested", 99 * SECOND, "vendas", "")


def test_a_call_back_ends_once() -> None:
    made = asked()
    made.conclude("reached", METADATA)
    with pytest.raises(Refused):
        made.conclude("lost", METADATA)
    assert made.outcome == "reached"


def test_what_was_never_asked_for_cannot_end() -> None:
    with pytest.raises(NotFound):
        Callback(callback_id(CALL), TENANT).conclude("lost", METADATA)
