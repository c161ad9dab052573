"""The query bus: all queries about a company are run through it.

A query is a function that is registered with the permission it needs, as `handles` does for commands. The bus refuses callers who lack it, and gives the
function what it reads: the company's rows or its log, for the caller's company and within the caller's scope. Callers can widen neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

from domain.access import Asker, Scope
from domain.base import Aggregate, Personal
from domain.errors import NotAllowed, NotFound
from domain.refusals import UNKNOWN
from projections.engine.temporal_view import CompanyRows, Steady, Tailing
from projections.engine.warehouse import Warehouse
from store.event_store import Store, project
from store.mapper import UnreadableEvent

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class CompanyLog:
    """One company's aggregates in their current state, even if the rows do not cover their last events yet. user: the caller."""

    store: Store
    tenant: UUID
    scope: Scope
    user: UUID | None = None

    def find(self, kind: type[A], id: UUID) -> A:
        """The aggregate of this id; NotFound for one that the company does not have.

        By its last event it is known whether it is one: the events of something else, which may be very many, are not read.
        """
        found = project(self.store.stream(id), kind) if self._has(kind, id) else None
        if found is None:
            raise NotFound(UNKNOWN[kind.KIND], f"no such {kind.KIND}")
        return found

    def position_of(self, kind: type[A], id: UUID) -> int:
        """The position of the last event of the aggregate of this id; 0 for one that the company does not have, or whose last event is damaged: no row comes of it."""
        try:
            return self.store.recorder.saved_position_of(id) if self._has(kind, id) else 0
        except UnreadableEvent:
            return 0

    def _has(self, kind: type[A], id: UUID) -> bool:
        newest = self.store.newest(id)
        return newest is not None and isinstance(newest, kind.EVENTS) and newest.tenant == self.tenant

    def open(self, personal: Personal | None) -> str:
        """A person's datum in plain text, for a caller who may read it; "" for none."""
        return "" if personal is None else self.store.keyring.open(personal)


@dataclass(frozen=True)
class RegisteredQuery:
    """A registered query. reads: the type of its first argument. on_screens: whether a screen of a wall may run it. of_now: whether it reads few rows."""

    permission: str
    reads: type
    on_screens: bool = False
    of_now: bool = False

    @property
    def reads_rows(self) -> bool:
        """Whether it reads the company's rows, which may be many, and not single things of its log."""
        return self.reads is CompanyRows


QUERIES: dict[Callable[..., Any], RegisteredQuery] = {}
"""Every query, by its function."""


class NotRegistered(TypeError):
    """The bus was called with a function that is not registered as a query, so its permission is unknown."""


def query(
    permission: str, reads: type[S], *, on_screens: bool = False, of_now: bool = False
) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Register the decorated function as a query that needs `permission` (ANYONE: every user of the company) and reads its first argument.

    on_screens: screens of a wall, which have no permission, may run it too. of_now: it is about what goes on now, which is little and asked often.
    """

    def register(function: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        QUERIES[function] = RegisteredQuery(permission, reads, on_screens, of_now)
        return function

    return register


class Sources(Protocol):
    """What queries read from, opened when it is first needed."""

    @property
    def warehouse(self) -> Warehouse: ...

    @property
    def progress(self) -> Steady: ...

    @property
    def tail(self) -> Tailing | None: ...

    @property
    def store(self) -> Store: ...


class QueryBus:
    """Runs the queries of one deployment. Thread-safe. A query may take long: do not run it in an event loop."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._reading: dict[type, Callable[[Asker, RegisteredQuery], Any]] = {CompanyRows: self._rows, CompanyLog: self._log}

    def authorise(self, function: Callable[..., Any], asker: Asker) -> None:
        """Refuse a caller who may not run this query. Raises NotAllowed, NotRegistered."""
        known = registered(function)
        if not asker.is_screen:
            asker.must_have(known.permission)
        elif not known.on_screens:
            raise NotAllowed("screen-shows-queues", "a screen of a wall shows its queues, and nothing else")

    def ask(self, function: Callable[Concatenate[Any, P], T], asker: Asker, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query and return its answer. Raises NotAllowed, NotRegistered, and what the query itself refuses."""
        return self.bound(function, asker)(*args, **kwargs)

    def bound(self, function: Callable[Concatenate[Any, P], T], asker: Asker) -> Callable[P, T]:
        """The query as a function for this caller, without its first argument. Raises NotAllowed, NotRegistered."""
        self.authorise(function, asker)
        known = registered(function)
        return partial(function, self._reading[known.reads](asker, known))

    def _rows(self, asker: Asker, known: RegisteredQuery) -> CompanyRows:
        warehouse = self._sources.warehouse.for_small_queries if known.of_now else self._sources.warehouse
        return CompanyRows(warehouse, asker.tenant, asker.scope, self._sources.progress, self._sources.tail, brief=known.of_now)

    def _log(self, asker: Asker, _: RegisteredQuery) -> CompanyLog:
        return CompanyLog(self._sources.store, asker.tenant, asker.scope, asker.user)


def registered(function: Callable[..., Any]) -> RegisteredQuery:
    """How a query was registered. Raises NotRegistered."""
    found = QUERIES.get(function)
    if found is None:
        raise NotRegistered(f"{getattr(function, '__qualname__', function)} is no query")
    return found
