"""The rights that the log gives to whoever sends a command, now: an access token may be older than a change of them."""

from __future__ import annotations

from commands.handler_context import HandlerContext
from domain.access import Actor
from domain.api_keys import ApiKey
from domain.errors import NotAllowed
from domain.users import User


def current_actor(context: HandlerContext, permission: str) -> Actor | None:
    """The user or the API key that sends the command, with its rights of now; None for the operator.

    Raises NotAllowed for who is kept out meanwhile, or has lost `permission`.
    """
    actor = context.caller.user
    if actor is None:
        return None
    user = context.load(User, actor.user)
    key = context.load(ApiKey, actor.user) if user is None else None
    if user is not None and user.active:
        actor = Actor(user.id, user.level, frozenset(user.permissions))
    elif key is not None and key.is_active(context.now_us()):
        actor = key.actor
    else:
        if key is None:
            raise NotAllowed(permission, "this user may not log in any more", "user-barred")
        raise NotAllowed(permission, "this API key was revoked or has expired", "api-key-barred")
    actor.must_have(permission)
    return actor
