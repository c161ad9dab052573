"""A question about figures: time, queues and agents, method of calculation, and the state of knowledge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.errors import InvalidField
from domain.names import identity
from projections.engine.belonging import EVER, Period
from projections.engine.temporal_view import TemporalView
from projections.engine.warehouse import Value
from projections.figures.intervals import Clock, Intervals, intervals, zone
from projections.figures.service_level import formula_of

Grouping = Literal["total", "queue", "agent", "ivr", "half-hour", "hour", "day", "week", "month"]
Attribution = Literal["arrival", "event", "completion", "clipped"]
Names = Literal["as-was", "as-is"]

CLOCKS: tuple[str, ...] = get_args(Clock)
EARLIEST_MS, LATEST_MS = -62_000_000_000_000, 250_000_000_000_000


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question about figures. Instants are ms since 1970, UTC; its time is [since, until), open where None.

    by: what a row is. queues, agents, ivrs: only these; none given = all. except_queues, except_agents: all but these.
    queue_ids and so on: the same by id; `projections.figures.filters` makes names of both. sla_ms, tolerated_ms: a threshold and a tolerated abandon in place of the visits' own.
    profile: an SLA profile ("" = the queue's own). attribution: when a visit's counts and durations post.
    as_of: a position of the log; moment_ms: an instant (both: `projections.engine.temporal_view`). names: of queues as they were or are now.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    by: Grouping = "queue"
    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    ivrs: tuple[str, ...] = ()
    except_queues: tuple[str, ...] = ()
    except_agents: tuple[str, ...] = ()
    queue_ids: tuple[UUID, ...] = ()
    agent_ids: tuple[UUID, ...] = ()
    ivr_ids: tuple[UUID, ...] = ()
    except_queue_ids: tuple[UUID, ...] = ()
    except_agent_ids: tuple[UUID, ...] = ()
    sla_ms: int | None = None
    tolerated_ms: int | None = None
    profile: str = ""
    attribution: Attribution = "arrival"
    timezone: str = "America/Sao_Paulo"
    as_of: int | None = None
    moment_ms: int | None = None
    names: Names = "as-was"

    def __post_init__(self) -> None:
        for field, value, known in (
            ("by", self.by, get_args(Grouping)),
            ("attribution", self.attribution, get_args(Attribution)),
            ("names", self.names, get_args(Names)),
        ):
            if value not in known:
                raise InvalidField(field, f"{value!r} is none of {', '.join(known)}")
        for field, instant in (("from", self.since_ms), ("to", self.until_ms), ("as_of", self.moment_ms)):
            if instant is not None and not EARLIEST_MS <= instant <= LATEST_MS:
                raise InvalidField(field, "beyond the calendar")
        if self.since_ms is not None and self.until_ms is not None and self.until_ms <= self.since_ms:
            raise InvalidField("to", "the end must be later than the start")
        for field, limit in (("sla_ms", self.sla_ms), ("tolerated_ms", self.tolerated_ms)):
            if limit is not None and limit < 0:
                raise InvalidField(field, "a time cannot be negative")
        if self.as_of is not None and self.as_of < 0:
            raise InvalidField("as_of", "a position of the log is a number from 0")
        zone(self.timezone)
        if self.profile:
            formula_of(self.profile)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which intervals are cut and instants are shown."""
        return zone(self.timezone)

    @property
    def excepts_queues(self) -> bool:
        """Whether it is about all queues but some."""
        return bool(self.except_queues or self.except_queue_ids)

    @property
    def by_time(self) -> bool:
        """Whether a row is an interval."""
        return self.by in CLOCKS

    @property
    def during(self) -> Period:
        """The first and the last instant of the question's time."""
        return (EVER[0] if self.since_ms is None else self.since_ms, EVER[1] if self.until_ms is None else self.until_ms - 1)

    def over(self, since_ms: int, until_ms: int) -> Intervals:
        """The intervals of a question by time that cover [since, until)."""
        return intervals(cast(Clock, self.by), since_ms, until_ms, self.zone)


_QUEUES = "SELECT id, owner, name, spelling, sla_profile FROM {queues}"


class _Queue(msgspec.Struct):
    id: UUID
    owner: UUID
    name: str
    spelling: str
    sla_profile: str


