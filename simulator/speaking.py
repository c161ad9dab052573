"""Translates the actions of the simulated center into commands, as agents' screens, the telephony and the administrator would send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.handler_context import Command
from commands.interactions import (
    AbandonCall,
    AnnounceOutOfHours,
    AnswerCall,
    AnswerDial,
    ChooseOption,
    DialOut,
    EndCall,
    EnterIvr,
    FailDial,
    HoldCall,
    LeaveByKey,
    LeaveIvr,
    MeasureQuality,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    RingAgent,
    RingNoAnswer,
    StartCall,
    TimeOutCall,
    WithdrawCall,
    WrapUp,
)
from commands.ivr import RegisterIvr
from commands.observations import ObserveCall
from commands.queues import RegisterQueue
from domain.access import ATTEND, MANAGE_PHONES, MANAGE_QUEUES, OBSERVE
from domain.ids import interaction_id
from domain.ivr_settings import IvrSettings
from domain.queues import QueueSettings
from domain.voice.facts import Fact
from simulator import actions
from simulator.actions import Action
from simulator.center import SimulatedCenter

PERMISSIONS = frozenset({MANAGE_QUEUES, MANAGE_PHONES, ATTEND, OBSERVE})
"""The permissions that the simulator needs."""


def settings_of(center: SimulatedCenter) -> list[Command]:
    """The commands with which the administrator sets up queues and IVRs."""
    queues: list[Command] = [
        RegisterQueue(
            name=queue.name,
            agents=tuple(agent.name for agent in center.agents if queue.name in agent.queues),
            **{field: getattr(queue.settings, field) for field in QueueSettings.__struct_fields__},
        )
        for queue in center.queues
    ]
    ivrs: list[Command] = [
        RegisterIvr(name=ivr.name, **{field: getattr(ivr.settings, field) for field in IvrSettings.__struct_fields__})
        for ivr in center.ivrs
    ]
    return queues + ivrs


def commands_of(company: UUID, at: int, action: Action) -> list[Command]:
    """The commands of a company for an action at an instant (microseconds). Empty for actions that follow from others."""
    translate = _COMMANDS.get(type(action))
    return translate(company, at, action) if translate is not None else []


def _on_call(make: Callable[..., Command], *fields: str) -> Callable[[UUID, int, Any], list[Command]]:
    """Translate an action on an open call into a command with these fields of the action."""

    def translate(company: UUID, at: int, action: Any) -> list[Command]:
        of_action = {field: getattr(action, field) for field in fields}
        return [make(interaction=interaction_id(company, action.call), at=at, **of_action)]

    return translate


def _of_agent(make: Callable[..., Command], *fields: str) -> Callable[[UUID, int, Any], list[Command]]:
    """Translate an action of an agent into a command with these fields of the action."""

    def translate(_: UUID, at: int, action: Any) -> list[Command]:
        return [make(agent=action.agent, at=at, **{field: getattr(action, field) for field in fields})]

    return translate


def _arrived(_: UUID, at: int, action: actions.Arrived) -> list[Command]:
    return [StartCall(call=action.call, from_number=action.number, to_number=action.did, at=at)]


def _option_chosen(company: UUID, at: int, action: actions.OptionChosen) -> list[Command]:
    return [ChooseOption(interaction=interaction_id(company, action.call), option=action.digit, at=at)]


def _transferred(company: UUID, at: int, action: actions.Transferred) -> list[Command]:
    return [ReleaseCall(interaction=interaction_id(company, action.call), by="transfer", at=at)]


def _turned_away(_: UUID, at: int, action: actions.TurnedAway) -> list[Command]:
    return [ObserveCall(call=action.call, facts=(Fact("turned_away", at, queue=action.queue, ref="turned_away", text="JOINEMPTY"),))]


def _emptied(_: UUID, at: int, action: actions.Emptied) -> list[Command]:
    return [ObserveCall(call=action.call, facts=(Fact("emptied", at, queue=action.queue, wait_ms=action.wait_ms, ref="emptied"),))]


def _dialled(_: UUID, at: int, action: actions.Dialled) -> list[Command]:
    return [DialOut(call=action.call, to_number=action.number, agent=action.agent, queue=action.queue, at=at)]


def _dial_ended(company: UUID, at: int, action: actions.DialEnded) -> list[Command]:
    """The agent writes while talking, and is free for the next call at once."""
    interaction = interaction_id(company, action.call)
    return [ReleaseCall(interaction=interaction, at=at), WrapUp(interaction=interaction, at=at)]


def _hung_up(company: UUID, at: int, action: actions.HungUp) -> list[Command]:
    interaction = interaction_id(company, action.call)
    end = EndCall(interaction=interaction, at=at)
    if action.jitter_ms is None or action.loss_percent is None:
        return [end]
    return [MeasureQuality(interaction=interaction, jitter_ms=action.jitter_ms, loss_percent=action.loss_percent, at=at), end]


_COMMANDS: dict[type[Action], Callable[[UUID, int, Any], list[Command]]] = {
    actions.LoggedIn: _of_agent(LogIn, "queues"),
    actions.LoggedOut: _of_agent(LogOut),
    actions.Paused: _of_agent(PauseAgent, "reason"),
    actions.Unpaused: _of_agent(ResumeAgent),
    actions.Arrived: _arrived,
    actions.IvrEntered: _on_call(EnterIvr, "ivr"),
    actions.OptionChosen: _option_chosen,
    actions.OutOfHours: _on_call(AnnounceOutOfHours, "ivr"),
    actions.IvrLeft: _on_call(LeaveIvr),
    actions.Offered: _on_call(OfferCall, "queue"),
    actions.TurnedAway: _turned_away,
    actions.Rang: _on_call(RingAgent, "agent"),
    actions.RangOut: _on_call(RingNoAnswer, "agent"),
    actions.Answered: _on_call(AnswerCall, "agent"),
    actions.Held: _on_call(HoldCall),
    actions.Resumed: _on_call(ResumeCall),
    actions.TalkEnded: _on_call(ReleaseCall, "by"),
    actions.Transferred: _transferred,
    actions.WrappedUp: _on_call(WrapUp, "tag"),
    actions.Abandoned: _on_call(AbandonCall),
    actions.TimedOut: _on_call(TimeOutCall),
    actions.LeftByKey: _on_call(LeaveByKey),
    actions.Withdrawn: _on_call(WithdrawCall),
    actions.Emptied: _emptied,
    actions.HungUp: _hung_up,
    actions.Dialled: _dialled,
    actions.DialAnswered: _on_call(AnswerDial),
    actions.DialFailed: _on_call(FailDial, "result"),
    actions.DialEnded: _dial_ended,
}
