"""Streams of the server: their events, over lost connections and unavailable servers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx

from atende_client.problems import Unavailable

_QUIET_S = 60.0
"""The server sends a keep-alive each 15 s: a connection that is silent for longer is lost."""

_LONGEST_WAIT_S = 30.0


class StreamEvent(NamedTuple):
    """An event of a text/event-stream. id: by which the stream is resumed after it; None where it cannot be. data: "" in a keep-alive."""

    id: str | None
    type: str
    data: str


def follow(
    client: httpx.Client, url: str, after: str | None = None, sleep: Callable[[float], object] = time.sleep, **params: list[str]
) -> Iterator[StreamEvent]:
    """The events after the one with the id `after` (None: from now on), without end. Problems but an unavailable server are raised."""
    last = after
    failures = 0
    while True:
        headers = {} if last is None else {"Last-Event-ID": last}
        try:
            with client.stream("GET", url, params=params, headers=headers, timeout=httpx.Timeout(10.0, read=_QUIET_S)) as response:
                for event in _parsed(response.iter_lines()):
                    # Without an id what the client then has is at no position: a stream that is lost there is asked for anew.
                    last, failures = event.id, 0
                    if event.data:
                        yield event
        except (httpx.TransportError, Unavailable):
            failures += 1
        # Also after an end by the server, for example with the token: the next request renews it.
        sleep(min(2.0**failures, _LONGEST_WAIT_S) * random.uniform(0.25, 0.5))  # noqa: S311 - spreads clients out, that is all


def _parsed(lines: Iterator[str]) -> Iterator[StreamEvent]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            value = value.removeprefix(" ")
            fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value
        elif not line:
            if fields.get("id") or fields.get("data"):
                yield StreamEvent(fields.get("id") or None, fields.get("event", "message"), fields.get("data", ""))
            fields = {}
