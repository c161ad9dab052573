"""Authentication and permissions: turns a request into a Caller.

Every protected route has exactly one dependency, an `Access`. It returns a `RequestContext`, which sends commands to the command bus and queries to the
query bus. The buses check the permission that each command and each query needs: a route names none.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Request, Response
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api.access_tokens import unauthenticated
from api.application_state import ApplicationState
from api.credentials import Credential
from api.fair_turns import Gone
from api.field_types import MAX_POSITION
from api.problem import Problem, invalid_header
from api.question_turns import reads_much
from api.request_ids import ID_PATTERN, LONGEST_ID, request_id
from api.route_commands import permission_of_commands
from api.unknown_fields import known_fields_only
from commands.handler_context import Caller, Command, Receipt, RepeatedReceipt
from domain.access import Actor, Asker
from domain.base import MS
from projections.query_bus import registered

IDEMPOTENCY_KEY = "Idempotency-Key"
IF_MATCH = "If-Match"
CORRELATION_ID = "X-Correlation-Id"
IF_POSITION = "If-Position"
LAST_EVENT_ID = "Last-Event-ID"
REPLAYED = "Idempotency-Replayed"
AUTHENTICATED = "atende.authenticated"
"""The key of a request's ASGI scope that is true once its credentials were accepted."""

LONGEST_KEY = LONGEST_ID
KEY_PATTERN = ID_PATTERN
"""Keys and correlation ids are written as ids of requests are, one of which a correlation may be."""

ETAG_PATTERN = r'^"([0-9]{1,16})"$'

_KEY = re.compile(KEY_PATTERN)
_ETAG = re.compile(ETAG_PATTERN, re.ASCII)
_POSITION = re.compile(r"^[0-9]{1,16}$", re.ASCII)
_receipt = msgspec.json.Encoder()

P = ParamSpec("P")
T = TypeVar("T")


