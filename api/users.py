"""Routes for the users of a company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised, done
from api.field_types import Body, Name, Receipt, Shape, UserId, Version
from api.figure_parameters import Past
from api.invalid_fields import form
from api.lists import Key, Listing, Page, Paged, part_of
from api.problem_documents import QUERY, documented, of_command
from api.slice_router import SliceRouter
from commands import users as commands
from domain.access import Level, Permission
from domain.users import User
from projections.queries.users import ListedUser, oneself
from projections.queries.users import user as one_user
from projections.queries.users import users as all_users
from store.keyring import Keyring

TAG = {"name": "users", "description": "Users of the company: levels, permissions, links to set a password."}

router = SliceRouter(prefix="/v1", tags=["users"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))

_OF_USER = of_command("not-found")


class UserDetail(Shape):
    """A user of the company."""

    id: UUID
    version: Version
    name: Annotated[str, Field(examples=["Ana Souza"])]
    email: Annotated[str, Field(examples=["ana@empresa.example"])]
    level: Level
    permissions: Annotated[list[str], Field(examples=[["gerenciar-relatorio"]])]
    active: Annotated[bool, Field(description="whether the user may log in")]
    has_password: bool


Email = Annotated[
    str,
    Field(
        max_length=254,
        pattern=form(r"^[^@\s\x00-\x20\x7f]+@[^@\s\x00-\x20\x7f]+\.[^@\s\x00-\x20\x7f]+$", "should be an e-mail address"),
        examples=["ana@empresa.example"],
    ),
]


class NewUser(Body):
    """A new user."""

    name: Annotated[Name, Field(examples=["Ana Souza"])]
    email: Email
    level: Level = "user"
    permissions: Annotated[tuple[Permission, ...], Field(max_length=50, examples=[["gerenciar-relatorio"]])] = ()


class UserChange(Body):
    """A user's name and e-mail address. Omitted fields stay unchanged."""

    name: Annotated[Name | None, Field(examples=["Ana Souza Lima"])] = None
    email: Annotated[Email | None, Field(description="by which the user logs in from now on")] = None


class Rights(Body):
    """A user's level and permissions, which apply from the next access token on."""

    level: Level
    permissions: Annotated[tuple[Permission, ...], Field(max_length=50, examples=[["gerenciar-relatorio", "gerenciar-atendimento"]])]


class OfUser(Body):
    """The user for whom a link is issued."""

    email: Annotated[str, Field(min_length=3, max_length=254, examples=["ana@empresa.example"])]


@router.get("/me", summary="The user who is logged in", responses=documented("not-found"))
async def get_me(context: Authenticated) -> UserDetail:
    """The user of the access token, by the current state of the log. 404 `api-key-is-no-user` for an API key, which `GET /v1/api-keys/self` describes."""
    return _shaped(context.application.center.store.keyring, await context.ask(oneself))


@router.get("/users", summary="The users of the company", responses=QUERY)
async def list_users(context: Annotated[RequestContext, authorised(all_users)], params: Annotated[Paged, Query()]) -> Page[UserDetail]:
    """In the order of registration, deactivated users included; name and e-mail address of a forgotten user are marked as forgotten."""

    async def fetch(past: Past, after: Key, limit: int) -> tuple[list[ListedUser], int]:
        return await context.ask(all_users, int(after[0]), limit, as_of=past.as_of, moment_ms=past.moment_ms)

    part = await part_of(context, params, Listing("users", (0,), fetch, lambda row: (row.registered,)))
    found = await context.application.ask(_opened, context.application.center.store.keyring, part.rows)
    return Page(items=found, next=part.next, as_of=part.as_of)


def _opened(keyring: Keyring, rows: Sequence[ListedUser]) -> list[UserDetail]:
    return [
        UserDetail(
            id=row.id,
            version=row.version,
            name=keyring.open_text(row.name),
            email=keyring.open_text(row.email),
            level=row.level,
            permissions=row.permissions,
            active=row.active == 1,
            has_password=row.has_password == 1,
        )
        for row in rows
    ]


@router.get("/users/{user_id}", summary="One user", responses=documented("not-allowed", "not-found"))
async def get_user(user_id: UserId, context: Annotated[RequestContext, authorised(one_user)]) -> UserDetail:
    """Name and e-mail address are readable for users who may manage users."""
    return _shaped(context.application.center.store.keyring, await context.ask(one_user, user_id))


@router.post("/users", status_code=201, summary="Register a user", responses=of_command("already-exists"), response_model=Receipt)
async def register_user(body: NewUser, context: Authenticated) -> Response:
    """The user sets the first password with the one-time token of the response."""
    command = commands.RegisterUser(name=body.name, email=body.email, level=body.level, permissions=body.permissions)
    return await context.do(command, 201)


@router.post("/users/password-link", summary="Issue a one-time token for a user", responses=_OF_USER, response_model=Receipt)
async def issue_password_link(body: OfUser, context: Authenticated) -> Response:
    """For a forgotten password. Earlier tokens become void."""
    return await context.do(commands.IssuePasswordLink(email=body.email))


@router.patch(
    "/users/{user_id}",
    summary="Change a user's name or e-mail address",
    responses=of_command("not-found", "already-exists"),
    response_model=Receipt,
)
async def change_user(user_id: UserId, body: UserChange, context: Authenticated) -> Response:
    """Of oneself, or of a user below one's own level. The user logs in with the new address and the old password; sessions go on.

    A former address stays reserved for the user: nobody logs in with it, and no other user gets it.
    """
    return await context.do(commands.ChangeUser(user=user_id, name=body.name, email=body.email))


@router.put("/users/{user_id}/permissions", summary="Set a user's permissions", responses=_OF_USER, response_model=Receipt)
async def set_user_permissions(user_id: UserId, body: Rights, context: Authenticated) -> Response:
    """Replaces level and permissions. A command needs a lost permission at once; queries, and what is new, count from the user's next access token on."""
    return await context.do(commands.SetPermissions(user=user_id, level=body.level, permissions=body.permissions))


@router.post("/users/{user_id}/activate", summary="Activate a user", responses=_OF_USER, response_model=Receipt)
async def activate_user(user_id: UserId, context: Authenticated) -> Response:
    """The user may log in again, with the old password."""
    receipt = await context.application.execute(commands.ActivateUser(user=user_id), context.caller)
    context.application.active_users.forget(context.tenant, user_id)
    return done(receipt)


@router.post("/users/{user_id}/deactivate", summary="Deactivate a user", responses=_OF_USER, response_model=Receipt)
async def deactivate_user(user_id: UserId, context: Authenticated) -> Response:
    """Sessions and streams end and access tokens are refused: at once in this process, within two seconds in other API processes."""
    receipt = await context.application.execute(commands.DeactivateUser(user=user_id), context.caller)
    context.application.active_users.forget(context.tenant, user_id)
    await context.application.ask(context.application.sessions.close_all, user_id)
    return done(receipt)


def _shaped(keyring: Keyring, user: User) -> UserDetail:
    assert user.name is not None
    assert user.email is not None
    return UserDetail(
        id=user.id,
        version=user.version,
        name=keyring.open(user.name),
        email=keyring.open(user.email),
        level=user.level,
        permissions=list(user.permissions),
        active=user.active,
        has_password=user.hashed is not None,
    )
