"""A center that did not answer at all, and why."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Literal

import httpx

Reason = Literal["refused", "unknown-host", "timed-out", "lost"]
"""refused: nothing listens there. unknown-host: the name has no address. timed-out: no answer in time. lost: any other end of the connection."""

_IN_WORDS: dict[Reason, str] = {
    "refused": "the connection was refused: nothing listens there",
    "unknown-host": "the host is unknown",
    "timed-out": "it did not answer in time",
    "lost": "the connection was lost",
}


class Unreachable(httpx.TransportError):
    """The center did not answer, after all retries. `reason` tells the causes apart; the exception of the connection is its `__cause__`."""

    def __init__(self, error: httpx.TransportError, request: httpx.Request) -> None:
        self.reason = _reason(error)
        address = request.url.copy_with(raw_path=b"/")
        super().__init__(f"cannot reach {address}: {_IN_WORDS[self.reason]} ({error})", request=request)


def _reason(error: BaseException) -> Reason:
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return "unknown-host"
            case ConnectionRefusedError():
                return "refused"
            case httpx.TimeoutException() | TimeoutError():
                return "timed-out"
    return "lost"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
