"""The master key, which wraps the keys of personal data: how it is read, checked and replaced."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.storage_location import made

MASTER_FILE = "master.key"
ABOUT_ITSELF = b"keyring"
"""The value used instead of a subject when the key of the index is wrapped."""

NONCE = 12
"""The length of the nonce before each ciphertext (bytes)."""


class WrongMasterKey(Exception):
    """The master key given is not the one under which this data directory's keys are wrapped."""


def master_key(directory: Path, given: str = "") -> bytes:
    """The key that wraps all others: `given` (32 bytes as hex or base64), else the file `master.key`, created at the first start."""
    if given:
        return _parsed(given)
    path = made(directory) / MASTER_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _parsed(path.read_text(encoding="ascii"))
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(32).hex().encode())
        file.flush()
        os.fsync(file.fileno())
    return _parsed(path.read_text(encoding="ascii"))


def opening_key(directory: Path, given: bytes, index: bytes) -> bytes:
    """The master key that opens a key store, identified by the wrapped key of its index: `given`, or the key in the directory's file. Raises WrongMasterKey."""
    file = directory / MASTER_FILE
    try:
        must_open(given, index)
    except WrongMasterKey:
        if not file.exists():
            raise
        given = _parsed(file.read_text(encoding="ascii"))
        must_open(given, index)
    return given


def _parsed(text: str) -> bytes:
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 64 else urlsafe_b64decode(text.replace("+", "-").replace("/", "_"))
    except (ValueError, NotBase64):
        key = b""
    if len(key) != 32:
        raise WrongMasterKey("a master key is 32 bytes, as 64 hexadecimal digits or as base64")
    return key


def wrap(master: AESGCM, key: bytes, subject: bytes) -> bytes:
    """Encrypt a subject's key with the master key."""
    nonce = os.urandom(NONCE)
    return nonce + master.encrypt(nonce, key, subject)


def unwrap(master: AESGCM, wrapped: bytes, subject: bytes) -> bytes:
    """Decrypt a subject's key. Raises WrongMasterKey."""
    try:
        return master.decrypt(wrapped[:NONCE], wrapped[NONCE:], subject)
    except InvalidTag as error:
        raise WrongMasterKey("the keys of this data directory are wrapped by another master key") from error


def must_open(master: bytes, index: bytes) -> None:
    """Check that this master key opens a key store, identified by the wrapped key of its index. Raises WrongMasterKey."""
    unwrap(AESGCM(master), index, ABOUT_ITSELF)


class Rewrapping:
    """Wraps the keys of a key store with another master key while its rows are copied. The keys themselves never change, nor the data they seal."""

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before = AESGCM(before)
        self._after = AESGCM(after)

    def about(self, row: Sequence[Any]) -> Sequence[Any]:
        """Convert a row (what, value) of the table `about`."""
        what, value = row
        return what, self._anew(value, ABOUT_ITSELF)

    def keys(self, row: Sequence[Any]) -> Sequence[Any]:
        """Convert a row (subject, wrapped, owner) of the table `keys`. A forgotten subject has no key to wrap."""
        subject, wrapped, owner = row
        return subject, None if wrapped is None else self._anew(wrapped, subject), owner

    def _anew(self, wrapped: bytes, subject: bytes) -> bytes:
        return wrap(self._after, unwrap(self._before, wrapped, subject), subject)
