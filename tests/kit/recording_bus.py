"""A command bus without a disk: it keeps its observations and passes them to the aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.handler_context import Caller, Command, Receipt
from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from domain.agents import Agent
from domain.errors import DomainError
from domain.ids import agent_id, interaction_id, timeline_id
from domain.voice.context import Context
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from domain.voice.timeline import Timeline
from tests.kit.facts import STAMP, TENANT

CALLER = Caller(TENANT, "test", frozenset({"gerenciar-api"}))


@dataclass
class RecordingBus:
    """`calls`, `agents`: the observed facts, by call and by agent, in order of arrival. `batches`: the number of transactions."""

    calls: dict[str, list[Fact]] = field(default_factory=dict)
    agents: dict[str, list[Fact]] = field(default_factory=dict)
    notes: list[Fact] = field(default_factory=list)
    matches: list[tuple[str, str]] = field(default_factory=list)
    batches: int = 0
    commands: int = 0
    members: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.timeline = Timeline(timeline_id(TENANT), TENANT)
        self.interactions: dict[str, Interaction] = {}
        self.people: dict[str, Agent] = {}

    def execute_all(self, requests: Sequence[tuple[Command, Caller]]) -> list[Receipt | DomainError]:
        self.batches += 1
        return [self._execute(command) for command, _ in requests]

    def has_kept_waiting(self) -> bool:
        return False

    def settle(self) -> None:
        """Apply restarts that became known since to all calls and agents: in a deployment a process manager does this."""
        for call in list(self.interactions):
            self._observe_call(call, ())
        for agent in list(self.people):
            self._observe_agent(agent, ())

    def _execute(self, command: Command) -> Receipt:
        self.commands += 1
        match command:
            case ObserveCall(call=call, facts=facts):
                return self._observe_call(call, facts)
            case ObserveAgent(agent=agent, facts=facts):
                return self._observe_agent(agent, facts)
            case MatchMember(interface=interface, member=member):
                self.matches.append((interface, member))
                self.members[interface] = member
                return Receipt(UUID(int=1), len(self.matches), self.commands, {})
            case ObserveTimeline():
                return self._observe_timeline(command)
            case _:
                raise AssertionError(command)

    def _observe_call(self, call: str, facts: tuple[Fact, ...]) -> Receipt:
        self.calls.setdefault(call, []).extend(facts)
        identity = interaction_id(TENANT, call)
        interaction = self.interactions.setdefault(call, Interaction(identity, TENANT))
        context = Context(
            tenant=TENANT,
            call=call,
            settings=lambda queue, at: (20_000, 5_000, 0),
            restarts=tuple(self.timeline.restarts),
        )
        observed = interaction.observe(facts, context, STAMP)
        result: dict[str, Any] = {
            "new": observed.new,
            "repeated": observed.repeated,
            "visits": observed.ends,
            "implied": observed.implied,
            "conflicts": observed.conflicts,
        }
        return Receipt(identity, interaction.version, self.commands, result)

    def _observe_agent(self, agent: str, facts: tuple[Fact, ...]) -> Receipt:
        self.agents.setdefault(agent, []).extend(facts)
        name = self.members.get(agent, agent)
        person = self.people.setdefault(name, Agent(agent_id(TENANT, name), TENANT, name))
        lines = sum(fact.kind not in ("seen", "talked") for fact in facts)
        fresh = person.observe(facts, STAMP, self.timeline.restarts)
        new = sum(fact.kind not in ("seen", "talked", "restarted") for fact in fresh)
        return Receipt(
            person.id, person.version, self.commands, {"new": new, "repeated": lines - new, "implied": 0, "person": person.person}
        )

    def _observe_timeline(self, command: ObserveTimeline) -> Receipt:
        before = self.timeline.version
        restarted = False
        if command.span is not None:
            self.timeline.cover(command.span, STAMP)
        if command.restart_at is not None:
            restarted = self.timeline.restart(command.restart_at, STAMP)
        if command.note is not None:
            self.notes.append(command.note)
            assert command.note.private is not None
            self.timeline.note(command.note.ref, command.note.text, command.note.private, command.note.at, STAMP)
        new = self.timeline.version > before
        result = {"restarted": restarted, "covered": new, "noted": new}
        return Receipt(self.timeline.id, self.timeline.version, self.commands, result)
