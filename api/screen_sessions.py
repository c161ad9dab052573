"""The session of a screen of a wall: a cookie that stays the same until the screen is revoked, and short-lived access tokens.

The cookie is not replaced by each use, as a user's is: a device that nobody attends must survive a lost answer, a night without power and a new
version of the server.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from api.access_tokens import ACCESS_S, unauthenticated
from api.application_state import ApplicationState, TheApplication, fit
from api.field_types import Body, Shape
from api.problem_documents import AWAY, documented
from api.session_cookie import SessionCookie
from api.slice_router import SliceRouter
from api.unknown_fields import known_fields_only
from commands.handler_context import Caller
from commands.screens import ConnectScreen, KnownScreen, company_of_screen, screen_of_device
from domain.errors import Refused

COOKIE = "atende_screen"
KEPT_US = 400 * 24 * 3600 * 1_000_000
"""Browsers keep no cookie for longer; every renewal begins the time anew."""

router = SliceRouter(
    prefix="/v1/auth/screen",
    tags=["screens"],
    dependencies=[Depends(fit), Depends(known_fields_only)],
    responses=documented("not-allowed", "invalid", *AWAY),
)


class Connection(Body):
    """The one-time token of a screen's link."""

    token: Annotated[
        str, Field(min_length=1, max_length=200, repr=False, description="what follows the `#` of the link", examples=["AZMrXHwAfB6a…"])
    ]


class ScreenAccess(Shape):
    """An access token for the device of a screen: send it with every request, and get the next one in time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJIUzI1NiIs…",
                    "token_type": "Bearer",
                    "expires_in": ACCESS_S,
                    "screen_id": "01932b5c-7c00-7c1e-9a77-0d5d8a8c6f10",
                    "name": "Sala 2",
                    "company_id": "2f6a3c1e-52f6-5e0b-8a7d-93a7b0c3f001",
                }
            ]
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_in: Annotated[int, Field(description="seconds")] = ACCESS_S
    screen_id: UUID
    name: Annotated[str, Field(description="the name of the screen")]
    company_id: UUID


@router.post("", summary="Become a screen by a one-time link", responses=documented("malformed", "refused", "too-large"))
async def connect_screen(body: Connection, request: Request, response: Response, application: TheApplication) -> ScreenAccess:
    """The device gets a cookie for `/v1/auth` alone (HttpOnly, SameSite=Strict, Secure over TLS), by which it is the screen from now on. The link cannot be
    used again, and a device that was the screen before is not any more.
    """
    cookie = _cookie(request, application)
    cookie.must_be_of_own_page()
    company = await application.ask(company_of_screen, application.center.store, body.token)
    if company is None:
        raise Refused("link-used", "this link was used, or another took its place")
    receipt = await application.execute(ConnectScreen(token=body.token), Caller(company, "link", frozenset()))
    application.active_screens.forget(receipt.id)
    return await _access(application, cookie, response, str(receipt.result["device"]))


@router.post("/refresh", summary="Get an access token for a screen", responses=documented("unauthenticated"))
async def refresh_screen(request: Request, response: Response, application: TheApplication) -> ScreenAccess:
    """By the cookie of the device. Any number of renewals gives any number of tokens: none is lost with an answer. 401: the screen was revoked, or is another device now."""
    cookie = _cookie(request, application)
    return await _access(application, cookie, response, cookie.token_or(None))


def _cookie(request: Request, application: ApplicationState) -> SessionCookie:
    return SessionCookie(request, application.center, COOKIE, KEPT_US)


async def _access(application: ApplicationState, cookie: SessionCookie, response: Response, secret: str) -> ScreenAccess:
    screen: KnownScreen | None = await application.ask(screen_of_device, application.center.store, secret)
    if screen is None:
        raise unauthenticated("this device is no screen: it was revoked, or is another device now")
    cookie.set(response, secret)
    return ScreenAccess(
        access_token=application.tokens.write_for_screen(screen.id, screen.tenant, screen.device),
        screen_id=screen.id,
        name=screen.name,
        company_id=screen.tenant,
    )
