"""API keys: what another program of the company (a CRM, a wallboard, a telephony source) shows instead of a user's login."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import ClassVar
from uuid import UUID

from domain.access import ACT_FOR_OTHERS, PERMISSIONS, USED_BY_KEYS, USED_BY_LIMITED_KEYS, Actor, Level
from domain.base import MS, Aggregate, Event, EventMetadata
from domain.errors import InvalidField, InvalidFields, NotFound, Refused
from domain.names import checked_name

LONGEST_OVERLAP_MS = 7 * 24 * 3600 * 1_000
MOST_REQUESTS_PER_MINUTE = 60_000
USUAL_REQUESTS_PER_MINUTE = 600


class ApiKeyEvent(Event, frozen=True, kw_only=True):
    """Something about an API key."""

    SLICE: ClassVar[str] = "identity"


class ApiKeyCreated(ApiKeyEvent, frozen=True, kw_only=True):
    """An administrator created the key.

    prefix: the first characters of its secret, by which people recognise it. digest: SHA-256 of the secret, hexadecimal. level: of its creator; it
    decides which users the key may manage. queues: ids of the queues to which it is limited, None = all. expires_at: microseconds, None = never.
    """

    TOPIC: ClassVar[str] = "api_key.created"
    name: str
    prefix: str
    digest: str
    level: Level
    permissions: tuple[str, ...]
    queues: tuple[UUID, ...] | None = None
    expires_at: int | None = None
    requests_per_minute: int = USUAL_REQUESTS_PER_MINUTE


class ApiKeyRotated(ApiKeyEvent, frozen=True, kw_only=True):
    """The key has a new secret. The one before it is accepted until `overlap_until` (microseconds); any older one is not."""

    TOPIC: ClassVar[str] = "api_key.rotated"
    prefix: str
    digest: str
    overlap_until: int


class ApiKeyRevoked(ApiKeyEvent, frozen=True, kw_only=True):
    """No secret of the key is accepted any more, for ever."""

    TOPIC: ClassVar[str] = "api_key.revoked"


@dataclass(frozen=True)
class KeySecret:
    """What is stored of a secret: its first characters, and its SHA-256 as hexadecimal."""

    prefix: str
    digest: str


@dataclass(frozen=True)
class KeyRights:
    """What a key may do, see and how often it may ask. The fields mean what they mean in ApiKeyCreated."""

    level: Level
    permissions: tuple[str, ...]
    queues: tuple[UUID, ...] | None = None
    expires_at: int | None = None
    requests_per_minute: int = USUAL_REQUESTS_PER_MINUTE


class ApiKey(Aggregate):
    """One key of a company. It outlives the user who created it, until it expires or is revoked."""

    KIND = "API key"
    EVENTS = ApiKeyEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name = ""
        self.secret = KeySecret("", "")
        self.rights = KeyRights("user", ())
        self.previous: tuple[KeySecret, int] | None = None
        """The secret before the last rotation, and until when it is accepted (microseconds)."""
        self.digests: tuple[str, ...] = ()
        """Of every secret that the key ever had."""
        self.created_at = 0
        self.creator = ""
        self.revoked = False

    def create(self, name: str, secret: KeySecret, rights: KeyRights, metadata: EventMetadata) -> None:
        """Create the key. The handler makes sure that its queues exist and that its creator has all that is given."""
        name = checked_name(name, "name", "an API key")
        if rights.queues is not None and not rights.queues:
            raise InvalidField("queue_ids", "name at least one queue, or none at all for every queue")
        if rights.expires_at is not None and rights.expires_at <= metadata.recorded_at:
            raise InvalidField("expires_at", "this instant is in the past")
        if not 1 <= rights.requests_per_minute <= MOST_REQUESTS_PER_MINUTE:
            raise InvalidField("requests_per_minute", f"from 1 to {MOST_REQUESTS_PER_MINUTE}")
        self.trigger(
            ApiKeyCreated,
            metadata,
            metadata.recorded_at,
            name=name,
            prefix=secret.prefix,
            digest=secret.digest,
            level=rights.level,
            permissions=_usable(rights),
            queues=None if rights.queues is None else tuple(dict.fromkeys(rights.queues)),
            expires_at=rights.expires_at,
            requests_per_minute=rights.requests_per_minute,
        )

    def rotate(self, secret: KeySecret, overlap_ms: int, metadata: EventMetadata) -> None:
        """Replace the secret. The present one is accepted for `overlap_ms` more, so that programs can change over one by one."""
        if not 0 <= overlap_ms <= LONGEST_OVERLAP_MS:
            raise InvalidField("overlap_ms", f"from 0 to {LONGEST_OVERLAP_MS} ms, a week")
        self._must_be_active(metadata.recorded_at)
        until = metadata.recorded_at + overlap_ms * MS
        self.trigger(ApiKeyRotated, metadata, metadata.recorded_at, prefix=secret.prefix, digest=secret.digest, overlap_until=until)

    def revoke(self, metadata: EventMetadata) -> None:
        """Accept no secret of the key any more."""
        self._must_be_created()
        if not self.revoked:
            self.trigger(ApiKeyRevoked, metadata, metadata.recorded_at)

    def is_active(self, now_us: int) -> bool:
        """Whether the key is neither revoked nor expired."""
        expires_at = self.rights.expires_at
        return self.version > 0 and not self.revoked and (expires_at is None or now_us < expires_at)

    def accepted_until(self, digest: str, now_us: int) -> float | None:
        """The instant (microseconds) until which the secret with this digest is accepted: infinity if without end, 0 if it is accepted no more.

        None for what never was a secret of the key: whoever shows it learns nothing of the key.
        """
        if not any(compare_digest(digest, known) for known in self.digests):
            return None
        end = float("inf") if self.rights.expires_at is None else self.rights.expires_at
        if not self.is_active(now_us):
            return 0
        if digest == self.secret.digest:
            return end
        if self.previous is not None and now_us < self.previous[1] and digest == self.previous[0].digest:
            return min(end, self.previous[1])
        return 0

    @property
    def actor(self) -> Actor:
        """The key as the sender of a command."""
        return Actor(self.id, self.rights.level, frozenset(self.rights.permissions), is_key=True, reads_only=self.rights.queues is not None)

    def apply(self, event: Event) -> None:
        match event:
            case ApiKeyCreated():
                self.name, self.secret, self.digests = event.name, KeySecret(event.prefix, event.digest), (event.digest,)
                self.rights = KeyRights(event.level, event.permissions, event.queues, event.expires_at, event.requests_per_minute)
                self.created_at, self.creator = event.occurred_at, event.actor
            case ApiKeyRotated(prefix=prefix, digest=digest, overlap_until=overlap_until):
                self.previous = (self.secret, overlap_until)
                self.secret, self.digests = KeySecret(prefix, digest), (*self.digests, digest)
            case ApiKeyRevoked():
                self.revoked, self.previous = True, None

    def _must_be_created(self) -> None:
        if not self.version:
            raise NotFound("api-key-unknown", "no such API key")

    def _must_be_active(self, now_us: int) -> None:
        self._must_be_created()
        if not self.is_active(now_us):
            raise Refused("api-key-inactive", "this API key was revoked or has expired: create another one")


def _usable(rights: KeyRights) -> tuple[str, ...]:
    """The permissions of a new key. Raises InvalidFields, with all that the key could never use: they would open something one day that nobody meant to give."""
    useless = {f"permissions.{index}": why for index, one in enumerate(rights.permissions) if (why := _of_no_use(one, rights))}
    if useless:
        raise InvalidFields(useless)
    return tuple(dict.fromkeys(rights.permissions))


def _of_no_use(permission: str, rights: KeyRights) -> str:
    """Why a key with these rights can do nothing with the permission; "" if it can."""
    limited = rights.queues is not None
    which, used = ("an API key that is limited to some queues", USED_BY_LIMITED_KEYS) if limited else ("an API key", USED_BY_KEYS)
    if permission not in used:
        refused = f"{which} can do nothing with {permission}" if permission in PERMISSIONS else "there is no such permission"
        return f"{refused}; {which} may have {', '.join(sorted(used))}"
    if rights.level == "user" and permission == ACT_FOR_OTHERS:
        return f"an API key of level user acts for no agents, which {permission} would let it"
    return ""