_EVERY_QUEUE = ""


@dataclass(frozen=True)
class Queues:
    """The company's queues, and the names that renamed queues had or took over."""

    known: tuple[_Queue, ...]

    def names(self) -> set[str]:
        """Every name by which a queue is known."""
        return {queue.name for queue in self.known}

    def spelt(self, names: Names) -> list[str]:
        """Every name of a queue as rows have it: of the past (`as-was`) or of now; and the names that only the other of the two knows."""
        past, now = [queue.spelling for queue in self.known], [queue.name for queue in self.known]
        first, other = (past, now) if names == "as-was" else (now, past)
        known = {identity(name) for name in first}
        return [*first, *(name for name in other if identity(name) not in known)]

    def name_now(self, id: UUID) -> str:
        """The current name of the queue that had the id `id` under any name."""
        by_id = {queue.id: queue for queue in self.known}
        queue = by_id.get(id)
        owner = by_id.get(queue.owner) if queue is not None else None
        return owner.name if owner is not None else queue.name if queue is not None else ""

    def names_of(self, id: UUID) -> frozenset[str]:
        """Every name by which the queue of this id is known, and was; without case, as `identity` compares names."""
        own = (queue for queue in self.known if queue.owner == id)
        return frozenset(identity(name) for queue in own for name in (queue.name, queue.spelling))

    def in_settings(self, id: UUID) -> UUID:
        """The id in the settings of the queue that had the id `id` under any name: a visit's is that of the name that the queue had then."""
        return next((queue.owner for queue in self.known if queue.id == id), id)

    def same(self, id: UUID) -> frozenset[UUID]:
        """Every id that stands for the queue of this id: its own, and those of the names that it has taken over."""
        owner = self.in_settings(id)
        return frozenset({id, owner, *(queue.id for queue in self.known if queue.owner == owner)})

    def by_name_now(self, names: Iterable[str]) -> dict[str, list[str]]:
        """These names, those of one queue together under its current name; one that is in no settings stands for itself."""
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(self._now.get(identity(name), name), []).append(name)
        return found

    @cached_property
    def _now(self) -> dict[str, str]:
        """The current name of a queue by each of its names. Each agent of a board asks for it."""
        return {identity(name): self.name_now(queue.id) for queue in self.known for name in (queue.name, queue.spelling)}

    def ids(self, name: str) -> list[UUID]:
        """The ids of visits whose queue is called `name` now."""
        return [queue.id for queue in self.known if self.name_now(queue.id) == name]

    def profile(self, names: tuple[str, ...]) -> str:
        """The profile of all these queues (of all queues, if none is given); `offered` if they differ."""
        profiles = set[str]().union(*(self._profiles.get(name, ()) for name in names or (_EVERY_QUEUE,)))
        return profiles.pop() if len(profiles) == 1 else "offered"

    @cached_property
    def _profiles(self) -> dict[str, set[str]]:
        """By each name of a queue, and for all queues: the profiles of those that have it. Each row of an answer asks for its own."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for queue in self.known:
            if queue.id == queue.owner:
                for name in (queue.name, queue.spelling, _EVERY_QUEUE):
                    found[name].add(queue.sla_profile)
        return dict(found)


def queues_of(view: TemporalView) -> Queues:
    """The company's queues as the view knows them."""
    return Queues(tuple(view.ask(_Queue, _QUEUES.format(queues=view.rows_of("queues")))))


@dataclass(frozen=True)
class Condition:
    """A part of a WHERE, with its parameters."""

    sql: str
    params: dict[str, Value]


def only(question: Question, queues: Queues) -> Condition:
    """The condition for visits that the question's filters by queue and agent leave."""
    parts: list[str] = ["1"]
    params: dict[str, Value] = {}
    if question.queues and question.names == "as-is":
        parts.append("has({queue_ids:Array(UUID)}, queue_id)")
        params["queue_ids"] = [id for name in question.queues for id in queues.ids(name)]
    elif question.queues:
        parts.append("has({queues:Array(String)}, queue)")
        params["queues"] = list(question.queues)
    if question.agents:
        parts.append("has({agents:Array(String)}, agent)")
        params["agents"] = list(question.agents)
    return Condition(" AND ".join(parts), params)
