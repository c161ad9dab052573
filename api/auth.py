"""Routes to log in, refresh tokens, log out, and set a password with a one-time link."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body as BodyField
from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from api.access_tokens import ACCESS_S, unauthenticated
from api.application_state import ApplicationState, TheApplication, fit
from api.client_address import client_of_scope
from api.field_types import Body, Line, Shape
from api.known_devices import KNOWN_S
from api.problem import Problem
from api.problem_documents import AWAY, documented
from api.session_cookie import SessionCookie
from api.slice_router import SliceRouter
from api.throttle import Account, Subject
from api.unknown_fields import known_fields_only
from commands.handler_context import Caller
from commands.passwords import hashed_password
from commands.users import SetPassword, SignedIn, check_credentials, companies_of, who_is, words_of_link
from domain.errors import NotFound, Refused
from domain.passwords import LENGTHS, LONGEST, SHORTEST
from store.sessions import Session

TAG = {"name": "auth", "description": "Log in, refresh tokens, set a password."}

router = SliceRouter(
    prefix="/v1/auth",
    tags=["auth"],
    dependencies=[Depends(fit), Depends(known_fields_only)],
    responses=documented("malformed", "too-large", "invalid", *AWAY),
)

_WRONG_LOGIN = "no such e-mail, password or company"


class Login(Body):
    """Credentials."""

    email: Annotated[str, Field(min_length=3, max_length=254, examples=["ana@empresa.example"])]
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False, examples=["Seja#Bem1"])]
    session: Annotated[
        Literal["token", "cookie"],
        Field(
            description="cookie: for pages in a browser; the refresh token is a cookie that no script can read, instead of a field of the answer"
        ),
    ] = "token"
    company: Annotated[
        Line, Field(description="the company's name; needed only if the e-mail has a user in more than two companies", examples=["Empresa"])
    ] = ""


class Refresh(Body):
    """The refresh token of a session. A page in a browser sends none: its cookie has it."""

    refresh_token: Annotated[
        str | None, Field(min_length=1, max_length=200, repr=False, description="null: that of the cookie", examples=["3qUY0y8bT1u7…"])
    ] = None


OptionalToken = Annotated[Refresh, BodyField(default_factory=Refresh)]
"""A page in a browser may send no body at all."""


ChosenPassword = Annotated[
    str,
    Field(
        min_length=SHORTEST,
        max_length=LONGEST,
        repr=False,
        description="6 to 20 characters: upper and lower case, a number, one of `$ * & @ # ?`, none twice in a row; "
        "or, if the server's policy is NIST's, 12 to 128 characters of any kind that are not easily guessed",
        examples=["Seja#Bem1"],
    ),
]
"""A password that somebody chooses; `GET /v1/auth/password-rules` says what it must be."""


class NewPassword(Body):
    """A one-time token and the new password."""

    token: Annotated[str, Field(min_length=1, max_length=200, repr=False, description="from the link", examples=["m0Jt2fQ8…"])]
    password: ChosenPassword


class PasswordRules(Shape):
    """What a new password must be, for a form that says it before it is refused."""

    policy: Annotated[
        Literal["composition", "nist"],
        Field(
            description="composition: upper and lower case, a number, one of `$ * & @ # ?`, no character twice in a row. nist: hard to guess",
            examples=["composition"],
        ),
    ]
    shortest: Annotated[int, Field(description="characters", examples=[6])]
    longest: Annotated[int, Field(description="characters", examples=[20])]


class LoggedIn(Shape):
    """Tokens of a session: send `access_token` with every request; exchange `refresh_token` for new tokens, once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJIUzI1NiIs…",
                    "token_type": "Bearer",
                    "expires_in": ACCESS_S,
                    "refresh_token": "3qUY0y8bT1u7…",
                    "user_id": "7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10",
                    "company_id": "2f6a3c1e-52f6-5e0b-8a7d-93a7b0c3f001",
                    "permissions": ["gerenciar-relatorio"],
                }
            ]
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_in: Annotated[int, Field(description="seconds")] = ACCESS_S
    refresh_token: Annotated[
        str | None,
        Field(
            description="replaced by each use. For a minute a used token returns the newest one; a later use ends the session, because the token may be "
            "stolen. null: it is a cookie"
        ),
    ]
    user_id: UUID
    company_id: UUID
    permissions: Annotated[list[str], Field(description="what the user may do")]


@router.post("/login", summary="Log in by e-mail and password", responses=documented("unauthenticated", "not-allowed", "too-many-requests"))
async def log_in(body: Login, request: Request, response: Response, application: TheApplication) -> LoggedIn:
    """After some failures each further try must wait, twice as long every time: 429 with Retry-After. If too many log in at the same moment, who comes
    then is refused at once (429, `too-many-logins`); devices from which the account has logged in before have a queue of their own.

    The answer sets a cookie by which the device is known to the account from then on. Failures from elsewhere do not make such a device
    wait, nor an address from which the account has logged in before.

    With `session: cookie` the answer sets a cookie for `/v1/auth` alone (HttpOnly, SameSite=Strict, Secure over TLS): a page keeps the access token in its
    memory and gets the next one from `/v1/auth/refresh` with an empty object. The cookie is taken from pages of this center, or of the origins that the
    operator allows.
    """
    cookies = SessionCookie(request, application.center)
    if body.session == "cookie":
        cookies.must_be_of_own_page()
    who, known_device = await _proved(application, body, request)
    session = await application.ask(application.sessions.open, who.tenant, who.user)
    # While the password was hashed it may have been set anew, which ended the sessions that there were, or the user may have been deactivated.
    now = await application.ask(who_is, application.center.store, who.tenant, who.user)
    if now is None or now.password != who.password:
        await application.ask(application.sessions.close, session.token)
        raise unauthenticated(_WRONG_LOGIN)
    response.set_cookie(*known_device, max_age=KNOWN_S, **cookies.attributes)
    if body.session == "cookie":
        cookies.set(response, session.token)
    return _welcome(application, now, session, in_cookie=body.session == "cookie")


