"""A question about figures as its route asks it: of the metric engine for one answer, or again and again for those who watch it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.access import RequestContext
from api.answer_changes import Table
from api.figure_parameters import OfSome
from projections.figures.question import Question
from projections.queries.report import Report

FigureQuery = Callable[..., Any]
"""A query of the metric engine, of rows and a Question; it returns the answer as an object, or a Report."""


@dataclass(frozen=True)
class Asked:
    """One question. beside: what its answer shows besides what the query returns, for example the period. more: what the query takes besides the question."""

    query: FigureQuery
    question: Question
    beside: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Any, ...] = ()

    async def answer(self, context: RequestContext) -> dict[str, Any]:
        """The answer, as the caller may see it. Raises NotAllowed, and what the query refuses."""
        return self.shaped(await context.ask(self.query, self.question, *self.more))

    async def watched(self, context: RequestContext) -> dict[str, Any]:
        """The answer for all who watch the question; whoever was the first of them, it does not wait for that one's other questions."""
        return self.shaped(await context.application.query(self.query, context.asker, self.question, *self.more))

    def shaped(self, found: Any) -> dict[str, Any]:
        """What the query returned, as the API answers."""
        return {**(found.as_dict() if isinstance(found, Report) else found), **self.beside}


def server_now(context: RequestContext) -> str:
    """The server's clock, ISO 8601, for clients that count how long a state has lasted."""
    return datetime.fromtimestamp(context.application.center.bus.clock.now_us() / 1_000_000, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Watchable:
    """A question that can be watched (`GET /v1/watch`): the path of its GET, and what is needed to answer it anew.

    A module of routes lists its own as WATCHABLE. every_s: the shortest time between two changes. tables: the rows that are sent one by one.
    refused: values of parameters that cannot be watched, by name.
    """

    path: str
    parameters: type[OfSome]
    query: FigureQuery
    ask: Callable[[RequestContext, Any], Awaitable[Asked]]
    every_s: float
    tables: Callable[[Any], tuple[Table, ...]]
    refused: Mapping[str, str] = field(default_factory=dict)


BOARD_EVERY_S = 0.25
"""The board moves at most four times a second: faster, nobody can read it."""

FIGURES_EVERY_S = 1.0
"""Figures move at most once a second: they are computed from a whole day."""
