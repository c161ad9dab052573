"""What a call cannot know by itself."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

Promise = Callable[[str, int], tuple[int, int]]
"""(queue, offered at, in us) -> (SLA threshold ms, tolerated abandon ms) as they were then."""


class Context(msgspec.Struct, frozen=True):
    """What a call cannot know by itself.

    settings: what its queues promised. restarts: instants (us) at which the PBX started anew, ascending.
    contact: whose call it is; protocol and origin are given once, when the call comes to be.
    """

    tenant: UUID
    call: str
    settings: Promise
    restarts: tuple[int, ...] = ()
    contact: UUID | None = None
    protocol: int = 0
    origin: str = ""
