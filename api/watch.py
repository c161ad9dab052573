"""The route by which screens stay up to date: whole answers to any questions, then only what changes in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.access import LAST_EVENT_ID, Authenticated, RequestContext
from api.answer_changes import Table
from api.asked import Asked, server_now
from api.figure_parameters import Parameters
from api.invalid_fields import form
from api.live_stream import CHECK_S
from api.problem_documents import documented
from api.slice_router import SliceRouter
from api.watch_questions import WatchedQuestion, read_questions
from api.watched_answers import Computed, Reader
from store.database import StoreUnavailable

router = SliceRouter(
    prefix="/v1/watch",
    tags=["monitoring"],
    responses=documented("unauthenticated", "not-allowed", "not-found", "invalid", "not-reached", "unavailable", "clock"),
)

QUIET_S = 15.0
"""Seconds without messages after which a keep-alive is sent."""

_EXAMPLE = """\
: watching

id: 1204
event: answer
data: {"q":0,"position":1204,"now":"2026-03-02T17:05:09.250+00:00","answer":{"counts":{"available":3,"on_call":5},"agents":{"available":[{"agent":"Ana","state":"available","since":"2026-03-02T14:03:01-03:00"}]}}}

id: 1208
event: change
data: {"q":0,"position":1208,"now":"2026-03-02T17:05:12.500+00:00","fields":{"counts.available":2,"counts.on_call":6},"tables":{"agents":{"changed":[{"agent":"Ana","_in":"on_call","_at":2,"state":"talking","since":"2026-03-02T14:05:12.031-03:00"}]}}}

: alive
id: 1219

