"""What a command declares as its results is what its handler returns."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints
from uuid import uuid4

import pytest
from msgspec import UNSET, UnsetType

import discovery
from commands.command_bus import CommandBus
from commands.handler_context import HANDLERS, Done, DoneWith, Result
from store.event_store import Store
from tests.commands.tally import TENANT, Count, Noon, Tally, caller


class Secret(Result, frozen=True, kw_only=True):
    prefix: str
    key: str | UnsetType = UNSET


def promised(handler: Any) -> type[Result]:
    """The class of results that a handler returns, as mypy checks it."""
    returned = get_type_hints(handler)["return"]
    return Result if returned is Done else get_args(returned)[0]


def test_every_handler_returns_the_results_that_its_command_declares() -> None:
    discovery.modules("commands")
    wrong = {command.__name__: promised(handler) for command, handler in HANDLERS.items() if promised(handler) is not command.RESULT}
    assert wrong == {}


def test_a_secret_is_shown_once_and_every_other_value_is_kept() -> None:
    tally = Tally(uuid4(), TENANT)
    assert DoneWith(tally, Secret(prefix="a", key="b")).told() == ({"prefix": "a"}, {"key": "b"})
    assert Done(tally).told() == ({}, {})
    with pytest.raises(AssertionError, match="a secret is missing in Secret"):
        DoneWith(tally, Secret(prefix="a")).told()


def test_a_handler_that_returns_what_its_command_does_not_declare_is_a_mistake(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = HANDLERS[Count]
    monkeypatch.setitem(HANDLERS, Count, lambda command, context: Done(counted(command, context).aggregate))
    with pytest.raises(AssertionError, match="Count declares other results"):
        CommandBus(store, Noon()).execute(Count(tally=uuid4()), caller())
