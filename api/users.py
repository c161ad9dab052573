"""The users of a company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from api.access import Asked, Asking, asks, done
from api.field_types import Body, Done, Name, Shape, UserId
from api.figure_parameters import Past
from api.lists import Key, Listing, Page, Paged, part_of
from api.problem import QUESTION, documented, of_command
from commands import users as commands
from domain.access import Level, Permission
from domain.users import User
from projections.queries.users import ListedUser, oneself
from projections.queries.users import user as one_user
from projections.queries.users import users as all_users
from store.keyring import Keyring

TAG = {"name": "identity", "description": "The company and its users."}

router = APIRouter(prefix="/v1", tags=["identity"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))

_COMMAND = of_command()
_OF_USER = of_command("not-found")


class SaidUser(Shape):
    """A user of the company."""

    id: UUID
    name: Annotated[str, Field(examples=["Ana Souza"])]
    email: Annotated[str, Field(examples=["ana@empresa.example"])]
    level: Level
    permissions: Annotated[list[str], Field(examples=[["gerenciar-relatorio"]])]
    active: Annotated[bool, Field(description="whether the user may log in")]
    has_password: bool


class NewUser(Body):
    """A user to be."""

    name: Annotated[Name, Field(examples=["Ana Souza"])]
    email: Annotated[
        str,
        Field(
            max_length=254, pattern=r"^[^@\s\x00-\x20\x7f]+@[^@\s\x00-\x20\x7f]+\.[^@\s\x00-\x20\x7f]+$", examples=["ana@empresa.example"]
        ),
    ]
    level: Level = "User"
    permissions: Annotated[tuple[Permission, ...], Field(max_length=50, examples=[["gerenciar-relatorio"]])] = ()


class Rights(Body):
    """What a user may do, from the next access token on."""

    level: Level
    permissions: Annotated[tuple[Permission, ...], Field(max_length=50, examples=[["gerenciar-relatorio", "gerenciar-atendimento"]])]


class OfUser(Body):
    """Whose link it will be."""

    email: Annotated[str, Field(min_length=3, max_length=254, examples=["ana@empresa.example"])]


class Link(Done):
    """`result.token` goes with `/v1/auth/password`, once, within a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10", "version": 2, "position": 1204, "result": {"token": "m0Jt2fQ8…"}},
            ]
        }
    )


@router.get("/me", summary="Who is logged in")
async def me(asking: Asked) -> SaidUser:
    """The user of the access token, as the log says now."""
    return _shaped(asking.application.center.store.keyring, await asking.ask(oneself))


@router.get("/users", summary="The users of the company", responses=QUESTION)
async def users(asking: Annotated[Asking, asks(all_users)], asked: Annotated[Paged, Query()]) -> Page[SaidUser]:
    """In the order in which they came to be, those kept out among them; name and e-mail address of one who was forgotten say so."""

    async def fetch(past: Past, after: Key, limit: int) -> tuple[list[ListedUser], int]:
        return await asking.ask(all_users, int(after[0]), limit, as_of=past.as_of, moment_ms=past.moment_ms)

    part = await part_of(asking, asked, Listing("users", (0,), fetch, lambda row: (row.registered,)))
    found = await asking.application.ask(_opened, asking.application.center.store.keyring, part.rows)
    return Page(items=found, next=part.next, as_of=part.as_of)


def _opened(keyring: Keyring, rows: Sequence[ListedUser]) -> list[SaidUser]:
    return [
        SaidUser(
            id=row.id,
            name=keyring.open_text(row.name),
            email=keyring.open_text(row.email),
            level=row.level,
            permissions=row.permissions,
            active=row.active == 1,
            has_password=row.has_password == 1,
        )
        for row in rows
    ]


@router.get("/users/{user}", summary="One user", responses=documented("not-allowed", "not-found"))
async def one(user: UserId, asking: Annotated[Asking, asks(one_user)]) -> SaidUser:
    """Name and e-mail address are opened for who may manage users."""
    return _shaped(asking.application.center.store.keyring, await asking.ask(one_user, user))


@router.post("/users", status_code=201, summary="Register a user", responses=of_command("already-exists"), response_model=Link)
async def register(body: NewUser, asking: Asked) -> Response:
    """The user sets the first password with the one-time token of the answer."""
    command = commands.RegisterUser(name=body.name, email=body.email, level=body.level, permissions=body.permissions)
    return await asking.do(command, 201)


@router.post("/users/password-link", summary="A new one-time token for a user", responses=_OF_USER, response_model=Link)
async def password_link(body: OfUser, asking: Asked) -> Response:
    """For a forgotten password. Tokens given before are void."""
    return await asking.do(commands.IssuePasswordLink(email=body.email))


@router.put("/users/{user}/permissions", summary="Say what a user may do", responses=_OF_USER, response_model=Done)
async def set_permissions(user: UserId, body: Rights, asking: Asked) -> Response:
    """Exactly this, from the user's next access token on."""
    return await asking.do(commands.SetPermissions(user=user, level=body.level, permissions=body.permissions))


@router.post("/users/{user}/activate", summary="Let a user in again", responses=_OF_USER, response_model=Done)
async def activate(user: UserId, asking: Asked) -> Response:
    """The password is the one from before."""
    receipt = await asking.application.execute(commands.ActivateUser(user=user), asking.caller)
    asking.application.active_users.forget(user)
    return done(receipt)


@router.post("/users/{user}/deactivate", summary="Keep a user out", responses=_OF_USER, response_model=Done)
async def deactivate(user: UserId, asking: Asked) -> Response:
    """Sessions and streams end, and access tokens are refused: here at once, by other API processes within two seconds."""
    receipt = await asking.application.execute(commands.DeactivateUser(user=user), asking.caller)
    asking.application.active_users.forget(user)
    await asking.application.ask(asking.application.sessions.close_all, user)
    return done(receipt)


def _shaped(keyring: Keyring, user: User) -> SaidUser:
    assert user.name is not None
    assert user.email is not None
    return SaidUser(
        id=user.id,
        name=keyring.open(user.name),
        email=keyring.open(user.email),
        level=user.level,
        permissions=list(user.permissions),
        active=user.active,
        has_password=user.hashed is not None,
    )
