"""What the facts of a call do not contain: its queues' settings, restarts, its contact."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

Promise = Callable[[str, int], tuple[int, int, int]]
"""(queue, offered at, in us) -> (SLA threshold ms, tolerated abandon ms, longest wrap-up ms) at that time."""


class Context(msgspec.Struct, frozen=True):
    """What the facts of a call do not contain.

    settings: the service level and the wrap-up of its queues. restarts: instants (us) at which the PBX restarted, ascending.
    contact: the customer of the call; protocol and origin are set once, when the call is created.
    """

    tenant: UUID
    call: str
    settings: Promise
    restarts: tuple[int, ...] = ()
    contact: UUID | None = None
    protocol: int = 0
    origin: str = ""