async def _proved(application: ApplicationState, login: Login, request: Request) -> tuple[SignedIn, tuple[str, str]]:
    """The user with this e-mail and password, and the cookie by which the device is known to that account from now on.

    An account is an e-mail address in one company. A success frees nothing in another company, and a company where the account must wait
    keeps the user out of no other one.
    """
    store, throttle, devices = application.center.store, application.throttle, application.devices
    address, email = client_of_scope(request.scope["client"]), login.email.strip().lower()
    refusal, counted = unauthenticated(_WRONG_LOGIN), set[Subject]()
    for tenant in await application.ask(companies_of, store, email, login.company):
        account = Account(email, tenant)
        device = devices.device(request.headers.get("cookie", ""), account)
        try:
            begun = throttle.begin(account, address, device, counted)
        except Problem as too_many:
            refusal = too_many
            continue
        standing = throttle.standing(account, address, device)
        # Programs behind one address, which keep no cookie, do not wait for each other.
        lane = device or (account if standing == "known" else address)
        turns = application.password_turns
        who = await turns.run(lane, standing, check_credentials, store, tenant, email, login.password, begun=begun)
        if who is not None:
            throttle.succeeded(account, address, begun)
            return who, devices.cookie(account, device)
        counted |= begun
    raise refusal


@router.post("/refresh", summary="Get new tokens", responses=documented("unauthenticated", "not-allowed"))
async def refresh_tokens(body: OptionalToken, request: Request, response: Response, application: TheApplication) -> LoggedIn:
    """The new access token has the user's current permissions.

    Repeat the request if its answer was lost: for a minute a used refresh token returns the newest one. A later use ends the whole session.
    """
    cookies = SessionCookie(request, application.center)
    token = cookies.token_or(body.refresh_token)
    session = await application.ask(application.sessions.renew, token)
    who = await application.ask(who_is, application.center.store, session.tenant, session.user) if session else None
    if session is not None and who is None:
        # Else the session would go on once the user is activated again.
        await application.ask(application.sessions.close, session.token)
    if session is None or who is None:
        raise unauthenticated("the refresh token is not valid any more: log in")
    if body.refresh_token is None:
        cookies.set(response, session.token)
    return _welcome(application, who, session, in_cookie=body.refresh_token is None)


@router.post("/logout", status_code=204, summary="End the session", responses=documented("not-allowed"))
async def log_out(body: OptionalToken, request: Request, application: TheApplication) -> Response:
    """Its refresh token is void at once; an access token that was issued stays valid for minutes at most. A token that is not valid any more is ignored."""
    cookies = SessionCookie(request, application.center)
    await application.ask(application.sessions.close, cookies.token_or(body.refresh_token))
    answer = Response(status_code=204)
    if body.refresh_token is None:
        cookies.clear(answer)
    return answer


@router.post(
    "/password", status_code=204, summary="Set a password by a one-time token", responses=documented("refused", "too-many-requests")
)
async def set_password(body: NewPassword, request: Request, application: TheApplication) -> Response:
    """For first access and recovery (E3). The token cannot be used again, and all sessions of the user end."""
    address = client_of_scope(request.scope["client"])
    begun = application.throttle.begin(Account(body.token), address)
    standing = application.throttle.standing(Account(body.token), address)
    is_nist = application.center.password_policy == "nist"  # noqa: S105 - the name of a rule
    own_words = await application.ask(words_of_link, application.center.store, body.token) if is_nist else None
    hashed = await application.password_turns.run(address, standing, hashed_password, body.password, own_words, begun=begun)
    user = await _set(application, SetPassword(token=body.token, hashed=hashed))
    await application.ask(application.sessions.close_all, user)
    application.throttle.succeeded(Account(body.token), address, begun)
    return Response(status_code=204)


@router.get("/password-rules", summary="What a new password must be")
async def get_password_rules(application: TheApplication) -> PasswordRules:
    """Open to everybody: who follows a one-time link is not logged in yet."""
    policy = application.center.password_policy
    shortest, longest = LENGTHS[policy]
    return PasswordRules(policy=policy, shortest=shortest, longest=longest)


async def _set(application: ApplicationState, command: SetPassword) -> UUID:
    """Set the password and return the user. The token does not name its company, so each company is tried until one has it."""
    for tenant in await application.ask(application.center.store.companies):
        try:
            return (await application.execute(command, Caller(tenant, "link", frozenset()))).id
        except NotFound:
            continue
    raise Refused("link-used", "this link was used, or was replaced by a newer one")


def _welcome(application: ApplicationState, who: SignedIn, session: Session, *, in_cookie: bool) -> LoggedIn:
    return LoggedIn(
        access_token=application.tokens.write(who.user, who.tenant, who.permissions, who.level),
        refresh_token=None if in_cookie else session.token,
        user_id=who.user,
        company_id=who.tenant,
        permissions=sorted(who.permissions),
    )
