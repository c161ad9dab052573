"""Access tokens: short-lived and signed. The token alone determines the company of a request."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import jwt
import msgspec

from api.problem import Problem
from domain.access import Level

ACCESS_S = 600
"""Lifetime of an access token: ten minutes. Changed permissions apply at the latest then."""

_ALGORITHM = "HS256"
_ISSUER = "atende"
_CACHED = 10_000


class Claims(msgspec.Struct, frozen=True):
    """The claims of an access token. sub: the user, or the screen. ten: the company. per: permissions. exp: seconds since 1970. lev: the user's level.

    dev: the digest of the secret of a screen's device; "" for a user.
    """

    sub: UUID
    ten: UUID
    per: frozenset[str]
    exp: int
    lev: Level = "user"
    dev: str = ""
    iss: str = _ISSUER


class Tokens:
    """Writes and reads access tokens under one secret (32 characters or more). `now_us`: microseconds since 1970.

    Verified tokens are cached, because a client sends the same one with every request for ten minutes.
    """

    def __init__(self, secret: str, now_us: Callable[[], int]) -> None:
        self._secret = secret
        self._now_us = now_us
        self._verified: dict[str, Claims] = {}

    def write(self, user: UUID, tenant: UUID, permissions: frozenset[str], level: Level) -> str:
        """A token for this user that is valid for ACCESS_S seconds."""
        return self._written(Claims(user, tenant, permissions, self._now_us() // 1_000_000 + ACCESS_S, level))

    def write_for_screen(self, screen: UUID, tenant: UUID, device: str) -> str:
        """A token for the device of a screen, which has no permission, that is valid for ACCESS_S seconds. device: the digest of its secret."""
        return self._written(Claims(screen, tenant, frozenset(), self._now_us() // 1_000_000 + ACCESS_S, dev=device))

    def _written(self, claims: Claims) -> str:
        payload = msgspec.to_builtins(claims)
        payload["per"] = sorted(payload["per"])
        return jwt.encode(payload, self._secret, _ALGORITHM)

    def read(self, token: str) -> Claims:
        """The claims of a token; a problem (401) if it is not valid or has expired."""
        claims = self._verified.get(token) or self._verify(token)
        if claims.exp * 1_000_000 <= self._now_us():
            self._verified.pop(token, None)
            raise unauthenticated()
        return claims

    def _verify(self, token: str) -> Claims:
        try:
            # Expiry is checked with the clock that was passed in.
            payload = jwt.decode(
                token, self._secret, [_ALGORITHM], options={"verify_exp": False, "require": ["exp", "iss"]}, issuer=_ISSUER
            )
            claims = msgspec.convert(payload, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise unauthenticated() from error
        if len(self._verified) >= _CACHED:
            self._verified.clear()
        self._verified[token] = claims
        return claims

    def seconds_left(self, claims: Claims) -> float:
        """How many seconds the token with these claims stays valid."""
        return claims.exp - self._now_us() / 1_000_000


def unauthenticated(detail: str = "the access token is missing, wrong or has expired", code: str = "") -> Problem:
    """The problem of a request without a valid access token. code: a reason that only who has a secret of the caller's learns."""
    return Problem("unauthenticated", detail, code=code, headers={"WWW-Authenticate": 'Bearer realm="atende", error="invalid_token"'})
