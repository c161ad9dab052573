"""What every router works with: the center, and how to bring a command to it or put a question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Annotated, Any, Concatenate, ParamSpec, Protocol, TypeVar

from anyio import move_on_after
from anyio.to_thread import run_sync
from fastapi import Depends, Request
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool

from api.access_tokens import Claims, Tokens
from api.active_users import ActiveUsers
from api.http_metrics import Instruments
from api.live_stream import Feed
from api.paging import Cursors
from api.problem import Problem, invalid, of_domain, of_servers
from api.throttle import LoginThrottle
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Receipt
from domain.access import Asker, Scope
from domain.errors import DomainError
from projections.engine.progress import Following
from projections.engine.warehouse import Warehouse
from projections.query_bus import QueryBus
from store.clock import ClockOff
from store.database import StoreUnavailable
from store.event_store import Store
from store.sessions import Sessions

REACH_S = 5.0
"""So long a question waits for the figures to cover the position that it names."""

_LOOK_S = 0.01
_ANSWERS_S = 2.0

P = ParamSpec("P")
T = TypeVar("T")


class Center(Protocol):
    """The wired layers of one center, as the API needs them."""

    @property
    def bus(self) -> CommandBus: ...

    @property
    def store(self) -> Store: ...

    @property
    def token_secret(self) -> str:
        """Signs access tokens and cursors: 32 characters or more."""

    @property
    def warehouse(self) -> Warehouse: ...

    @property
    def progress(self) -> Following:
        """How far the rows are."""

    @property
    def queries(self) -> QueryBus: ...

    def covered(self) -> int:
        """Position of the log up to which the projections answer."""

    def collectors(self) -> Sequence[Collector]:
        """What else this process says to Prometheus."""


class ApplicationState:
    """One center behind one app."""

    def __init__(self, center: Center) -> None:
        self.center = center
        secret = center.token_secret
        self.instruments = Instruments()
        for collector in center.collectors():
            self.instruments.registry.register(collector)
        self.tokens = Tokens(secret, center.bus.clock.now_us)
        self.active_users = ActiveUsers(center.store)
        self.throttle = LoginThrottle(lambda: center.bus.clock.now_us() / 1_000_000)
        self.sessions = Sessions(center.store, center.bus.clock)
        self.cursors = Cursors(secret.encode())
        self.feed = Feed(center.store, self.instruments)
        self.scope_of: Callable[[Claims], Scope] = lambda _: Scope.whole_company()
        """What a user may see. Today everybody sees the whole company: no setting restricts a user yet."""

    async def must_fit(self) -> None:
        """Refuse (503) whoever asks while the clock is wrong: the end of a token would be misjudged, and what is written bear a wrong time."""
        watch = self.center.bus.watch
        if watch is None:
            return
        if watch.is_due:
            await run_in_threadpool(watch.must_fit)
        else:
            watch.must_fit()

    async def execute(self, command: Command, caller: Caller) -> Receipt:
        """Hand a command to the command bus; it is on disk when this returns. Its refusals are problems."""
        name = type(command).__name__
        began = perf_counter()
        outcome = "done"
        try:
            return await self.center.bus.execute_soon(command, caller)
        except DomainError as error:
            outcome = of_domain(error).kind
            raise
        except (StoreUnavailable, ClockOff) as error:
            outcome = of_servers(error).kind
            raise
        except BaseException:
            outcome = "internal"
            raise
        finally:
            self.instruments.command(name, outcome, perf_counter() - began)

    async def query(self, query: Callable[Concatenate[Any, P], T], asker: Asker, *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer to a query, worked out in a thread. Raises NotAllowed, and what the query refuses."""
        return await self._timed(query.__name__, self.center.queries.bound(query, asker), *args, **kwargs)

    async def ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what reads the store in a thread: it lets others work meanwhile."""
        return await self._timed(getattr(question, "__name__", "question"), question, *args, **kwargs)

    async def _timed(self, name: str, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        began = perf_counter()
        try:
            return await run_in_threadpool(question, *args, **kwargs)
        finally:
            self.instruments.query(name, perf_counter() - began)

    async def must_exist(self, position: int, parameter: str) -> None:
        """Refuse (422) a position behind the end of the log. Another process may have written it, and told its client, a moment ago."""
        if position > self.center.store.head():
            end = await run_in_threadpool(self.center.store.end)
            if position > end:
                raise invalid(parameter, f"the log ends at position {end}")

    def fitness(self) -> tuple[int, int]:
        """Where the log ends and up to where the figures answer, each asked of its server, and the clock held against the store's.

        Raises StoreUnavailable, WarehouseUnreachable, ClockOff.
        """
        if self.center.bus.watch is not None:
            self.center.bus.watch.look()
        end = self.center.store.end()
        self.center.warehouse.execute("SELECT 1 AS answers")
        return end, self.center.covered()

    async def store_answers(self) -> bool:
        """Whether the store can be asked now; one that keeps somebody waiting cannot."""
        with suppress(StoreUnavailable), move_on_after(_ANSWERS_S):
            await run_sync(self.center.store.end, abandon_on_cancel=True)
            return True
        return False

    async def reach(self, position: int, parameter: str) -> None:
        """Wait until the figures cover `position`; a problem (503) if they do not in REACH_S, (422) if the log is not that long."""
        await self.must_exist(position, parameter)
        deadline = asyncio.get_running_loop().time() + REACH_S
        while (covered := self.center.covered()) < position:
            if asyncio.get_running_loop().time() >= deadline:
                detail = f"the figures cover position {covered}, not yet {position}"
                raise Problem("not-reached", detail, headers={"Retry-After": "2"})
            await asyncio.sleep(_LOOK_S)


async def application_of(request: Request) -> ApplicationState:
    """The application state behind the app that serves the request."""
    application: ApplicationState = request.app.state.application
    return application


async def fit(request: Request) -> None:
    """The clock of the process that serves the request is right."""
    application: ApplicationState = request.app.state.application
    await application.must_fit()


TheApplication = Annotated[ApplicationState, Depends(application_of)]
