"""Pages by cursor: a signed text with the reader's place in a list.

A cursor holds the log position at which the first page was read, so that all pages are of the same
position; and a digest of the query, so that it cannot be used with another one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec

from api.invalid_fields import form
from api.problem import Problem, invalid

_MAC_BYTES = 12

CURSOR = form(r"^[A-Za-z0-9_\-]+$", "should be `next` or `previous` of a page, as it is")
"""How a cursor is written."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """as_of: log position, or -1 for a list of the current state. after: the last row's sort key."""

    question: bytes
    as_of: int
    after: tuple[int | str, ...]


class Cursors:
    """Writes and reads cursors under a secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"atende cursors", "sha256")

    def write(self, question: bytes, as_of: int, after: tuple[int | str, ...]) -> str:
        """The cursor text for the page after the row with sort key `after`."""
        body = msgspec.msgpack.encode(Cursor(question, as_of, after))
        return base64.urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode("ascii")

    def read(self, text: str, question: bytes) -> Cursor:
        """The cursor that `write` wrote for the same query; a problem (422) for anything else."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(body)):
                raise _unknown()
            cursor = msgspec.msgpack.decode(body, type=Cursor)
        except (ValueError, binascii.Error, msgspec.DecodeError) as error:
            raise _unknown() from error
        if cursor.question != question:
            raise invalid(
                "cursor", "was made for another list or for other filters: send it with those of its page", "cursor-of-other-filters"
            )
        return cursor

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_MAC_BYTES]


def _unknown() -> Problem:
    return invalid("cursor", "is not a cursor of this server: send `next` or `previous` of a page as it is", "cursor-unknown")


def digest_of(*question: object) -> bytes:
    """The digest of the query to which a cursor belongs."""
    return hashlib.sha256(repr(question).encode("utf-8", "backslashreplace")).digest()[:8]
