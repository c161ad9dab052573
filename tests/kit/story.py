"""A generated log: calls that are observed again and again and change each time, agents, queues, IVRs, a timeline, interleaved at random."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.agent_events import AgentAmended, AgentIdentified, AgentObserved
from domain.base import MS, Event, Personal
from domain.contacts import ContactAppeared
from domain.ids import agent_id, interaction_id, ivr_id, queue_id, roster_id, timeline_id
from domain.ivr import IvrDeleted, IvrRegistered, IvrSettingsSet
from domain.ivr_settings import IvrSettings
from domain.queues import (
    QueueActivated,
    QueueAgentsSet,
    QueueDeactivated,
    QueueDeleted,
    QueueNameTaken,
    QueueRegistered,
    QueueRenamed,
    QueueSettings,
    QueueSettingsSet,
)  # fmt: skip
from domain.voice.calls import Attempt, IvrPath, Ring
from domain.voice.interaction_events import InteractionObserved, VisitAmended
from domain.voice.presence import PresenceSpan, PresenceState
from domain.voice.roster import MemberMatched
from domain.voice.timeline import CoverageSpan as Covered
from domain.voice.timeline import Gap, GapSeen, LineKept, PbxRestarted, SpanCovered
from tests.kit.whole_call import WholeCall, WholeVisit, change

TENANT = UUID(int=7)
T0_MS = 1_795_409_000_000
ENDS = ("", "answered", "abandoned", "timed-out", "transferred-out", "left-by-key", "closed", "unknown")
OUTCOMES = ("", "answered", "no-answer", "canceled", "dumped")
QUEUES = ("vendas", "suporte", "it's \\ nasty\t{x:String}")
AGENTS = ("Ana Souza", "Agent/1001", "PJSIP/1002")


class Story:
    """Events of few aggregates, so that each has many. `random` decides everything."""

    def __init__(self, random: Random, tenant: UUID = TENANT) -> None:
        self.random = random
        self.tenant = tenant
        self.versions: dict[UUID, int] = {}
        self.calls: dict[str, WholeCall] = {}
        self.clock_ms = T0_MS

    def events(self, count: int) -> Iterator[Event]:
        makers = [self._call] * 6 + [self._agent, self._agent, self._queue, self._ivr, self._timeline, self._other]
        for _ in range(count):
            self.clock_ms += self.random.randrange(5_000)
            yield self.random.choice(makers)()

    def _event(self, kind: type[Event], id: UUID, **fields: Any) -> Event:
        version = self.versions[id] = self.versions.get(id, 0) + 1
        return kind(
            originator_id=id, originator_version=version, tenant=self.tenant, actor="test", occurred_at=self.clock_ms * MS,
            recorded_at=self.clock_ms * MS + 1, correlation=f"c{version}", **fields,
        )  # fmt: skip

    def _maybe(self, value: Any) -> Any:
        return value if self.random.random() < 0.5 else None

    def _ms(self) -> int:
        return self.clock_ms + self.random.randrange(100_000)

    def _call(self) -> Event:
        name = f"1795409.{self.random.randrange(4)}"
        id = interaction_id(self.tenant, name)
        before = self.calls.get(name)
        visits = tuple(self._visit(n) for n in range(self.random.randrange(4)))
        call = WholeCall(
            call=name, protocol=before.protocol if before else len(self.calls) + 1, direction="inbound", started_ms=self._ms(),
            origin=before.origin if before else self.random.choice(["ami", "queue_log", "Portal"]), ended_ms=self._maybe(self._ms()),
            status=self.random.choice(["", "answered", "abandoned"]), part_of=self._maybe(interaction_id(self.tenant, "whole")), contact=self._maybe(id),
            number=self._maybe(Personal(id, "+5511")), did=self.random.choice(["", "4000"]), visits=visits,
            ivr=self._path(visits) if (before and before.ivr) or self.random.random() < 0.3 else None,
            options=tuple(self.random.choices(["1", "", "9"], k=self.random.randrange(3))),
            attempt=self._attempt() if (before and before.attempt) or self.random.random() < 0.3 else None,
            tags=tuple(self.random.choices(["venda", "troca"], k=self.random.randrange(3))), jitter_ms=self._maybe(0.1), loss_percent=self._maybe(5.0),
        )  # fmt: skip
        if call.attempt is not None:
            call = replace(call, attempt_holds=tuple((self._ms(), self._maybe(self._ms())) for _ in range(self.random.randrange(3))))
        self.calls[name] = call
        kind = VisitAmended if before else InteractionObserved
        return self._event(kind, id, facts=(), change=change(before, call))

    def _visit(self, n: int) -> WholeVisit:
        random = self.random
        rings = tuple(
            Ring(random.choice(AGENTS), self._ms(), self._maybe(self._ms()), random.choice(OUTCOMES)) for _ in range(random.randrange(3))
        )
        return WholeVisit(
            n=n, queue=random.choice(QUEUES), offered_ms=self._ms(), sla_ms=20_000, tolerated_ms=5_000, end=random.choice(ENDS), rings=rings,
            ended_ms=self._maybe(self._ms()), wait_ms=self._maybe(random.randrange(60_000)), agent=random.choice(["", *AGENTS]),
            ring_ms=self._maybe(5_000), released_ms=self._maybe(self._ms()), released_by=random.choice(["", "agent"]), talk_ms=self._maybe(1),
            hold_ms=self._maybe(0), wrap_up_ms=self._maybe(0), talk_unknown=random.random() < 0.2,
            holds=tuple((self._ms(), self._maybe(self._ms())) for _ in range(random.randrange(3))),
        )  # fmt: skip

    def _path(self, visits: tuple[WholeVisit, ...]) -> IvrPath:
        queue = visits[0].queue if visits else None
        return IvrPath("principal", self._ms(), self._maybe(self._ms()), self.random.choice(["", "offered", "abandoned"]), queue)

    def _attempt(self) -> Attempt:
        result = self.random.choice(["", "answered", "busy"])
        queue, agent = self.random.choice(["saida", ""]), self.random.choice(AGENTS)
        return Attempt(
            self._ms(), queue, agent, "manual", self._maybe(self._ms()), self._maybe(self._ms()), result, self._maybe(3), 2, self._maybe(1)
        )

    def _agent(self) -> Event:
        name = self.random.choice(AGENTS)
        keys = [("session", T0_MS + n) for n in range(3)] + [("pause", T0_MS + n) for n in range(3)]
        self.random.shuffle(keys)
        cut = self.random.randrange(len(keys))
        spans = tuple(PresenceSpan(kind, at, self._maybe(self._ms()), self.random.choice(["", "almoço"])) for kind, at in keys[:cut])  # type: ignore[arg-type]
        id, dropped = agent_id(self.tenant, name), tuple(keys[cut : self.random.randrange(cut, len(keys) + 1)])
        if self.random.random() < 0.1:
            return self._event(AgentIdentified, id, name=name, dropped=dropped, person=False, member="Ana Souza")
        kind = self.random.choice([AgentObserved, AgentAmended])
        state = PresenceState(queues=dict.fromkeys(QUEUES[: cut % 3], "member"))
        return self._event(kind, id, name=name, spans=spans, dropped=dropped, person=self.random.random() < 0.5, standing=state)

    def _queue(self) -> Event:
        id = queue_id(self.tenant, self.random.choice(QUEUES))
        settings = QueueSettings(sla_target=self.random.choice([80.0, 90.5]), sla_ms=self.random.randrange(60_000), sla_profile="genesys")
        if id not in self.versions:
            return self._event(QueueRegistered, id, name=self.random.choice(QUEUES), settings=settings, agents=AGENTS[:1])
        kind, fields = self.random.choice(
            [
                (QueueSettingsSet, {"settings": settings}), (QueueRenamed, {"name": f"nova {self.random.randrange(9)}"}), (QueueActivated, {}),
                (QueueNameTaken, {"name": "vendas", "owner": queue_id(self.tenant, "suporte")}), (QueueAgentsSet, {"agents": AGENTS}),
                (QueueDeactivated, {}), (QueueDeleted, {}), (QueueRegistered, {"name": "de novo", "settings": settings}),
            ]
        )  # fmt: skip
        return self._event(kind, id, **fields)

    def _ivr(self) -> Event:
        id = ivr_id(self.tenant, "principal")
        if id not in self.versions:
            return self._event(IvrRegistered, id, name="principal", settings=IvrSettings())
        kind, fields = self.random.choice([(IvrSettingsSet, {"settings": IvrSettings(area_code="11")}), (IvrDeleted, {})])
        return self._event(kind, id, **fields)

    def _timeline(self) -> Event:
        at = self._ms() * MS
        kind, fields = self.random.choice(
            [
                (SpanCovered, {"span": Covered("ami", "a", T0_MS * MS, at)}), (PbxRestarted, {"at": at}),
                (GapSeen, {"gap": Gap(T0_MS * MS, self._maybe(at), 1, self._maybe(2), {"vendas": 1})}),
                (LineKept, {"ref": "queue_log:1", "verb": "X", "line": Personal(self.tenant, "x")}),
            ]
        )  # fmt: skip
        return self._event(kind, timeline_id(self.tenant), **fields)

    def _other(self) -> Event:
        contact = UUID(int=self.random.randrange(3))
        return self.random.choice(
            [
                lambda: self._event(MemberMatched, roster_id(self.tenant), interface="PJSIP/1", member="Ana Souza"),
                lambda: self._event(ContactAppeared, contact, phone=Personal(contact, "+5511")),
            ]
        )()
