"""The route that says who last changed something in the settings, for a form that finds it changed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import Field

from api.access import Authenticated
from api.field_types import Instant, Shape
from api.problem_documents import AWAY, documented
from api.slice_router import SliceRouter
from projections.figures.intervals import iso, zone
from projections.queries.changes import last_change
from projections.queries.settings import company

TAG = {"name": "changes", "description": "Who last changed something in the settings."}

router = SliceRouter(
    prefix="/v1/changes",
    tags=["changes"],
    responses=documented("unauthenticated", "not-allowed", "not-found", "invalid", *AWAY),
)


class SettingsChange(Shape):
    """The last change of something in the settings."""

    version: Annotated[int, Field(ge=1, description="of the thing after this change: send it as `If-Match`", examples=[7])]
    changed_at: Annotated[Instant, Field(examples=["2026-03-02T14:05:09-03:00"])]
    actor: Annotated[str, Field(description="who made it", examples=["user:7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])]
    actor_name: Annotated[str | None, Field(description="name of the user or API key; null for other actors", examples=["Ana Souza"])]
    event: Annotated[str, Field(description="what changed; docs/events.md lists the events", examples=["queue.settings_changed"])]


@router.get("/{thing_id}", summary="Who last changed a thing of the settings")
async def get_last_change(
    thing_id: Annotated[
        UUID,
        Path(description="the id of the company, a queue, a user, an IVR or a webhook", examples=["40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"]),
    ],
    context: Authenticated,
) -> SettingsChange:
    """For who may change it, and for one's own user. A key that is limited to queues sees the changes of these, and none of IVRs and webhooks. A command that names this version in `If-Match` is refused (409) if there was a change since."""
    found = await context.ask(last_change, thing_id, context.asker.permissions)
    where = zone((await context.ask(company)).settings.timezone)
    return SettingsChange(
        version=found.version,
        changed_at=iso(found.recorded_at // 1000, where),
        actor=found.actor,
        actor_name=found.actor_name,
        event=found.event,
    )
