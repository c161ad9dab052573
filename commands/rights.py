"""The rights that the log gives to whoever sends a command, now: an access token may be older than a change of them."""

from __future__ import annotations

from commands.handler_context import Aggregates, Caller
from domain.access import ANYONE, Actor
from domain.api_keys import ApiKey
from domain.errors import Barred
from domain.users import User


def current_actor(unit: Aggregates, caller: Caller, permission: str, now_us: int) -> Actor | None:
    """The user or the API key that sends a command, with its rights of now; None for the operator, for sources and for process managers.

    Raises Barred for who is kept out meanwhile, NotAllowed for who has lost `permission`.
    """
    if caller.user is None:
        return None
    user = unit.load(User, caller.user.user)
    if isinstance(user, User) and user.tenant == caller.tenant:
        if not user.active:
            raise Barred("user-barred", "this user may not log in any more")
        actor = user.actor
    else:
        key = unit.load(ApiKey, caller.user.user)
        if not isinstance(key, ApiKey) or key.tenant != caller.tenant or not key.is_active(now_us):
            raise Barred("api-key-barred", "this API key was revoked or has expired")
        actor = key.actor
    if permission != ANYONE:
        actor.must_have(permission)
    return actor
