"""An agent who finishes a wrap-up early gets calls of the PBX's queues at once.

Asterisk counts a member's wrap-up from the end of the member's last call, and has no action that ends it. A member who is added anew has had no call.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from time import sleep

from commands.agents import LogOut
from commands.handler_context import Command
from commands.interactions import WrapUp
from domain.agents import Agent
from domain.base import SECOND, Event
from domain.ids import agent_id
from domain.names import identity
from domain.voice.interaction_events import CallWrappedUp
from domain.voice.interactions import Interaction
from telephony_adapter.control.agents import Row
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.pbx import Pbx, PbxRefuses

log = logging.getLogger(__name__)

_TRIES = 3
_BETWEEN_S = 0.5
"""A queue that is being read anew refuses members for a moment."""

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
        agent = next((visit.agent for visit in reversed(interaction.state.visits) if visit.queue == queue and visit.agent), "")
        if not agent:
            return ()
        with pbx.alone_with(agent):
            return list(_renew(pbx, agent, ended_s))


def _renew(pbx: Pbx, agent: str, ended_s: int) -> Iterator[Command]:
    for row in pbx.rows("QueueStatus"):
        if row["Event"] == "QueueMember" and identity(row["Name"]) == identity(agent) and _wraps_up(row, ended_s):
            pbx.change_member("renewal", "QueueRemove", row["Queue"], row["Location"])
            if not _is_back(pbx, row):
                yield _logged_out(pbx, row)


def _logged_out(pbx: Pbx, row: Row) -> Command:
    """The agent is out of this queue; whoever is logged in to all queues as one of them, of all."""
    agent = pbx.load(Agent, agent_id(pbx.tenant, row["Name"]))
    in_all = agent is not None and "" in agent.standing.queues
    return LogOut(agent=row["Name"], queues=() if in_all else (row["Queue"],))


def _wraps_up(row: Row, ended_s: int) -> bool:
    """Whether the member's last call is the one that ended at `ended_s`, and another one has not begun."""
    return row.get("Membership") == "dynamic" and row.get("InCall") != "1" and int(row.get("LastCall") or 0) >= ended_s - _AROUND_S


def _is_back(pbx: Pbx, row: Row) -> bool:
    """Add a member as it was. Whether the queue has taken it."""
    paused = row.get("Paused") == "1"
    for number in range(_TRIES):
        if number:
            sleep(_BETWEEN_S)
        try:
            pbx.change_member(
                "renewal",
                "QueueAdd",
                row["Queue"],
                row["Location"],
                MemberName=row["Name"],
                Penalty=row.get("Penalty") or "0",
                StateInterface=row.get("StateInterface") or row["Location"],
                Paused=str(paused).lower(),
                Reason=row.get("PausedReason", "") if paused else "",
            )
        except PbxRefuses as refused:
            if refused.is_so_already:
                return True
            log.warning("asterisk takes no member back name=%s try=%d reason=%s", pbx.asterisk.name, number + 1, refused.message)
        else:
            return True
    return False
