"""An agent who finishes a wrap-up early gets calls of the PBX's queues at once.

Asterisk counts a member's wrap-up from the end of the member's last call, and has no action that ends it. A member who is added anew has had no call.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from commands.handler_context import Command
from commands.interactions import WrapUp
from domain.base import SECOND, Event
from domain.names import identity
from domain.voice.interaction_events import CallWrappedUp
from domain.voice.interactions import Interaction
from domain.voice.talks import talks
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.pbx import Pbx, PbxRefuses, Row
from telephony_adapter.control.renewals import renew

log = logging.getLogger(__name__)

_AROUND_S = 5
"""The member's last call ended at most so long before the talk that is wrapped up: the PBX counts whole seconds, by its own clock."""


class WrapUps(Effect):
    """Renews the agent's memberships in the queues that count the wrap-up which the agent has finished."""

    TOPICS = (CallWrappedUp.TOPIC,)

    def wants(self, event: Event) -> bool:
        """Only what an agent asked for: a wrap-up that a source reported is over there too."""
        return event.cause == WrapUp.__name__

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Remove and add each membership with this last call. Whoever talks again already is left alone, and whom a queue does not take back is logged out of it."""
        interaction = pbx.load(Interaction, event.originator_id)
        wrapped = [fact for fact in event.facts if fact.kind == "wrap_up"] if isinstance(event, CallWrappedUp) else []
        if interaction is None or not wrapped:
            return ()
        queue, ended_s = wrapped[-1].queue, (wrapped[-1].at - (wrapped[-1].wrap_ms or 0) * 1_000) // SECOND
        agent = next((talk.agent for talk in reversed(talks(interaction.state)) if talk.queue == queue), "")
        if not agent:
            return ()
        with pbx.alone_with(agent):
            _renew_all(pbx, agent, ended_s)
        return ()


def _renew_all(pbx: Pbx, agent: str, ended_s: int) -> None:
    for row in pbx.rows("QueueStatus"):
        if row["Event"] == "QueueMember" and identity(row["Name"]) == identity(agent) and _wraps_up(row, ended_s):
            try:
                renew(pbx, row)
            except PbxRefuses as refused:
                # A member who stays counts the wrap-up to its end; one who is there no longer has nothing to count.
                log.warning("asterisk ends no wrap-up name=%s queue=%s reason=%s", pbx.asterisk.name, row["Queue"], refused)


def _wraps_up(row: Row, ended_s: int) -> bool:
    """Whether the member's last call is the one that ended at `ended_s`, and another one has not begun."""
    return row.get("Membership") == "dynamic" and row.get("InCall") != "1" and int(row.get("LastCall") or 0) >= ended_s - _AROUND_S
