"""The master key, which wraps the keys of people's data: where it is kept, and what only it opens."""

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
"""What the key of the key store's own index is wrapped for, in the place of a subject."""

NONCE = 12
"""The bytes before each ciphertext that are used once."""


class WrongMasterKey(Exception):
    """The master key given is not the one under which this data directory's keys are wrapped."""


def master_key(directory: Path, given: str = "") -> bytes:
    """The key that wraps all others: `given` (32 bytes as hex or base64), else the file `master.key`, made at the first start."""
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
    """The master key of a key store, known by the wrapped key of its index: `given`, or that of its directory's own file. Raises WrongMasterKey."""
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
    """A subject's key as it may be written down."""
    nonce = os.urandom(NONCE)
    return nonce + master.encrypt(nonce, key, subject)


def unwrap(master: AESGCM, wrapped: bytes, subject: bytes) -> bytes:
    """A subject's key as it was before. Raises WrongMasterKey."""
    try:
        return master.decrypt(wrapped[:NONCE], wrapped[NONCE:], subject)
    except InvalidTag as error:
        raise WrongMasterKey("the keys of this data directory are wrapped by another master key") from error


def must_open(master: bytes, index: bytes) -> None:
    """Refuse a key store, known by the wrapped key of its index, whose keys this master key does not open. Raises WrongMasterKey."""
    unwrap(AESGCM(master), index, ABOUT_ITSELF)


class Rewrapping:
    """Lets the keys of a key store be wrapped by another master key, wherever its rows go. A key itself never changes, nor what it has sealed."""

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before = AESGCM(before)
        self._after = AESGCM(after)

    def about(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row (what, value) of the table `about`."""
        what, value = row
        return what, self._anew(value, ABOUT_ITSELF)

    def keys(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row (subject, wrapped, owner) of the table `keys`; of a forgotten subject nothing is left to wrap."""
        subject, wrapped, owner = row
        return subject, None if wrapped is None else self._anew(wrapped, subject), owner

    def _anew(self, wrapped: bytes, subject: bytes) -> bytes:
        return wrap(self._after, unwrap(self._before, wrapped, subject), subject)
