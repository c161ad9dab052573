"""The state that all routers share: the center, and methods to execute commands and run queries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic, perf_counter
from typing import Annotated, Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

from anyio import move_on_after
from anyio.to_thread import run_sync
from fastapi import Depends, Request
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool

from api.access_tokens import Claims, Tokens
from api.active_keys import ActiveKeys
from api.active_screens import ActiveScreens
from api.active_users import ActiveUsers
from api.fair_turns import ANY_NUMBER, FairTurns
from api.http_metrics import Instruments
from api.known_devices import KnownDevices
from api.live_stream import Feed
from api.open_streams import LIVE, WATCHED, OpenStreams
from api.page_policy import PagePolicy
from api.paging import Cursors
from api.password_turns import PasswordTurns
from api.problem import Problem, Refusal, invalid, of_domain, of_servers
from api.question_turns import QuestionTurns
from api.rate_limit import RateLimits
from api.request_turns import RequestTurns
from api.throttle import LoginThrottle
from api.token_buckets import TokenBuckets
from api.upload_turns import UploadTurns
from api.watched_answers import WatchedAnswers
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Receipt
from domain.access import Asker, Scope
from domain.errors import DomainError
from domain.webhook_destinations import Destinations
from domain.webhooks import PostTarget
from projections.engine.progress import Following
from projections.engine.warehouse import Warehouse
from projections.query_bus import QueryBus
from settings import PasswordPolicy
from sounds.folder import Sounds
from store.clock import ClockOff
from store.database import StoreUnavailable
from store.disk_reserve import DiskReserve
from store.event_store import Store
from store.imports import Import, KeptImport, Kind
from store.media import SealedMedia
from store.sessions import Sessions

REACH_S = 5.0
"""How long a query waits for the figures to cover its position, in seconds."""

_COMPANIES = 10_000
_LOOK_S = 0.01
_ANSWERS_S = 2.0

P = ParamSpec("P")
T = TypeVar("T")


class Upload(Protocol):
    """A file that is being received. Its methods may wait for the disk: call them in a thread."""

    def write(self, part: bytes) -> None:
        """Receive the next bytes. Refused once the import was cancelled."""

    def complete(self) -> Import:
        """The whole file is there: look at it, and begin to take it in. Raises InvalidField for a file of another kind."""

    def give_up(self, error: BaseException) -> None:
        """The file does not come whole, or was refused: remove it, and write why."""


class Imports(Protocol):
    """The imports of this process, and what is known of those of others."""

    def receive(self, kind: Kind, name: str, timezone: str, caller: Caller, total: int) -> Upload:
        """Begin to receive a file. total: its bytes, 0 if that is not known."""

    def simulate(self, caller: Caller) -> Import:
        """Simulate calls in a company that has none. Refused for another one."""

    def stands(self, found: KeptImport) -> Import:
        """An import as it stands: one whose process is gone was interrupted."""

    def cancel(self, found: KeptImport) -> Import:
        """Ask for the end of an import. Refused once it has ended."""


class Posted(Protocol):
    """What a receiver answered. code: the HTTP status, 0 without an answer; error: why it does not count as delivered, "" if it does."""

    @property
    def code(self) -> int: ...

    @property
    def error(self) -> str: ...


class WebhookPoster(Protocol):
    """Posts messages to receivers of webhooks, at addresses that are allowed."""

    async def post_signed(self, company: UUID, target: PostTarget, id: str, at_s: int, body: str) -> Posted:
        """Post once, signed by each secret at an instant (seconds). Every failure is an answer."""


class Center(Protocol):
    """The wired layers of one center, as the API needs them."""

    @property
    def bus(self) -> CommandBus: ...

    @property
    def store(self) -> Store: ...

    @property
    def user_requests(self) -> int:
        """Requests a minute that one user may send to a process, and one screen."""

    @property
    def password_policy(self) -> PasswordPolicy:
        """The rule that new passwords follow."""

    @property
    def token_secret(self) -> str:
        """Signs access tokens and cursors: 32 characters or more."""

    @property
    def public_url(self) -> str:
        """The address at which people reach the API; "" if it is not set."""

    @property
    def phone_addresses(self) -> Mapping[str, str]:
        """Where browsers reach the Asterisk of a company by SIP over WebSocket, by the company's name; "" is the oldest company."""

    @property
    def given_phones(self) -> Mapping[str, Sequence[str]]:
        """Patterns of the telephones that agents may choose, by the company's name; "" is the oldest company."""

    @property
    def cors_origins(self) -> Sequence[str]:
        """The origins of other web pages that may use the API."""

    @property
    def warehouse(self) -> Warehouse: ...

    @property
    def progress(self) -> Following:
        """The progress of the rows."""

    @property
    def queries(self) -> QueryBus: ...

    @property
    def destinations(self) -> Destinations:
        """Where webhooks may go."""

    @property
    def webhook_poster(self) -> WebhookPoster:
        """Posts messages to receivers of webhooks."""

    @property
    def media(self) -> SealedMedia:
        """The recordings of calls."""

    @property
    def sounds(self) -> Sounds:
        """What callers of IVRs hear."""

    @property
    def reserve(self) -> DiskReserve:
        """Room that files leave free."""

    @property
    def imports(self) -> Imports:
        """What is taken in from files."""

    def covered(self) -> int:
        """The log position that the projections cover."""

    def answered(self) -> int:
        """The log position up to which questions are answered."""

    def follow_log(self) -> None:
        """From now on answer questions about what is newer than the rows too, if other processes make them."""

    def must_have_room(self) -> None:
        """Raises NoRoom or WarehouseFull while nothing can be written to a disk of this process."""

    def collectors(self) -> Sequence[Collector]:
        """Additional Prometheus collectors of this process."""


