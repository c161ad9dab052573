"""Routes for the API keys of a company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, get_args
from uuid import UUID

from fastapi import Body as BodyField
from fastapi import Path, Query, Response
from pydantic import Field, WithJsonSchema

from api.access import Authenticated, RequestContext, authorised, done
from api.field_types import Body, Instant, Moment, Name, Receipt, Shape, Version, microseconds
from api.figure_parameters import Past
from api.instants import iso
from api.lists import Key, Listing, Page, Paged, part_of
from api.problem_documents import QUERY, documented, of_command
from api.slice_router import SliceRouter
from commands.api_keys import CreateApiKey, RevokeApiKey, RotateApiKey
from domain.access import KeyPermission, Level, LimitedKeyPermission
from domain.api_keys import LONGEST_OVERLAP_MS, MOST_REQUESTS_PER_MINUTE, USUAL_REQUESTS_PER_MINUTE, ApiKey
from domain.base import MS
from projections.queries.api_keys import ListedApiKey, own_key
from projections.queries.api_keys import api_key as one_key
from projections.queries.api_keys import api_keys as all_keys
from store.last_uses import last_uses

TAG = {"name": "api-keys", "description": "Keys by which other programs use this API."}

router = SliceRouter(prefix="/v1/api-keys", tags=["api-keys"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))

_SOME_ID = "01932b5c-7c00-7c1e-9a77-0d5d8a8c6f10"
_SOME_INSTANT = "2026-03-02T17:05:09.250Z"
_SOME_QUEUE = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"

KeyId = Annotated[UUID, Path(description="the key's id, from the response that created it or from the list", examples=[_SOME_ID])]


_Useful = Annotated[str, WithJsonSchema({"type": "string", "enum": list(get_args(KeyPermission))})]
"""A permission of a new key. The document has those alone of which a key has a use; the key itself refuses all else, with one answer that says why and names them."""


class NewApiKey(Body):
    """A new API key. Its creator must have every permission that it gets."""

    name: Annotated[Name, Field(description="the program that will use the key; no person's name", examples=["CRM"])]
    permissions: Annotated[
        tuple[_Useful, ...],
        Field(
            max_length=50,
            description=f"what the key may do. With `queue_ids` it has a use for these alone: {', '.join(get_args(LimitedKeyPermission))}",
            examples=[["gerenciar-relatorio"]],
        ),
    ]
    queue_ids: Annotated[
        tuple[UUID, ...] | None,
        Field(
            min_length=1,
            max_length=100,
            description="ids of the queues whose data the key sees; a key with queues only reads. null: the whole company",
            examples=[[_SOME_QUEUE]],
        ),
    ] = None
    expires_at: Annotated[Moment | None, Field(description="when the key stops to be accepted; null: never")] = None
    requests_per_minute: Annotated[
        int, Field(ge=1, le=MOST_REQUESTS_PER_MINUTE, description="the key's rate limit, in each API process", examples=[600])
    ] = USUAL_REQUESTS_PER_MINUTE


class Rotation(Body):
    """How the present secret of a key ends."""

    overlap_ms: Annotated[
        int,
        Field(
            ge=0,
            le=LONGEST_OVERLAP_MS,
            description="for how long the present secret is accepted besides the new one; a day by default",
            examples=[86_400_000],
        ),
    ] = 86_400_000


class Revocation(Body):
    """What becomes of what the key leaves behind."""

    keep_webhooks: Annotated[bool, Field(description="webhooks of the key go on; by default they are disabled", examples=[False])] = False


class ApiKeyDetail(Shape):
    """An API key, without its secret."""

    id: UUID
    version: Version
    name: Annotated[str, Field(examples=["CRM"])]
    prefix: Annotated[str, Field(description="the first characters of its present secret", examples=["atk_3kT9xQ2b"])]
    level: Annotated[Level, Field(description="the level of its creator: which users it may manage, if it has the permission")]
    permissions: Annotated[list[str], Field(examples=[["gerenciar-relatorio"]])]
    queue_ids: Annotated[
        list[UUID] | None, Field(description="the queues whose data it sees; null: the whole company", examples=[[_SOME_QUEUE]])
    ]
    requests_per_minute: Annotated[int, Field(examples=[600])]
    created_at: Annotated[Instant, Field(examples=[_SOME_INSTANT])]
    created_by: Annotated[
        str, Field(description="the actor of the events: `user:<id>`, `key:<id>` or `operator`", examples=[f"user:{_SOME_ID}"])
    ]
    expires_at: Annotated[Instant | None, Field(description="null: never", examples=[_SOME_INSTANT])]
    previous_expires_at: Annotated[
        Instant | None,
        Field(
            description="until when the secret before the last rotation is accepted; null: it was never rotated, or is revoked",
            examples=[_SOME_INSTANT],
        ),
    ]
    revoked: bool
    last_used_at: Annotated[
        Instant | None,
        Field(description="the beginning of the hour in which it was last used; null: never", examples=["2026-03-02T17:00:00.000Z"]),
    ]


_OF_KEY = of_command("not-found")


@router.post("", status_code=201, summary="Create an API key", responses=of_command(), response_model=Receipt)
async def create_api_key(body: NewApiKey, context: Authenticated) -> Response:
    """A program sends the key in place of an access token. It needs `gerenciar-chaves`; nobody gives a key a permission that they do not have, and
    no key creates another one.

    Requests by the key are recorded as `key:<id>`. A key acts for agents only with `gerenciar-agentes`.
    """
    command = CreateApiKey(
        name=body.name,
        permissions=body.permissions,
        queues=body.queue_ids,
        expires_at=microseconds(body.expires_at),
        requests_per_minute=body.requests_per_minute,
    )
    return await context.do(command, 201)


@router.get("", summary="The API keys of the company", responses=QUERY)
async def list_api_keys(context: Annotated[RequestContext, authorised(all_keys)], params: Annotated[Paged, Query()]) -> Page[ApiKeyDetail]:
    """In the order of creation, expired and revoked ones included. `last_used_at` is that of now, in pages of the past too."""

    async def fetch(past: Past, after: Key, limit: int) -> tuple[list[ListedApiKey], int]:
        return await context.ask(all_keys, int(after[0]), limit, as_of=past.as_of, moment_ms=past.moment_ms)

    part = await part_of(context, params, Listing("api_keys", (0,), fetch, lambda row: (row.created,)))
    used = await _used(context, [row.id for row in part.rows])
    return Page(items=[_listed(row, used.get(row.id)) for row in part.rows], next=part.next, as_of=part.as_of)


@router.get("/self", summary="The API key that asks", responses=documented("not-found"))
async def get_own_api_key(context: Annotated[RequestContext, authorised(own_key)]) -> ApiKeyDetail:
    """What this key may do and see, until when and how often. 404 `api-key-unknown` for a user, whom `GET /v1/me` describes."""
    found = await context.ask(own_key, _asker(context))
    return _shaped(found, (await _used(context, [found.id])).get(found.id))


@router.get("/{api_key_id}", summary="One API key", responses=documented("not-allowed", "not-found"))
async def get_api_key(api_key_id: KeyId, context: Annotated[RequestContext, authorised(one_key)]) -> ApiKeyDetail:
    """By the current state of the log."""
    found = await context.ask(one_key, api_key_id)
    return _shaped(found, (await _used(context, [api_key_id])).get(api_key_id))


@router.post("/{api_key_id}/rotate", summary="Give an API key a new secret", responses=_OF_KEY, response_model=Receipt)
async def rotate_api_key(
    api_key_id: KeyId, body: Annotated[Rotation, BodyField(default_factory=Rotation)], context: Authenticated
) -> Response:
    """The old secret is accepted for `overlap_ms` more. Needs `gerenciar-chaves` and every permission of the key.

    A key with `gerenciar-chaves` may rotate itself, but no other key.
    """
    return await _changed(context, api_key_id, RotateApiKey(key=api_key_id, overlap_ms=body.overlap_ms))


@router.post("/{api_key_id}/revoke", summary="Revoke an API key", responses=_OF_KEY, response_model=Receipt)
async def revoke_api_key(
    api_key_id: KeyId, body: Annotated[Revocation, BodyField(default_factory=Revocation)], context: Authenticated
) -> Response:
    """Its requests are refused and its streams end: at once in this process, within two seconds in other API processes. There is no way back.

    Webhooks that the key made, or whose URL it set last, are disabled, unless `keep_webhooks` says otherwise; `result.webhook_ids` names them. `POST /v1/webhooks/{webhook_id}/resume`
    lets one go on. A second revocation changes nothing.
    """
    return await _changed(context, api_key_id, RevokeApiKey(key=api_key_id, keep_webhooks=body.keep_webhooks))


async def _changed(context: RequestContext, key: UUID, command: RotateApiKey | RevokeApiKey) -> Response:
    receipt = await context.application.execute(command, context.caller)
    context.application.active_keys.forget(key)
    return done(receipt)


def _asker(context: RequestContext) -> UUID:
    """The id of whoever asks, a key or a user."""
    return context.credential.actor.user


async def _used(context: RequestContext, keys: Sequence[UUID]) -> dict[UUID, int]:
    return await context.application.ask(last_uses, context.application.center.store.recorder.db, keys)


def _listed(row: ListedApiKey, used: int | None) -> ApiKeyDetail:
    return ApiKeyDetail(
        id=row.id,
        version=row.version,
        name=row.name,
        prefix=row.prefix,
        level=row.level,
        permissions=row.permissions,
        queue_ids=None if row.every_queue else [UUID(queue) for queue in row.queues],
        requests_per_minute=row.requests_per_minute,
        created_at=iso(row.created_ms),
        created_by=row.created_by,
        expires_at=_or_none(row.expires_ms),
        previous_expires_at=_or_none(row.overlap_ms),
        revoked=row.revoked_ms is not None,
        last_used_at=None if used is None else iso(used // MS),
    )


def _shaped(key: ApiKey, used: int | None) -> ApiKeyDetail:
    rights = key.rights
    return ApiKeyDetail(
        id=key.id,
        version=key.version,
        name=key.name,
        prefix=key.secret.prefix,
        level=rights.level,
        permissions=list(rights.permissions),
        queue_ids=None if rights.queues is None else list(rights.queues),
        requests_per_minute=rights.requests_per_minute,
        created_at=iso(key.created_at // MS),
        created_by=key.creator,
        expires_at=None if rights.expires_at is None else iso(rights.expires_at // MS),
        previous_expires_at=None if key.previous is None else iso(key.previous[1] // MS),
        revoked=key.revoked,
        last_used_at=None if used is None else iso(used // MS),
    )


def _or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
