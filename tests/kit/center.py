"""A center made by a test: whole calls, agents' spans and sources become rows through the real folds, in a real warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from msgspec.structs import replace

from domain.access import WHOLE_COMPANY
from domain.agent_events import AgentObserved
from domain.base import MS, NOBODY, Event, Personal
from domain.ids import agent_id, interaction_id, queue_id, roster_id, timeline_id
from domain.queues import QueueNameTaken, QueueRegistered, QueueRenamed, QueueSettings
from domain.voice.calls import Attempt, IvrPath
from domain.voice.facts import AGENTS_NOTE, Fact
from domain.voice.interaction_events import CallNoted, InteractionObserved
from domain.voice.presence import PresenceSpan, PresenceState
from domain.voice.roster import MemberMatched
from domain.voice.timeline import CoverageSpan as Covered
from domain.voice.timeline import Gap, GapSeen, PbxRestarted, SpanCovered
from migrations.runner import migrate
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.folding import Folding
from projections.engine.progress import Progress
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse
from projections.engine.writing import write
from store.recorded_event import RecordedEvent
from tests.kit.log import stored
from tests.kit.whole_call import WholeCall, WholeVisit, change

TENANT = UUID(int=7)


class Center:
    """One company's past, added event by event; `position` is that of the last event."""

    def __init__(self, warehouse: Warehouse, tenant: UUID = TENANT) -> None:
        self.warehouse = warehouse
        self.tenant = tenant
        self.position = 0
        self.progress = Progress(0, 0)
        self.versions: dict[UUID, int] = {}
        self.known: dict[UUID, WholeCall] = {}
        self._folding = Folding(warehouse)
        self._waiting: list[RecordedEvent] = []

    @property
    def rows(self) -> CompanyRows:
        """The rows that reports read; all events so far are written first."""
        self.write()
        return CompanyRows(self.warehouse, self.tenant, WHOLE_COMPANY, self.progress)

    def write(self) -> None:
        """Write the rows of the events since the last call."""
        if self._waiting:
            write(self.warehouse, self._folding.fold(self._waiting))
            self._waiting = []
            self.progress.written(self.position)

    def _event(self, kind: type[Event], id: UUID, occurred_ms: int, **fields: object) -> None:
        self.position += 1
        self.versions[id] = self.versions.get(id, 0) + 1
        event = kind(
            originator_id=id, originator_version=self.versions[id], tenant=self.tenant, actor="test",
            occurred_at=occurred_ms * MS, recorded_at=occurred_ms * MS, **fields,
        )  # fmt: skip
        self._waiting.append(stored(self.position, event))

    def call(self, call: WholeCall, **about: object) -> None:
        """A call as it is known now, also one that is known already. about: fields of the event, as its correlation."""
        id = interaction_id(self.tenant, call.call)
        self._event(InteractionObserved, id, call.ended_ms or call.started_ms, facts=(), change=change(self.known.get(id), call), **about)
        self.known[id] = call

    def note(self, call: str, at_ms: int, sealed: str) -> None:
        """An agent wrote this down about a call that is known."""
        fact = Fact("note", at_ms * MS, text=AGENTS_NOTE, private=Personal(NOBODY, sealed=sealed))
        id = interaction_id(self.tenant, call)
        self._event(CallNoted, id, at_ms, facts=(fact,), change=change(self.known[id], self.known[id]))

    def calls(self, calls: Iterable[WholeCall]) -> None:
        for call in calls:
            self.call(call)

    def agent(self, name: str, *spans: PresenceSpan, person: bool = True, queues: tuple[str, ...] = ()) -> None:
        """An agent with sessions and pauses."""
        at = max((span.until_ms or span.from_ms for span in spans), default=0)
        state = PresenceState(queues=dict.fromkeys(queues, "member"))
        self._event(AgentObserved, agent_id(self.tenant, name), at, name=name, spans=spans, person=person, standing=state)

    def matched(self, interface: str, member: str, at_ms: int, *, chosen: bool = False) -> None:
        """The telephone is the member's from then on; "" for nobody's."""
        self._event(MemberMatched, roster_id(self.tenant), at_ms, interface=interface, member=member, chosen=chosen)

    def queue(self, name: str, **settings: object) -> None:
        """A queue with settings of its own."""
        self._event(QueueRegistered, queue_id(self.tenant, name), 0, name=name, settings=QueueSettings(**settings))

    def rename(self, first: str, name: str) -> None:
        """Rename the queue that was registered as `first` to `name`, which belongs to it from then on."""
        queue = queue_id(self.tenant, first)
        self._event(QueueRenamed, queue, 0, name=name)
        self._event(QueueNameTaken, queue_id(self.tenant, name), 0, name=name, owner=queue)

    def covered(self, source: str, from_ms: int, until_ms: int, name: str = "a") -> None:
        """A source covered this span."""
        span = Covered(source, name, from_ms * MS, until_ms * MS)
        self._event(SpanCovered, timeline_id(self.tenant), until_ms, span=span)

    def gap(self, from_ms: int, until_ms: int | None, **estimated: object) -> None:
        """A source was cut off."""
        gap = Gap(from_ms * MS, None if until_ms is None else until_ms * MS, **estimated)
        self._event(GapSeen, timeline_id(self.tenant), from_ms, gap=gap)

    def restart(self, at_ms: int) -> None:
        """The PBX restarted."""
        self._event(PbxRestarted, timeline_id(self.tenant), at_ms, at=at_ms * MS)