class ApplicationState:
    """The state of one app, on one center. seconds: a monotonic clock, which does not go wrong when the wall clock is set."""

    def __init__(self, center: Center, seconds: Callable[[], float] = monotonic) -> None:
        self.center = center
        secret = center.token_secret
        self.instruments = Instruments()
        for collector in center.collectors():
            self.instruments.registry.register(collector)
        self.tokens = Tokens(secret, center.bus.clock.now_us)
        self.active_users = ActiveUsers(center.store)
        self.active_keys = ActiveKeys(center.store, center.bus.clock)
        self.active_screens = ActiveScreens(center.store, center.bus.clock, self.tokens)
        self.rate_limits = RateLimits(center.user_requests)
        self.webhook_tests = TokenBuckets(_COMPANIES, seconds)
        self.throttle = LoginThrottle(seconds)
        self.password_turns = PasswordTurns(self.throttle)
        self.request_turns = RequestTurns()
        self.question_turns = QuestionTurns()
        self.upload_turns = UploadTurns()
        self.devices = KnownDevices(secret)
        self.page_policy = PagePolicy(center)
        self.sessions = Sessions(center.store, center.bus.clock, secret)
        self.cursors = Cursors(secret.encode())
        self.feed = Feed(center.store, self.instruments)
        self.live_streams = OpenStreams(LIVE)
        self.watch_streams = OpenStreams(WATCHED)
        self.scope_turns = FairTurns(ANY_NUMBER)
        """Of streams that ask what their clients may see."""
        self.watched = WatchedAnswers()
        self.scope_of: Callable[[Claims], Scope] = lambda _: Scope.whole_company()
        """Returns what a user may see. Today all users see the whole company: no setting restricts a user yet."""

    def is_token(self, authorization: str) -> bool:
        """Whether an Authorization header has an access token that is valid now. Whether its user may still log in is not looked up."""
        scheme, _, token = authorization.partition(" ")
        try:
            return scheme.lower() == "bearer" and self.tokens.read(token.strip()) is not None
        except Problem:
            return False

    async def must_fit(self) -> None:
        """Refuse requests (503) while the clock is wrong: token expiry would be misjudged, and events would get a wrong time."""
        watch = self.center.bus.watch
        if watch is None:
            return
        if watch.is_due:
            await run_in_threadpool(watch.must_fit)
        else:
            watch.must_fit()

    async def execute(self, command: Command, caller: Caller) -> Receipt:
        """Execute a command on the command bus; its events are on disk when this returns. Refusals are counted and raised."""
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
        """Run a query in a thread and return its answer. Raises NotAllowed, and the errors of the query."""
        return await self._timed(query.__name__, self.center.queries.bound(query, asker), *args, **kwargs)

    async def ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that reads the store in a thread, so that the event loop stays free."""
        return await self._timed(getattr(question, "__name__", "question"), question, *args, **kwargs)

    async def _timed(self, name: str, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        began = perf_counter()
        try:
            return await run_in_threadpool(question, *args, **kwargs)
        finally:
            self.instruments.query(name, perf_counter() - began)

    async def must_exist(self, position: int, name: str, refused: Refusal = invalid) -> None:
        """Refuse (422) a position after the end of the log. Asks the server, because another process may have written it a moment ago.

        name: of the parameter that states it, or of the header, with `invalid_header` as `refused`.
        """
        if position > self.center.store.head():
            end = await run_in_threadpool(self.center.store.end)
            if position > end:
                raise refused(name, f"lies after the end of the log, which is position {end}")

    def fitness(self) -> tuple[int, int]:
        """The end of the log and the position that the figures cover, each read from its server. Compares the clock with the store's too.

        Raises StoreUnavailable (NoRoom: the disk is full), WarehouseUnreachable, ClockOff.
        """
        if self.center.bus.watch is not None:
            self.center.bus.watch.look()
        self.center.must_have_room()
        end = self.center.store.end()
        self.center.warehouse.execute("SELECT 1 AS answers")
        return end, self.center.covered()

    async def store_answers(self) -> bool:
        """Whether the store answers now, within _ANSWERS_S seconds."""
        with suppress(StoreUnavailable), move_on_after(_ANSWERS_S):
            await run_sync(self.center.store.end, abandon_on_cancel=True)
            return True
        return False

    async def reach(self, position: int, name: str, refused: Refusal = invalid) -> None:
        """Wait until the figures cover `position`; a problem (503) if they do not within REACH_S seconds, (422, as `must_exist`) if the log ends before it."""
        await self.must_exist(position, name, refused)
        deadline = asyncio.get_running_loop().time() + REACH_S
        while (covered := self.center.answered()) < position:
            if asyncio.get_running_loop().time() >= deadline:
                detail = f"the figures cover position {covered}, not yet {position}"
                raise Problem("not-reached", detail, headers={"Retry-After": "2"})
            await asyncio.sleep(_LOOK_S)


async def application_of(request: Request) -> ApplicationState:
    """The application state of the app that serves the request."""
    application: ApplicationState = request.app.state.application
    return application


async def fit(request: Request) -> None:
    """Refuse the request (503) while the clock of this process is wrong."""
    application: ApplicationState = request.app.state.application
    await application.must_fit()


TheApplication = Annotated[ApplicationState, Depends(application_of)]
