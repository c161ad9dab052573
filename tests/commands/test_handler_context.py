"""What a command declares as its results is what its handler returns."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from msgspec import UNSET, UnsetType

from commands.command_bus import CommandBus
from commands.handler_context import HANDLERS, Done, Result
from store.event_store import Store
from tests.commands.tally import TENANT, Count, Noon, Tally, caller


class Secret(Result, frozen=True, kw_only=True):
    prefix: str
    key: str | UnsetType = UNSET


@pytest.mark.parametrize(
    ("declared", "result", "shown_once", "is_declared"),
    [
        (Result, {}, {}, True),
        (Result, {"prefix": "a"}, {}, False),
        (Secret, {"prefix": "a"}, {"key": "b"}, True),
        (Secret, {"prefix": "a"}, {}, False),
        (Secret, {"prefix": "a", "key": "b"}, {}, False),
        (Secret, {}, {"prefix": "a", "key": "b"}, False),
        (Secret, {"prefix": 1}, {"key": "b"}, False),
        (Secret, {"prefix": "a", "more": 1}, {"key": "b"}, False),
    ],
)
def test_results_are_those_that_are_declared_and_secrets_alone_may_be_missing(
    declared: type[Result], result: dict[str, Any], shown_once: dict[str, Any], is_declared: bool
) -> None:
    assert Done(Tally(uuid4(), TENANT), result, shown_once).is_declared(declared) is is_declared


def test_a_handler_that_returns_what_its_command_does_not_declare_is_a_mistake(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = HANDLERS[Count]
    monkeypatch.setitem(HANDLERS, Count, lambda command, context: Done(counted(command, context).aggregate, {"count": 1}))
    with pytest.raises(AssertionError, match="Count declares other results"):
        CommandBus(store, Noon()).execute(Count(tally=uuid4()), caller())