"""

_ID = form(r"^[0-9]{1,16}(,[0-9]{1,16}){0,19}$", "should be the `id` of a message, as it is")
_ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {
            "type": "string",
            "pattern": _ID,
            "description": "position of the log that the answers have: one number, or one for each `q` while they differ. None before every question is answered",
        },
        "event": {"type": "string", "description": "`answer` or `change`; none in a keep-alive"},
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/WatchMessage"}},
    },
}


class OfWatch(Parameters):
    """Parameters of a watch."""

    q: Annotated[
        tuple[Annotated[str, Field(max_length=30_000)], ...],
        Field(
            min_length=1,
            max_length=20,
            description="a question: the path of a GET with its parameters, percent-encoded as a whole. `/v1/monitoring`, `/v1/wall`, "
            "`/v1/dashboards/inbound`, `…/outbound`, `…/ivr`, `/v1/reports/queues`, `…/ivr`, `…/outbound`, `…/agents`; without `as_of`, `at_least` and `format=csv`",
            examples=[["/v1/monitoring?queue=vendas", "/v1/dashboards/inbound"]],
        ),
    ]


@dataclass(frozen=True)
class _Source:
    """One question as the first client asks it that watches it; equal questions of others with the same scope have the same answer."""

    context: RequestContext
    question: WatchedQuestion

    @property
    def every_s(self) -> float:
        return self.question.watchable.every_s

    @property
    def tables(self) -> Sequence[Table]:
        return self.question.watchable.tables(self.question.params)

    @property
    def lane(self) -> Hashable:
        return self.context.tenant, self.context.credential.name

    def is_heavy(self, asked: Asked) -> bool:
        return self.context.is_heavy(asked.query, asked.question)

    def position(self) -> int:
        return self.context.application.center.answered()

    async def asked(self) -> Asked:
        return await self.question.asked(self.context)

    async def compute(self, asked: Asked) -> Computed:
        answer = await asked.watched(self.context)
        return Computed(answer, answer["as_of"], server_now(self.context))


async def _one_stream(context: Authenticated) -> AsyncIterator[RequestContext]:
    """The context of a client that watches; its stream counts until it has ended."""
    with context.application.watch_streams.one((context.tenant, context.credential.name)):
        yield context


@router.get(
    "",
    summary="Answers that stay up to date",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Server-sent events without end",
            "content": {"text/event-stream": {"x-item-schema": _ITEM, "example": _EXAMPLE}},
        }
    },
)
async def watch_answers(
    context: Annotated[RequestContext, Depends(_one_stream)],
    params: Annotated[OfWatch, Query()],
    last_event_id: Annotated[
        str | None,
        Header(
            alias=LAST_EVENT_ID,
            pattern=_ID,
            description="the `id` of the last message that a reconnecting client has received",
            examples=["1219"],
        ),
    ] = None,
) -> EventSourceResponse:
    """Whole answers to up to 20 questions, then only what changes in them, computed on the server: a screen that moves asks nothing again.

    Each message (`WatchMessage`) names its question by `q`. `answer` has the body of the question's GET; `change` the fields and rows that are other than before, rows by
    their keys. The board changes at most four times a second, figures once. `position` is the `as_of` of the answer: the GET with it returns the same. A question without
    dates is about today; at midnight its whole answer comes anew.

    Each question needs the permission of its own GET (403 says which), and its answer shows what the user may see. A client that reconnects sends
    the last `id` as `Last-Event-ID`, and gets what has changed since, or whole answers; if nothing has changed, a keep-alive with the `id` says so. The first line
    comes at once, a keep-alive each 15 s without messages. The
    stream ends when the access token expires, the user is deactivated, or an answer cannot be computed: reconnect. A user or API key has at most 60 of these
    streams at a time (429 `too-many-streams`).
    """
    questions = await read_questions(context, params.q)
    return EventSourceResponse(_messages(context, questions, last_event_id), ping=0)


async def _messages(
    context: RequestContext, questions: Sequence[WatchedQuestion], last_event_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment="watching", sep="\n")
    wake, answers = asyncio.Event(), context.application.watched
    keys = [(context.tenant, context.asker.scope, question.key) for question in questions]
    watched = [
        answers.join(key, lambda question=question: _Source(context, question), wake)  # type: ignore[misc]
        for key, question in zip(keys, questions, strict=True)
    ]
    had = _positions(last_event_id, len(questions))
    readers = [one.resume(position) if position is not None else Reader(one) for one, position in zip(watched, had, strict=True)]
    try:
        async for event in _follow(context, readers, wake):
            yield event
    finally:
        for key, one in zip(keys, watched, strict=True):
            answers.leave(key, one, wake)


async def _follow(context: RequestContext, readers: Sequence[Reader], wake: asyncio.Event) -> AsyncIterator[ServerSentEvent]:
    """The messages that the readers have not had, as they come, until the client may not watch any more or an answer fails."""
    loop, credential = asyncio.get_running_loop(), context.credential
    end, quiet_at = loop.time() + credential.seconds_left(), loop.time() + QUIET_S
    is_current = False
    while (left := end - loop.time()) > 0:
        wake.clear()
        try:
            if not await credential.is_valid():
                return
        except StoreUnavailable:
            return
        for q, reader in enumerate(readers):
            for message in reader.unread():
                quiet_at = loop.time() + QUIET_S
                is_current = is_current or _id(readers) is not None
                yield ServerSentEvent(message.data(q), event=message.event, id=_id(readers), sep="\n")
        if any(reader.watched.failed for reader in readers):
            return
        # A client that resumes where nothing has changed learns at once that what it has is current.
        resumed = not is_current and _id(readers) is not None
        is_current = is_current or resumed
        if resumed or loop.time() >= quiet_at:
            yield ServerSentEvent(comment="alive", id=_id(readers), sep="\n")
            quiet_at = loop.time() + QUIET_S
        try:
            await asyncio.wait_for(wake.wait(), max(0.0, min(quiet_at - loop.time(), left, CHECK_S)))
        except TimeoutError:
            continue


def _positions(last_event_id: str | None, questions: int) -> list[int | None]:
    """The positions of the answers that a reconnecting client has."""
    had = [int(position) for position in last_event_id.split(",")] if last_event_id else []
    if len(had) == 1:
        had *= questions
    return [*had] if len(had) == questions else [None] * questions


def _id(readers: Sequence[Reader]) -> str | None:
    """The positions of the answers that the client has: one number if they are equal."""
    if any(reader.number is None for reader in readers):
        return None
    positions = [str(reader.position) for reader in readers]
    return positions[0] if len(set(positions)) == 1 else ",".join(positions)
