"""Who is asking: short-lived access tokens, and the one place where a request becomes a Caller.

The company is the token's and nothing else's. A command's permission is checked by the door; a question's by `may`,
under the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import jwt
import msgspec
from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.problem import Problem
from commands.desk import Caller

ACCESS_S = 600
"""An access token lives ten minutes: what a user may do changes no later than that."""

_ALGORITHM = "HS256"
_ISSUER = "atende"


class Claims(msgspec.Struct, frozen=True):
    """What an access token says. sub: the user. ten: the company. per: permissions. exp: seconds since 1970."""

    sub: UUID
    ten: UUID
    per: frozenset[str]
    exp: int
    iss: str = _ISSUER


class Tokens:
    """Writes and reads access tokens under one secret (32 characters or more). `now_us`: microseconds since 1970."""

    def __init__(self, secret: str, now_us: Callable[[], int]) -> None:
        self._secret = secret
        self._now_us = now_us

    def write(self, user: UUID, tenant: UUID, permissions: frozenset[str]) -> str:
        """A token with which this user asks for the next ACCESS_S seconds."""
        claims = Claims(user, tenant, permissions, self._now_us() // 1_000_000 + ACCESS_S)
        payload = msgspec.to_builtins(claims)
        payload["per"] = sorted(payload["per"])
        return jwt.encode(payload, self._secret, _ALGORITHM)

    def read(self, token: str) -> Claims:
        """What the token says; a problem (401) if it is not ours or has expired."""
        try:
            # Expiry is told by the clock that is passed in.
            payload = jwt.decode(
                token, self._secret, [_ALGORITHM], options={"verify_exp": False, "require": ["exp", "iss"]}, issuer=_ISSUER
            )
            claims = msgspec.convert(payload, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise unauthenticated() from error
        if claims.exp * 1_000_000 <= self._now_us():
            raise unauthenticated()
        return claims

    def seconds_left(self, claims: Claims) -> float:
        """How long the token that says this is good."""
        return claims.exp - self._now_us() / 1_000_000


def unauthenticated(detail: str = "the access token is missing, wrong or has expired") -> Problem:
    """Nobody is logged in."""
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="atende", error="invalid_token"'})


_bearer = HTTPBearer(bearerFormat="JWT", auto_error=False, scheme_name="access_token", description="The access token of /v1/auth/login.")


async def claims_of(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Claims:
    """What the request's token says."""
    if bearer is None:
        raise unauthenticated()
    tokens: Tokens = request.app.state.house.tokens
    return tokens.read(bearer.credentials)


Token = Annotated[Claims, Depends(claims_of)]


_PRINTABLE = r"^[\x21-\x7e]+$"

IdempotencyKey = Annotated[
    str | None,
    Header(
        description="A key of your own for this command (a UUID, say): sent again with the same key, it is not done again, and answers the same.",
        min_length=1,
        max_length=200,
        pattern=_PRINTABLE,
        examples=["5a0f2a1e-7a0a-4a62-9a39-3f0a1c6b9a10"],
    ),
]

CorrelationId = Annotated[
    str | None,
    Header(
        alias="X-Correlation-Id",
        description="Written into every event that this command makes, to find them by.",
        min_length=1,
        max_length=100,
        pattern=_PRINTABLE,
        examples=["crm-4711"],
    ),
]


async def asking(
    claims: Token,
    idempotency_key: IdempotencyKey = None,
    correlation: CorrelationId = None,
) -> Caller:
    """Who brings a command; the door checks its permission."""
    return _caller(claims, idempotency_key or "", correlation or "")


Asking = Annotated[Caller, Depends(asking)]


def may(permission: str) -> Any:
    """The dependency of a route that asks a question: who asks, if they have `permission` (403 otherwise)."""

    async def caller(claims: Token) -> Caller:
        if permission not in claims.per:
            raise Problem("not-allowed", f"this needs the permission {permission}", permission=permission)
        return _caller(claims)

    return Depends(caller)


async def _logged_in(claims: Token) -> Caller:
    return _caller(claims)


LoggedInUser = Annotated[Caller, Depends(_logged_in)]
"""Who asks what every user may know."""


def _caller(claims: Claims, idempotency_key: str = "", correlation: str = "") -> Caller:
    return Caller(claims.ten, f"user:{claims.sub}", claims.per, idempotency_key, correlation)
