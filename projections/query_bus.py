"""The query bus: the one place through which anything is asked of a company.

A query is a function that is registered with the permission it needs, as `handles` does for commands. The bus refuses who lacks it, and gives the
function what it reads: the company's rows or its log, of the asker's company and within the asker's scope. Whoever asks can widen neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

from domain.access import Asker, Scope
from domain.base import Aggregate, Personal
from domain.errors import NotFound
from projections.engine.temporal_view import CompanyRows, Steady
from projections.engine.warehouse import Warehouse
from store.event_store import Store, project

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class CompanyLog:
    """One company's aggregates as their events leave them at this moment, whether the rows cover those events yet or not. user: who asks."""

    store: Store
    tenant: UUID
    scope: Scope
    user: UUID | None = None

    def find(self, kind: type[A], id: UUID) -> A:
        """The aggregate of this id; NotFound for one that the company does not have."""
        found = project(self.store.stream(id), kind)
        if found is None or found.tenant != self.tenant:
            raise NotFound(f"no such {kind.KIND}")
        return found

    def open(self, personal: Personal | None) -> str:
        """A person's datum, for an asker who may read it; "" for none."""
        return "" if personal is None else self.store.keyring.open(personal)


@dataclass(frozen=True)
class Registered:
    """What is known of a query. reads: what its first argument is."""

    permission: str
    reads: type


QUERIES: dict[Callable[..., Any], Registered] = {}
"""Every query, by its function."""


class NotRegistered(TypeError):
    """A function that is no query was put to the bus: nobody said who may ask it."""


def query(permission: str, reads: type[S]) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Let the decorated function be a query that needs `permission` (ANYONE: every user of the company) and reads its first argument."""

    def register(asked: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        QUERIES[asked] = Registered(permission, reads)
        return asked

    return register


class Sources(Protocol):
    """What is read of a center, opened when it is first needed."""

    @property
    def warehouse(self) -> Warehouse: ...

    @property
    def progress(self) -> Steady: ...

    @property
    def store(self) -> Store: ...


class QueryBus:
    """The queries of one center. Thread-safe; what it answers may take long: not for an event loop."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._reading: dict[type, Callable[[Asker], Any]] = {CompanyRows: self._rows, CompanyLog: self._log}

    def authorise(self, asked: Callable[..., Any], asker: Asker) -> None:
        """Refuse who may not put this query. Raises NotAllowed, NotRegistered."""
        asker.must_have(_registered(asked).permission)

    def ask(self, asked: Callable[Concatenate[Any, P], T], asker: Asker, *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer to a query. Raises NotAllowed, NotRegistered, and what the query itself refuses."""
        return self.bound(asked, asker)(*args, **kwargs)

    def bound(self, asked: Callable[Concatenate[Any, P], T], asker: Asker) -> Callable[P, T]:
        """The query as this asker may put it. Raises NotAllowed, NotRegistered."""
        self.authorise(asked, asker)
        return partial(asked, self._reading[_registered(asked).reads](asker))

    def _rows(self, asker: Asker) -> CompanyRows:
        return CompanyRows(self._sources.warehouse, asker.tenant, asker.scope, self._sources.progress)

    def _log(self, asker: Asker) -> CompanyLog:
        return CompanyLog(self._sources.store, asker.tenant, asker.scope, asker.user)


def _registered(asked: Callable[..., Any]) -> Registered:
    found = QUERIES.get(asked)
    if found is None:
        raise NotRegistered(f"{getattr(asked, '__qualname__', asked)} is no query")
    return found
