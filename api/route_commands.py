"""Which commands a route sends: those that its function names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType
from typing import Any

from commands.handler_context import HANDLERS, Command
from domain.access import ANYONE


@cache
def commands_of(function: Callable[..., Any]) -> tuple[type[Command], ...]:
    """The commands that the function of a route names."""
    named = set(names_used(function.__code__))
    return tuple(command for command in HANDLERS if command.__name__ in named)


@cache
def permission_of_commands(function: Callable[..., Any]) -> str:
    """The permission that the commands of a route need; ANYONE if they need none, or if it sends none."""
    needed = {command.permission for command in commands_of(function)} - {ANYONE}
    assert len(needed) <= 1, f"{function.__name__} uses commands of several permissions: {needed}"
    return next(iter(needed), ANYONE)


def names_used(code: CodeType) -> Iterator[str]:
    """The names that a function uses, with those of the functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_used(constant)
