"""Routes for the screens of a wall (Mural): devices that show queues without a user who is logged in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised, done
from api.field_types import Body, Instant, Name, Receipt, Shape, Version
from api.figure_parameters import Past
from api.instants import iso
from api.lists import Key, Listing, Page, Paged, part_of
from api.problem_documents import QUERY, documented, of_command
from api.slice_router import SliceRouter
from commands.screens import CreateScreen, IssueScreenLink, RevokeScreen
from domain.base import MS
from projections.queries.screens import ListedScreen
from projections.queries.screens import screens as all_screens
from store.last_uses import last_uses

TAG = {"name": "screens", "description": "Screens of a wall: devices that show queues without a user who is logged in."}

router = SliceRouter(prefix="/v1/screens", tags=["screens"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))

_SOME_ID = "01932b5c-7c00-7c1e-9a77-0d5d8a8c6f10"
_SOME_INSTANT = "2026-03-02T17:05:09.250Z"
_SOME_QUEUE = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"

ScreenId = Annotated[UUID, Path(description="the screen's id, from the response that created it or from the list", examples=[_SOME_ID])]


class NewScreen(Body):
    """A new screen."""

    name: Annotated[Name, Field(description="where the screen hangs; no person's name", examples=["Sala 2"])]
    queue_ids: Annotated[
        tuple[UUID, ...] | None,
        Field(min_length=1, max_length=100, description="ids of the queues that it shows. null: all", examples=[[_SOME_QUEUE]]),
    ] = None


class ScreenDetail(Shape):
    """A screen of a wall."""

    id: UUID
    version: Version
    name: Annotated[str, Field(examples=["Sala 2"])]
    queue_ids: Annotated[list[UUID] | None, Field(description="the queues that it shows; null: all", examples=[[_SOME_QUEUE]])]
    created_at: Annotated[Instant, Field(examples=[_SOME_INSTANT])]
    created_by: Annotated[str, Field(description="the actor of the events: `user:<id>` or `operator`", examples=[f"user:{_SOME_ID}"])]
    link_expires_at: Annotated[
        Instant | None, Field(description="until when its one-time link may be used; null: it was used", examples=[_SOME_INSTANT])
    ]
    connected_at: Annotated[
        Instant | None, Field(description="since when the present device is the screen; null: there is none", examples=[_SOME_INSTANT])
    ]
    revoked: bool
    last_used_at: Annotated[
        Instant | None,
        Field(description="the beginning of the hour in which its device last asked; null: never", examples=["2026-03-02T17:00:00.000Z"]),
    ]


@router.post("", status_code=201, summary="Create a screen", responses=of_command(), response_model=Receipt)
async def create_screen(body: NewScreen, context: Authenticated) -> Response:
    """A device that opens the link shows the queues until the screen is revoked, whoever logs out. It needs `gerenciar-chaves`, and
    `gerenciar-atendimento` because the screen shows what that permission shows. No API key creates a screen.

    A screen only reads: `/v1/wall`, `/v1/company`, and `/v1/watch` with the former. No customer's data is in any of them.
    """
    return await context.do(CreateScreen(name=body.name, queues=body.queue_ids), 201)


@router.get("", summary="The screens of the company", responses=QUERY)
async def list_screens(
    context: Annotated[RequestContext, authorised(all_screens)], params: Annotated[Paged, Query()]
) -> Page[ScreenDetail]:
    """In the order of creation, revoked ones included. `last_used_at` is that of now, in pages of the past too."""

    async def fetch(past: Past, after: Key, limit: int) -> tuple[list[ListedScreen], int]:
        return await context.ask(all_screens, int(after[0]), limit, as_of=past.as_of, moment_ms=past.moment_ms)

    part = await part_of(context, params, Listing("screens", (0,), fetch, lambda row: (row.created,)))
    used = await context.application.ask(last_uses, context.application.center.store.recorder.db, [row.id for row in part.rows])
    return Page(items=[_shaped(row, used.get(row.id)) for row in part.rows], next=part.next, as_of=part.as_of)


@router.post("/{screen_id}/link", summary="Issue a new link for a screen", responses=of_command("not-found"), response_model=Receipt)
async def issue_screen_link(screen_id: ScreenId, context: Authenticated) -> Response:
    """For another device, or when the first link was lost. The present device stays the screen until the new link is used; earlier links become void.

    It needs the permissions that `POST /v1/screens` needs.
    """
    return await context.do(IssueScreenLink(screen=screen_id))


@router.post("/{screen_id}/revoke", summary="Revoke a screen", responses=of_command("not-found"), response_model=Receipt)
async def revoke_screen(screen_id: ScreenId, context: Authenticated) -> Response:
    """Its device is refused and its streams end: at once in this process, within two seconds in other API processes. There is no way back. Needs `gerenciar-chaves`."""
    receipt = await context.application.execute(RevokeScreen(screen=screen_id), context.caller)
    context.application.active_screens.forget(screen_id)
    return done(receipt)


def _shaped(row: ListedScreen, used: int | None) -> ScreenDetail:
    return ScreenDetail(
        id=row.id,
        version=row.version,
        name=row.name,
        queue_ids=None if row.every_queue else [UUID(queue) for queue in row.queues],
        created_at=iso(row.created_ms),
        created_by=row.created_by,
        link_expires_at=None if row.link_ms is None else iso(row.link_ms),
        connected_at=None if row.connected_ms is None else iso(row.connected_ms),
        revoked=row.revoked_ms is not None,
        last_used_at=None if used is None else iso(used // MS),
    )
