"""All queries run on the query bus: with the permission that the query names, within a scope, in one company."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints
from uuid import UUID

import pytest

import projections.figures
import projections.queries
from domain.access import ANYONE, PERMISSIONS, Asker, Scope
from domain.base import Aggregate, Event
from domain.errors import NotAllowed, NotFound
from domain.phones import Phone, PhoneSessionClosed
from domain.queues import Queue
from projections.engine.temporal_view import CompanyRows
from projections.queries.changes import last_change
from projections.query_bus import QUERIES, CompanyLog, NotRegistered, QueryBus

TENANT = UUID(int=7)
SCOPE = Scope(queues=frozenset({"vendas"}))
MODULES = [importlib.import_module(f"projections.queries.{module.name}") for module in pkgutil.iter_modules(projections.queries.__path__)]
REGISTERED_QUERIES = sorted(
    (query for query in QUERIES if query.__module__.startswith("projections.")), key=lambda query: f"{query.__module__}.{query.__name__}"
)


def asker(*permissions: str) -> Asker:
    return Asker(TENANT, frozenset(permissions), SCOPE)


@pytest.fixture
def bus() -> QueryBus:
    warehouse = SimpleNamespace(for_small_queries=SimpleNamespace())
    return QueryBus(SimpleNamespace(warehouse=warehouse, progress="progress", store="store", tail=None))  # type: ignore[arg-type]


def functions() -> Iterator[Callable[..., Any]]:
    for module in MODULES:
        for name, found in inspect.getmembers(module, inspect.isfunction):
            if found.__module__ == module.__name__ and not name.startswith("_"):
                yield found


def test_every_function_that_reads_a_company_is_a_query() -> None:
    reads = []
    for function in functions():
        hints = get_type_hints(function, vars(importlib.import_module(function.__module__)))
        first = next(iter(inspect.signature(function).parameters), "")
        if hints.get(first) in (CompanyRows, CompanyLog):
            reads.append(function)
            assert QUERIES[function].reads is hints[first], function
    assert set(reads) == set(REGISTERED_QUERIES)
    assert len(reads) > 15


@pytest.mark.parametrize("query", REGISTERED_QUERIES, ids=lambda query: query.__name__)
def test_every_query_names_a_permission_and_nobody_without_it_gets_an_answer(bus: QueryBus, query: Callable[..., Any]) -> None:
    permission = QUERIES[query].permission
    assert permission in (*PERMISSIONS, ANYONE)
    if permission == ANYONE:
        return
    with pytest.raises(NotAllowed) as refused:
        bus.ask(query, asker(*(other for other in PERMISSIONS if other != permission)))
    assert refused.value.permission == permission
    bus.bound(query, asker(permission))


def test_what_goes_on_now_is_asked_as_a_small_query(bus: QueryBus) -> None:
    of_rows = [query for query in REGISTERED_QUERIES if QUERIES[query].reads is CompanyRows]
    of_now = {
        query.__name__ for query in of_rows if not hasattr(bus.bound(query, asker(*PERMISSIONS)).args[0].warehouse, "for_small_queries")
    }  # type: ignore[attr-defined]
    assert {"monitor", "wall"} <= of_now
    assert not {"inbound", "queues", "agents"} & of_now


@pytest.mark.parametrize("query", REGISTERED_QUERIES, ids=lambda query: query.__name__)
def test_every_query_gets_the_company_and_the_scope_of_the_asker(bus: QueryBus, query: Callable[..., Any]) -> None:
    (source,) = bus.bound(query, asker(*PERMISSIONS)).args  # type: ignore[attr-defined]
    assert (source.tenant, source.scope) == (TENANT, SCOPE)


def test_what_is_no_query_is_not_answered(bus: QueryBus) -> None:
    with pytest.raises(NotRegistered, match="no query"):
        bus.ask(len, asker(*PERMISSIONS))


@pytest.mark.parametrize(("tenant", "kind"), [(TENANT, Queue), (UUID(int=8), Phone)], ids=["of another kind", "of another company"])
def test_what_is_none_of_the_asked_things_is_known_by_its_last_event_however_many_it_has(tenant: UUID, kind: type[Aggregate]) -> None:
    last = PhoneSessionClosed(
        originator_id=UUID(int=1), originator_version=90_000, tenant=TENANT, actor="", occurred_at=0, recorded_at=0,
        agent=UUID(int=2), name="Ana", endpoint="web_1",
    )  # fmt: skip

    def all_events(_: UUID) -> list[Event]:
        raise AssertionError("90,000 events were read")

    store: Any = SimpleNamespace(newest=lambda _: last, stream=all_events)
    with pytest.raises(NotFound):
        CompanyLog(store, tenant, SCOPE).find(kind, UUID(int=1))
    with pytest.raises(NotFound):
        last_change(CompanyLog(store, tenant, SCOPE), UUID(int=1), PERMISSIONS)


def test_no_query_reads_past_its_view() -> None:
    """No query or figure reads the warehouse directly, or makes rows of another scope."""
    for package in (projections.queries, projections.figures):
        for path in Path(package.__path__[0]).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                assert not (isinstance(node, ast.Attribute) and node.attr == "warehouse"), path
                assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("TemporalView", "CompanyRows")), path
