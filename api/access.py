"""Who asks, and what they may: the one place where a request becomes a Caller.

Every protected route has exactly one dependency, an `Access`; what it gives, an `Asking`, brings commands to the door
(which checks their permissions) or puts questions (for which `may` has checked the same named permissions).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Request, Response
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api.access_tokens import Claims, unauthenticated
from api.application_state import ApplicationState
from api.field_types import MAX_POSITION
from api.problem import FieldProblem, Problem
from commands.handler_context import Caller, Command, Receipt

IDEMPOTENCY_KEY = "Idempotency-Key"
CORRELATION_ID = "X-Correlation-Id"
IF_POSITION = "If-Position"
LONGEST_KEY = 200
KEY_PATTERN = r"^[\x21-\x7e]+$"

_KEY = re.compile(KEY_PATTERN)
_POSITION = re.compile(r"^[0-9]{1,16}$", re.ASCII)
_receipt = msgspec.json.Encoder()

P = ParamSpec("P")
T = TypeVar("T")


class Asking:
    """A request of somebody who is logged in."""

    __slots__ = ("application", "caller", "claims", "fresh")

    def __init__(self, application: ApplicationState, claims: Claims, caller: Caller, fresh: int | None) -> None:
        """fresh: a position that the client has just written, and wants to see in the figures."""
        self.application = application
        self.claims = claims
        self.caller = caller
        self.fresh = fresh

    @property
    def tenant(self) -> UUID:
        """The company that it is about."""
        return self.caller.tenant

    async def do(self, command: Command, status: int = 200) -> Response:
        """Bring a command to the door and answer with its receipt."""
        return done(await self.application.execute(command, self.caller), status)

    async def ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Answer a question in a thread."""
        return await self.application.ask(question, *args, **kwargs)


def done(receipt: Receipt, status: int = 200) -> Response:
    """A receipt as `shapes.Done` documents it."""
    return Response(_receipt.encode(receipt), status, media_type="application/json")


class Access(SecurityBase):
    """Lets in who has an access token, and `permission` if one is named (401, 403 otherwise)."""

    def __init__(self, permission: str = "") -> None:
        self.permission = permission
        self.scheme_name = "access_token"
        self.model = HTTPBearer(bearerFormat="JWT", description="The access token of `/v1/auth/login`.")

    async def __call__(self, request: Request) -> Asking:
        """Who asks."""
        application: ApplicationState = request.app.state.application
        await application.must_fit()
        headers = request.headers
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthenticated()
        claims = application.tokens.read(token.strip())
        if self.permission and self.permission not in claims.per:
            raise Problem("not-allowed", f"this needs the permission {self.permission}", permission=self.permission)
        key, correlation = _written(headers.get(IDEMPOTENCY_KEY), IDEMPOTENCY_KEY), _written(headers.get(CORRELATION_ID), CORRELATION_ID)
        caller = Caller(claims.ten, f"user:{claims.sub}", claims.per, key, correlation)
        return Asking(application, claims, caller, _position(headers.get(IF_POSITION)))


def _position(value: str | None) -> int | None:
    if value is None:
        return None
    if not _POSITION.match(value) or int(value) > MAX_POSITION:
        raise _wrong(IF_POSITION, f"should be a position of the log, from 0 to {MAX_POSITION}")
    return int(value)


def _wrong(header: str, detail: str) -> Problem:
    return Problem("invalid", f"{header}: {detail}", errors=[FieldProblem(header=header, detail=detail)])


def _written(value: str | None, header: str) -> str:
    if value is None:
        return ""
    if len(value) > LONGEST_KEY or not _KEY.match(value):
        raise _wrong(header, f"should be 1 to {LONGEST_KEY} printable ASCII characters without blanks")
    return value


Asked = Annotated[Asking, Depends(Access())]
"""Of a command's route, and of questions that every user may put."""


def may(permission: str) -> Any:
    """The dependency of a question's route: only for those who have `permission`."""
    return Depends(Access(permission))
