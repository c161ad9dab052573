"""The live stream: what happens in the center, as it happens, without gaps and repeats over lost connections."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from atende_client.problems import Unavailable

_QUIET_S = 60.0
"""The server sends a keep-alive each 15 s: a connection that is silent for longer is lost."""

_LONGEST_WAIT_S = 30.0


@dataclass(frozen=True)
class LiveEvent:
    """A message of the stream. position: where the stream is resumed after it. data: a `LiveMessage`; ignore types that you do not know."""

    position: int
    type: str
    data: dict[str, Any]


def follow_live_events(
    client: httpx.Client, after: int | None = None, sleep: Callable[[float], object] = time.sleep
) -> Iterator[LiveEvent]:
    """The messages after position `after` (None: from now on), without end.

    Lost connections and unavailable servers are waited for, and the stream goes on where it stopped. Other problems are raised.
    """
    position = after
    failures = 0
    while True:
        headers = {} if position is None else {"Last-Event-ID": str(position)}
        try:
            with client.stream("GET", "/v1/live", headers=headers, timeout=httpx.Timeout(10.0, read=_QUIET_S)) as response:
                for id, type, data in _parsed(response.iter_lines()):
                    position, failures = id, 0
                    if data:
                        yield LiveEvent(id, type, json.loads(data))
        except (httpx.TransportError, Unavailable):
            failures += 1
        # Also after an end by the server, for example with the token: the next request renews it.
        sleep(min(2.0**failures, _LONGEST_WAIT_S) * random.uniform(0.25, 0.5))  # noqa: S311 - spreads clients out, that is all


def _parsed(lines: Iterator[str]) -> Iterator[tuple[int, str, str]]:
    """The events of a text/event-stream: id, type and data, which is "" in a keep-alive."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            value = value.removeprefix(" ")
            fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value
        elif not line:
            if fields.get("id", "").isdigit():
                yield int(fields["id"]), fields.get("event", "message"), fields.get("data", "")
            fields = {}
