"""The route by which a user who is logged in changes their own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from api.access import Authenticated
from api.auth import ChosenPassword
from api.client_address import client_of_scope
from api.field_types import Body
from api.problem_documents import AWAY, documented
from api.slice_router import SliceRouter
from api.throttle import Account
from commands.passwords import hashed_password
from commands.users import ChangePassword, check_credentials, own_words
from domain.errors import InvalidField
from projections.queries.users import oneself

router = SliceRouter(prefix="/v1/auth", tags=["auth"])


_PROBLEMS = documented(
    "malformed", "unauthenticated", "not-found", "refused", "version-conflict", "too-many-requests", "too-large", "invalid", *AWAY
)


class PasswordChange(Body):
    """The password of now, and the one that takes its place."""

    current: Annotated[str, Field(min_length=1, max_length=200, repr=False, description="the password of now", examples=["Seja#Bem1"])]
    password: ChosenPassword


@router.post("/own-password", status_code=204, summary="Change one's own password", responses=_PROBLEMS)
async def change_own_password(body: PasswordChange, request: Request, context: Authenticated) -> Response:
    """All sessions of the user end, this one too: log in with the new password. Access tokens stay valid for minutes at most. An API key has no
    password: 404.

    A wrong current password counts as a failed login, so that nobody who finds a session open guesses it.
    """
    application = context.application
    user = await context.ask(oneself)
    keyring = application.center.store.keyring
    email = keyring.open(user.email) if user.email is not None else ""
    account, address = Account(email, context.tenant), client_of_scope(request.scope["client"])
    begun = application.throttle.begin(account, address)
    turns, who = application.password_turns, str(user.id)
    known = await turns.run(who, "known", check_credentials, application.center.store, context.tenant, email, body.current, begun=begun)
    if known is None:
        raise InvalidField("current", "this is not the password of now", "password-wrong")
    application.throttle.succeeded(account, address, begun)
    is_nist = application.center.password_policy == "nist"  # noqa: S105 - the name of a rule
    words = await application.ask(own_words, application.center.store, user) if is_nist else None
    hashed = await turns.run(who, "known", hashed_password, body.password, words)
    await application.execute(ChangePassword(hashed=hashed), context.caller)
    application.active_users.forget(context.tenant, user.id)
    await application.ask(application.sessions.close_all, user.id)
    return Response(status_code=204)
