"""Commands about API keys, and the check of a key that a request shows.

A secret has 256 random bits, so its plain SHA-256 is safe to store: nobody can try so many values, however fast each trial is. argon2id slows down
the guessing of what people choose; here it would only slow down every request.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commands.handler_context import Command, DoneWith, HandlerContext, Result, handles
from commands.queues import must_be_queues, scope_of_queues
from commands.webhooks import webhooks_of_company
from domain.access import MANAGE_KEYS, Actor, Level, Scope, must_have_all, must_not_be_another_key
from domain.api_keys import USUAL_REQUESTS_PER_MINUTE, ApiKey, KeyRights, KeySecret
from store.event_store import Store, project

KEY_BEGINS = "atk_"
"""Every key begins so: scanners of code find one that was published by mistake."""

PREFIX_LENGTH = len(KEY_BEGINS) + 8
_SECRET_BYTES = 32
_LETTERS = string.ascii_letters + string.digits


class ApiKeySecret(Result, frozen=True, kw_only=True):
    """The secret of an API key."""

    prefix: Annotated[str, Meta(description="by which the key is recognised in lists", examples=["atk_3kT9xQ2b"])]
    key: Annotated[
        str | UnsetType,
        Meta(
            description="the key itself, sent as `Authorization: Bearer <key>`; shown in this answer alone and stored nowhere. Rotate a key that was lost",
            examples=["atk_3kT9xQ2b_AZMrXHwA…"],
        ),
    ] = UNSET


class WebhooksOfKey(Result, frozen=True, kw_only=True):
    """What a revoked API key leaves behind."""

    webhook_ids: Annotated[
        tuple[UUID, ...],
        Meta(
            description="the webhooks that the key made or whose URL it set last: disabled by the revocation, or going on with `keep_webhooks`",
            examples=[["7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10"]],
        ),
    ]


class CreateApiKey(Command, frozen=True, kw_only=True):
    """A new API key. Raises NotAllowed for a permission that the creator lacks.

    queues: ids; None = all. A key that is limited to queues only reads. expires_at: microseconds, None = never.
    """

    permission: ClassVar[str] = MANAGE_KEYS
    RESULT: ClassVar[type[Result]] = ApiKeySecret
    name: str
    permissions: tuple[str, ...]
    queues: tuple[UUID, ...] | None = None
    expires_at: int | None = None
    requests_per_minute: int = USUAL_REQUESTS_PER_MINUTE


class RotateApiKey(Command, frozen=True, kw_only=True):
    """Give a key a new secret. The old one is accepted for `overlap_ms` more."""

    permission: ClassVar[str] = MANAGE_KEYS
    RESULT: ClassVar[type[Result]] = ApiKeySecret
    key: UUID
    overlap_ms: int = 24 * 3600 * 1_000


class RevokeApiKey(Command, frozen=True, kw_only=True):
    """Refuse a key from now on. keep_webhooks: what it has posted to its own servers goes on. Changes nothing of a key that was revoked before."""

    permission: ClassVar[str] = MANAGE_KEYS
    RESULT: ClassVar[type[Result]] = WebhooksOfKey
    key: UUID
    keep_webhooks: bool = False


@handles(CreateApiKey)
def create_api_key(command: CreateApiKey, context: HandlerContext) -> DoneWith[ApiKeySecret]:
    """The key has the level of its creator, and nothing that the creator does not have. No key creates another one."""
    creator = context.caller.user
    must_not_be_another_key(creator)
    level: Level = "admin" if creator is None else creator.level
    must_be_queues(context, command.queues or ())
    key = context.add(ApiKey(context.new_id(), context.tenant))
    text, secret = _new_secret(key.id)
    rights = KeyRights(level, command.permissions, command.queues, command.expires_at, command.requests_per_minute)
    key.create(command.name, secret, rights, context.metadata)
    must_have_all(creator, level, command.permissions)  # once each is known to be one that a key may have
    return _with_secret(key, text)


@handles(RotateApiKey)
def rotate_api_key(command: RotateApiKey, context: HandlerContext) -> DoneWith[ApiKeySecret]:
    """Who gets the new secret can do what the key can: that is refused to who has less. A key rotates itself alone."""
    key = context.get(ApiKey, command.key)
    must_not_be_another_key(context.caller.user, key.id)
    must_have_all(context.caller.user, key.rights.level, key.rights.permissions)
    text, secret = _new_secret(key.id)
    key.rotate(secret, command.overlap_ms, context.metadata)
    return _with_secret(key, text)


@handles(RevokeApiKey)
def revoke_api_key(command: RevokeApiKey, context: HandlerContext) -> DoneWith[WebhooksOfKey]:
    """Everybody who manages keys may revoke any: a leaked key must not wait for the right person. Nor does who stole it receive anything more.

    A second revocation changes nothing: a webhook that somebody resumed after the first one goes on.
    """
    key = context.get(ApiKey, command.key)
    go_on = key.revoked or command.keep_webhooks
    key.revoke(context.metadata)
    left = [webhook for webhook in webhooks_of_company(context) if webhook.is_of(f"key:{key.id}")]
    for webhook in [] if go_on else left:
        webhook.disable("the API key that made it, set its URL or rotated its secret was revoked", context.metadata)
    return DoneWith(key, WebhooksOfKey(webhook_ids=tuple(webhook.id for webhook in left)))


def _new_secret(id: UUID) -> tuple[str, KeySecret]:
    """A new secret of the key `id`, as its holder sends it and as it is stored."""
    prefix = KEY_BEGINS + "".join(secrets.choice(_LETTERS) for _ in range(PREFIX_LENGTH - len(KEY_BEGINS)))
    text = f"{prefix}_{urlsafe_b64encode(id.bytes + secrets.token_bytes(_SECRET_BYTES)).decode()}"
    return text, KeySecret(prefix, _digest(text))


def _with_secret(key: ApiKey, text: str) -> DoneWith[ApiKeySecret]:
    return DoneWith(key, ApiKeySecret(prefix=key.secret.prefix, key=text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class KnownKey:
    """An API key whose secret a request shows. until: it is accepted before this instant (microseconds): infinity if without end, 0 if no more.

    scope: what it may see of its company.
    """

    id: UUID
    tenant: UUID
    actor: Actor
    scope: Scope
    until: float
    requests_per_minute: int


def known_key(store: Store, text: str, now_us: int) -> KnownKey | None:
    """The key that a request shows, accepted at this instant or no more; None if nobody ever had such a secret. Reads the log: do not call it in an event loop."""
    id = _key_of(text)
    key = project(store.stream(id), ApiKey) if id is not None else None
    until = key.accepted_until(_digest(text), now_us) if key is not None else None
    if key is None or until is None:
        return None
    return KnownKey(key.id, key.tenant, key.actor, scope_of_queues(store, key.rights.queues), until, key.rights.requests_per_minute)


def _key_of(text: str) -> UUID | None:
    if not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text[PREFIX_LENGTH + 1 :])
    except ValueError:
        return None
    return UUID(bytes=raw[:16]) if len(raw) == 16 + _SECRET_BYTES else None
