"""Secrets that name whom they belong to: of one-time links, and of the devices of screens.

A secret has 192 random bits, so its plain SHA-256 is safe to store.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from domain.base import NOBODY

_SECRET_BYTES = 24


def new_token(owner: UUID) -> tuple[str, str]:
    """A new token of a user or a screen, and the digest by which it is recognised: SHA-256, hexadecimal."""
    token = owner.bytes + secrets.token_bytes(_SECRET_BYTES)
    return urlsafe_b64encode(token).decode().rstrip("="), _digest(token)


def read_token(text: str) -> tuple[UUID, str]:
    """The owner whom a token names, and its digest; NOBODY and "" for what is no token."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raw = b""
    return (UUID(bytes=raw[:16]), _digest(raw)) if len(raw) == 16 + _SECRET_BYTES else (NOBODY, "")


def _digest(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
