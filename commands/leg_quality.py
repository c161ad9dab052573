"""The voice quality that an agent's phone in the browser has measured: its downlink, what the agent heard. The PBX measures the uplink."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from commands.agents import act_as, existing_agent
from commands.handler_context import Command, Done, HandlerContext, handles
from commands.observations import observe
from domain.access import ACT_FOR_OTHERS, ATTEND
from domain.errors import NotFound
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction


class MeasureDownlink(Command, frozen=True, kw_only=True):
    """What the agent heard in a call: jitter (ms), loss (percent). interaction: the call; None: the last one that the agent took. Receipt: the call."""

    permission: ClassVar[str] = ATTEND
    for_others: ClassVar[str] = ACT_FOR_OTHERS
    agent: str
    jitter_ms: float
    loss_percent: float
    interaction: UUID | None = None


@handles(MeasureDownlink)
def measure_downlink(command: MeasureDownlink, context: HandlerContext) -> Done:
    """NotFound for a call that the agent has not taken. Legs are never added up: the call's figures are those of its worst leg."""
    act_as(context, command.agent)
    agent = existing_agent(context, command.agent)
    wanted = command.interaction if command.interaction is not None else next(iter(agent.calls[-1:]), None)
    interaction = context.load(Interaction, wanted) if wanted is not None and wanted in agent.calls else None
    if interaction is None or interaction.call is None:
        raise NotFound("call-unknown", "the agent has taken no such call")
    text = f"{round(command.jitter_ms, 3):g};{round(command.loss_percent, 3):g}"
    fact = Fact("quality", context.now_us(), agent=agent.name, by="downlink", text=text, ref="phone")
    observe(context, interaction, interaction.call.call, (fact,))
    return Done(interaction)
