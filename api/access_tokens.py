"""Access tokens: short-lived, signed, and the only thing that says which company a request is about."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import jwt
import msgspec

from api.problem import Problem
from domain.access import Level

ACCESS_S = 600
"""An access token lives ten minutes: what a user may do changes no later than that."""

_ALGORITHM = "HS256"
_ISSUER = "atende"
_REMEMBERED = 10_000


class Claims(msgspec.Struct, frozen=True):
    """What an access token says. sub: the user. ten: the company. per: permissions. exp: seconds since 1970. lev: the user's level."""

    sub: UUID
    ten: UUID
    per: frozenset[str]
    exp: int
    lev: Level = "User"
    iss: str = _ISSUER


class Tokens:
    """Writes and reads access tokens under one secret (32 characters or more). `now_us`: microseconds since 1970.

    A token that was verified is remembered: the same one comes with every request of ten minutes.
    """

    def __init__(self, secret: str, now_us: Callable[[], int]) -> None:
        self._secret = secret
        self._now_us = now_us
        self._verified: dict[str, Claims] = {}

    def write(self, user: UUID, tenant: UUID, permissions: frozenset[str], level: Level) -> str:
        """A token with which this user asks for the next ACCESS_S seconds."""
        claims = Claims(user, tenant, permissions, self._now_us() // 1_000_000 + ACCESS_S, level)
        payload = msgspec.to_builtins(claims)
        payload["per"] = sorted(payload["per"])
        return jwt.encode(payload, self._secret, _ALGORITHM)

    def read(self, token: str) -> Claims:
        """What the token says; a problem (401) if it is not ours or has expired."""
        claims = self._verified.get(token) or self._verify(token)
        if claims.exp * 1_000_000 <= self._now_us():
            self._verified.pop(token, None)
            raise unauthenticated()
        return claims

    def _verify(self, token: str) -> Claims:
        try:
            # Expiry is told by the clock that is passed in.
            payload = jwt.decode(
                token, self._secret, [_ALGORITHM], options={"verify_exp": False, "require": ["exp", "iss"]}, issuer=_ISSUER
            )
            claims = msgspec.convert(payload, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise unauthenticated() from error
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified[token] = claims
        return claims

    def seconds_left(self, claims: Claims) -> float:
        """How long the token that says this is good."""
        return claims.exp - self._now_us() / 1_000_000


def unauthenticated(detail: str = "the access token is missing, wrong or has expired") -> Problem:
    """Nobody is logged in."""
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="atende", error="invalid_token"'})
