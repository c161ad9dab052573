"""An agent dials out: the agent's telephone rings first, and when it is answered the customer's number is dialled.

The call has the id that Atende gave it, so what AMI tells of it is told of the same call: the outcome by the network's cause, and the talk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from commands.calls import PlaceCall
from commands.handler_context import Command
from commands.interactions import EndCall, FailDial
from domain.agents import Agent
from domain.base import Event
from domain.ids import agent_id
from domain.phones import phone_of
from domain.voice.interaction_events import CallDialled
from telephony_adapter.control.agents import queue_at
from telephony_adapter.control.effects import Effect, Why
from telephony_adapter.control.pbx import Pbx, PbxRefuses

RINGS_MS = 25_000
"""So long the agent's telephone rings."""
DIALS_S = 45
"""So long the customer's does, where Atende dials itself and not a context of the dialplan."""

QUEUE = "ATENDE_FILA"
"""The variable by which the dialplan knows for which queue a call is, to choose its line and the number that it shows."""

_READ_BY_AMI, _ESCAPED = re.compile(r'[\\",]'), r"\\\g<0>"
"""Characters of a variable's value that AMI takes for its own, and how they are escaped."""

ANSWERS_ITSELF = (
    r"PJSIP_HEADER(add,Alert-Info)=<http://atende>\;info=alert-autoanswer\;delay=0",
    r"PJSIP_HEADER(add,Call-Info)=<http://atende>\;answer-after=0",
)
"""A telephone that understands one of these headers answers at once: who has asked for the call wants to hear it."""


class Dialling(Effect):
    """Places the calls that agents ask for."""

    TOPICS = (CallDialled.TOPIC,)

    def wants(self, event: Event) -> bool:
        """Only what was asked for: a source tells of calls that were dialled elsewhere."""
        return event.cause == PlaceCall.__name__

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Ring the agent. From the answer on the call tells of itself over AMI."""
        assert isinstance(event, CallDialled)
        (dialled,) = event.facts
        assert dialled.private is not None
        assert event.change.call is not None
        agent = pbx.load(Agent, agent_id(pbx.tenant, dialled.agent))
        if agent is None or not agent.interfaces:
            return self.unperformed(event, "failed")
        number = pbx.store.keyring.open(dialled.private)
        queue = queue_at(pbx, dialled.queue)
        answered = pbx.ring(
            agent.interfaces[0],
            RINGS_MS,
            ChannelId=event.change.call.call,
            CallerID=f"<{number}>",
            Variable=[*auto_answer(agent), of_queue(queue.spelling if queue is not None else dialled.queue)],
            **_then(pbx, number),
        )
        return (
            ()
            if answered
            else (FailDial(interaction=event.originator_id, result="agent-no-answer"), EndCall(interaction=event.originator_id))
        )

    def unperformed(self, event: Event, why: Why) -> Iterable[Command]:  # noqa: ARG002 - the reason is in the log of the process
        """Nobody was called."""
        return FailDial(interaction=event.originator_id), EndCall(interaction=event.originator_id)


def of_queue(name: str) -> str:
    """The variable with the queue's name, whatever characters it has: AMI would read what follows a comma as another variable, or call a function."""
    return f"__{QUEUE}={_READ_BY_AMI.sub(_ESCAPED, name)}"


def auto_answer(agent: Agent) -> tuple[str, ...]:
    """The variables with which the agent's telephone answers by itself: the one in the browser that Atende made.

    Any other may have been chosen by its agent, and be somebody else's: nobody opens the microphone of another.
    """
    return ANSWERS_ITSELF if agent.interfaces[0] == phone_of(agent.tenant, agent.id).interface else ()


def _then(pbx: Pbx, number: str) -> dict[str, object]:
    """What the agent's channel does once it is answered. Raises PbxRefuses."""
    asterisk = pbx.asterisk
    if asterisk.context:
        return {"Context": asterisk.context, "Exten": number, "Priority": 1}
    if asterisk.trunk:
        return {"Application": "Dial", "Data": f"PJSIP/{number}@{asterisk.trunk},{DIALS_S}"}
    raise PbxRefuses("Originate", "the setting has neither trunk= nor context=")
