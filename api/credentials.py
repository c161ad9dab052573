"""What a request shows to be let in: the access token of a user or of a screen, or an API key. Each becomes a Credential."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from domain.access import Actor, Scope


@dataclass(frozen=True, slots=True)
class Credential:
    """Who sends a request, and what they may do and see.

    name: the actor of the events that follow, `user:<id>`, `key:<id>` or `screen:<id>`. user: None for a key or a screen.
    requests_per_minute: the rate limit of an API key; None for who has the one of every user.
    seconds_left: how long the credential stays valid by itself, infinity if without end. is_valid: whether it is accepted still.
    """

    tenant: UUID
    name: str
    actor: Actor
    scope: Scope
    user: UUID | None
    seconds_left: Callable[[], float]
    is_valid: Callable[[], Awaitable[bool]]
    is_screen: bool = False
    requests_per_minute: int | None = None