@contextmanager
def opened(directory: Path) -> Iterator[ChdbWarehouse]:
    """An engine in `directory`; `fresh` makes empty databases in it."""
    engine = ChdbWarehouse(directory)
    try:
        yield engine
    finally:
        engine.close()


def fresh(engine: Warehouse, tenant: UUID = TENANT) -> Center:
    """A company without a past, in a database of its own."""
    warehouse = engine.beside(f"{engine.database}_{uuid4().hex[:12]}")
    migrate(warehouse)
    return Center(warehouse, tenant)


def visit(
    queue: str, offered_ms: int, end: str = "", wait_ms: int | None = None, *, agent: str = "", talk: int | None = None, hold: int = 0,
    wrap: int | None = 0, sla: int = 20_000, tolerated: int = 5_000, **more: object,
) -> WholeVisit:  # fmt: skip
    """A visit that ended after `wait_ms`; an answered one had `talk` ms of talk and `hold` ms on hold; None while the talk lasts."""
    ended = None if wait_ms is None else offered_ms + wait_ms
    built = WholeVisit(
        n=0, queue=queue, offered_ms=offered_ms, sla_ms=sla, tolerated_ms=tolerated, end=end, ended_ms=ended,
        wait_ms=None if end == "unknown" else wait_ms, agent=agent if end == "answered" else "",
    )  # fmt: skip
    if end == "answered" and talk is not None and ended is not None:
        held = ((ended, ended + hold),) if hold else ()
        built = replace(built, released_ms=ended + talk + hold, talk_ms=talk, hold_ms=hold, wrap_up_ms=wrap, holds=held)
    return replace(built, **more)


def call(
    id: str, *visits: WholeVisit, started_ms: int | None = None, origin: str = "queue_log", ivr: IvrPath | None = None, **more: object
) -> WholeCall:
    """An inbound call with these visits, one after the other."""
    numbered = tuple(replace(visit, n=n) for n, visit in enumerate(visits))
    if ivr is not None and numbered:
        ivr = replace(ivr, queue=numbered[0].queue)
    started = started_ms if started_ms is not None else ivr.entered_ms if ivr else numbered[0].offered_ms
    return WholeCall(call=id, protocol=0, origin=origin, direction="inbound", started_ms=started, visits=numbered, ivr=ivr, **more)


def attempt(id: str, attempt: Attempt, **more: object) -> WholeCall:
    """An outbound call."""
    return WholeCall(call=id, protocol=0, origin="ami", direction="outbound", started_ms=attempt.dialled_ms, attempt=attempt, **more)