class RequestContext:
    """The context of an authenticated request."""

    __slots__ = ("application", "asker", "caller", "credential", "fresh", "gone")

    def __init__(self, application: ApplicationState, credential: Credential, caller: Caller, fresh: int | None, gone: Gone) -> None:
        """fresh: a log position that the figures must cover (If-Position), None for any. gone: returns when the client has gone away."""
        self.application = application
        self.credential = credential
        self.caller = caller
        self.asker = Asker(credential.tenant, credential.actor.permissions, credential.scope, credential.user, credential.is_screen)
        self.fresh = fresh
        self.gone = gone

    @property
    def tenant(self) -> UUID:
        """The caller's company."""
        return self.caller.tenant

    async def do(self, command: Command, status: int = 200) -> Response:
        """Execute a command on the command bus; returns its receipt as the response."""
        async with self.application.request_turns.command(self.tenant, self.credential.name):
            return done(await self.application.execute(command, self.caller), status)

    async def ask(self, query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on the query bus, in a thread, when it is its turn. Raises NotAllowed, Problem (429), and what the query refuses."""
        if not registered(query).reads_rows:
            # It reads single things of the log.
            async with self.application.request_turns.read(self.tenant, self.credential.name):
                return await self.application.query(query, self.asker, *args, **kwargs)
        async with self.turn(heavy=self.is_heavy(query, *args)):
            return await self.application.query(query, self.asker, *args, **kwargs)

    def is_heavy(self, query: Callable[..., Any], *args: object) -> bool:
        """Whether a query with these arguments reads much."""
        return not registered(query).of_now and reads_much(self.application.center.bus.clock.now_us() // MS, *args)

    @asynccontextmanager
    async def turn(self, *, heavy: bool, begun: bool = False) -> AsyncIterator[None]:
        """Have the turn of a question of this caller during the block (`QuestionTurns.turn`). A response that has begun sees by itself that its client goes away."""
        gone = None if begun else self.gone
        async with self.application.question_turns.turn(self.tenant, self.credential.name, heavy=heavy, begun=begun, gone=gone):
            yield


def done(receipt: Receipt, status: int = 200) -> Response:
    """A receipt as a response, in the form of `field_types.Receipt`."""
    headers = {REPLAYED: "true"} if isinstance(receipt, RepeatedReceipt) else None
    return Response(_receipt.encode(receipt), status, headers, media_type="application/json")


class Access(SecurityBase):
    """A dependency that requires an access token or an API key (401), and the permission for `query`, if one is given, or for the route's command (403).

    It runs before the body is validated: a caller who may not send it does not make the server work.
    """

    def __init__(self, query: Callable[..., Any] | None = None) -> None:
        self.query = query
        self.scheme_name = "access_token"
        self.model = HTTPBearer(description="The access token of `/v1/auth/login`, or an API key of `/v1/api-keys`.")

    async def __call__(self, request: Request) -> RequestContext:
        """The context of the request."""
        application: ApplicationState = request.app.state.application
        await application.must_fit()
        headers = request.headers
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthenticated()
        credential = await _credential(application, token.strip())
        request.scope[AUTHENTICATED] = True
        try:
            application.rate_limits.take(credential.name, credential.requests_per_minute, request.scope)
        except Problem:
            await application.request_turns.refuse(credential.tenant, credential.name)
            raise
        await application.request_turns.begin(credential.tenant, credential.name)
        key, correlation = _written(headers.get(IDEMPOTENCY_KEY), IDEMPOTENCY_KEY), _written(headers.get(CORRELATION_ID), CORRELATION_ID)
        actor = credential.actor
        caller = Caller(
            credential.tenant,
            credential.name,
            actor.permissions,
            key,
            correlation or request_id(),
            request_id() if correlation not in ("", request_id()) else "",
            actor,
            expected_version=_version(headers.get(IF_MATCH)),
        )
        context = RequestContext(application, credential, caller, _position(headers.get(IF_POSITION)), partial(_gone, request))
        if self.query is not None:
            application.center.queries.authorise(self.query, context.asker)
        context.asker.must_have(permission_of_commands(request.scope["route"].endpoint))
        await known_fields_only(request)
        return context


async def _credential(application: ApplicationState, token: str) -> Credential:
    """What the bearer token stands for. Raises Problem (401) if it is not accepted."""
    if application.active_keys.is_key(token):
        return application.active_keys.credential(token, await application.active_keys.known(token))
    claims = application.tokens.read(token)
    if claims.dev:
        return await application.active_screens.credential(claims)
    await application.active_users.must_include(claims)
    return Credential(
        claims.ten,
        f"user:{claims.sub}",
        Actor(claims.sub, claims.lev, claims.per),
        application.scope_of(claims),
        claims.sub,
        partial(application.tokens.seconds_left, claims),
        partial(application.active_users.includes, claims),
    )


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _position(value: str | None) -> int | None:
    if value is None:
        return None
    if not _POSITION.match(value) or int(value) > MAX_POSITION:
        raise invalid_header(IF_POSITION, f"should be a position of the log, from 0 to {MAX_POSITION}")
    return int(value)


def _version(value: str | None) -> int | None:
    if value is None:
        return None
    if not (found := _ETAG.match(value)):
        raise invalid_header(IF_MATCH, 'should be a version in quotes, such as "7"')
    return int(found[1])


def _written(value: str | None, header: str) -> str:
    if value is None:
        return ""
    if len(value) > LONGEST_KEY or not _KEY.match(value):
        raise invalid_header(header, f"should be 1 to {LONGEST_KEY} printable ASCII characters without blanks")
    return value


Authenticated = Annotated[RequestContext, Depends(Access())]
"""The dependency of routes of commands, and of queries that every user may run."""


def authorised(query: Callable[..., Any]) -> Any:
    """The dependency of a query's route. A caller without the permission gets 403 before the request is validated."""
    return Depends(Access(query))
