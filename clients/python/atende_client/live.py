"""The live stream: what happens in the center, as it happens, without gaps and repeats over lost connections."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from atende_client.streams import follow


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
    for event in follow(client, "/v1/live", None if after is None else str(after), sleep):
        if event.id is not None:
            yield LiveEvent(int(event.id), event.type, json.loads(event.data))
