"""Query parameters of requests for figures, and their conversion into a question for the metric engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from api.access import IF_POSITION, RequestContext
from api.field_types import MAX_POSITION, ONE_LINE, Milliseconds, Position, Sent
from api.invalid_fields import form
from api.periods import LAST_30_DAYS, Period, period
from api.problem import invalid, invalid_header
from domain.base import MS
from projections.figures.instants import instant
from projections.figures.intervals import zone
from projections.figures.question import CLOCKS, Attribution, Grouping, Names, Question
from projections.figures.service_level import FORMULAS, SWITCHES
from projections.queries.settings import company

_switch = "|".join(SWITCHES)
_PROFILE = form(
    rf"^({'|'.join(FORMULAS)}|genesys:({_switch})(,({_switch})){{0,2}})$",
    f"should be one of {', '.join(FORMULAS)}; behind genesys and a colon may stand {', '.join(SWITCHES)}",
)
_AHEAD_MS = 1_000
"""How much the clock of a client may be ahead."""

_INSTANT = form(r"^[0-9TWZ:.,+\- ]+$", "should be a date or an instant, as 2026-11-23 or 2026-11-23T14:30:00-03:00")

WrittenInstant = Annotated[str, Field(max_length=40, pattern=_INSTANT)]
"""A date or an instant in a request, as the caller has written it."""

Word = Annotated[str, Field(max_length=200, pattern=ONE_LINE)]


Profile = Annotated[
    str | None,
    Field(
        max_length=80,
        pattern=_PROFILE,
        description="an SLA profile in place of the queue's own; `genesys:flow-outs,no-short` sets switches",
        examples=["offered-minus-short"],
    ),
]


MOST_NAMES = 1_000
"""The most names in one filter."""


class Parameters(Sent):
    """Query parameters."""


class OfPast(Parameters):
    """Parameters for a past state, a time zone and freshness."""

    as_of: Annotated[
        str | None,
        Field(
            max_length=40,
            pattern=_INSTANT,
            description="A log position: what was known at it. An instant, not in the future: the state of the center then, by all that is known now.",
            examples=["1204"],
        ),
    ] = None
    timezone: Annotated[
        str | None,
        Field(max_length=60, pattern=ONE_LINE, description="IANA time zone; the company's by default", examples=["America/Manaus"]),
    ] = None
    at_least: Annotated[Position | None, Field(description="same as the header If-Position", examples=[1204])] = None


_SOME_ID = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"

Queues = Annotated[
    tuple[Word, ...],
    Field(max_length=MOST_NAMES, description="only these queues, by name: all that each did under former names too", examples=[["vendas"]]),
]
QueueIds = Annotated[
    tuple[UUID, ...],
    Field(
        max_length=MOST_NAMES, description="only these queues, by id, besides those by name; an unknown one is 404", examples=[[_SOME_ID]]
    ),
]


class OfSome(OfPast):
    """Filters by queue and agent."""

    queue: Queues = ()
    queue_id: QueueIds = ()
    agent: Annotated[tuple[Word, ...], Field(max_length=MOST_NAMES, description="only these agents, by name", examples=[["Ana"]])] = ()
    agent_id: Annotated[
        tuple[UUID, ...],
        Field(
            max_length=MOST_NAMES,
            description="only these agents, by id, besides those by name; an unknown one is 404",
            examples=[[_SOME_ID]],
        ),
    ] = ()
    except_queue: Annotated[
        tuple[Word, ...], Field(max_length=MOST_NAMES, description="all queues but these, by name", examples=[["suporte"]])
    ] = ()
    except_queue_id: Annotated[
        tuple[UUID, ...], Field(max_length=MOST_NAMES, description="all queues but these, by id", examples=[[_SOME_ID]])
    ] = ()
    except_agent: Annotated[
        tuple[Word, ...],
        Field(
            max_length=MOST_NAMES,
            description="all agents but these, by name: what an agent answered, as if all others were named",
            examples=[["Bruno"]],
        ),
    ] = ()
    except_agent_id: Annotated[
        tuple[UUID, ...], Field(max_length=MOST_NAMES, description="all agents but these, by id", examples=[[_SOME_ID]])
    ] = ()


class OfIvrs(Parameters):
    """A filter by IVR."""

    ivr: Annotated[
        tuple[Word, ...], Field(max_length=100, description="only what went through one of these IVRs, by name", examples=[["principal"]])
    ] = ()
    ivr_id: Annotated[
        tuple[UUID, ...],
        Field(max_length=100, description="the same by id, besides those by name; an unknown one is 404", examples=[[_SOME_ID]]),
    ] = ()


class OfTime(OfPast):
    """A time range. USUAL_DAYS: without `from`, it begins with the first of so many days (None: with all data)."""

    USUAL_DAYS: ClassVar[int | None] = LAST_30_DAYS

    from_: Annotated[
        WrittenInstant | None,
        Field(
            alias="from",
            description="date or ISO 8601. By default the period is today (dashboards) or the last 30 days (reports), before `to` if that is given",
            examples=["2026-03-02"],
        ),
    ] = None
    to: Annotated[WrittenInstant | None, Field(description="date or ISO 8601, not included; now by default", examples=["2026-03-09"])] = (
        None
    )

    @property
    def usual_days(self) -> int | None:
        """USUAL_DAYS, unless another filter names what is looked for."""
        return self.USUAL_DAYS


class OfPart(OfTime, OfSome):
    """A time range, and filters by queue and agent."""


class OfFigures(OfPart):
    """How figures are calculated."""

    sla_ms: Annotated[
        Milliseconds | None, Field(description="a threshold in place of each visit's own, for the past too", examples=[30_000])
    ] = None
    tolerated_ms: Annotated[
        Milliseconds | None, Field(description="a tolerated abandon in place of each visit's own, for the past too", examples=[5_000])
    ] = None
    sla_profile: Profile = None
    attribution: Annotated[Attribution, Field(description="the interval in which a visit counts")] = "arrival"
    names: Annotated[Names, Field(description="whether queues have their names of then or their current ones")] = "as-was"


@dataclass(frozen=True)
class Past:
    """The past state of a question (a log position, an instant in ms, or neither: now), its time zone, and the instant that counts as now."""

    as_of: int | None
    moment_ms: int | None
    where: ZoneInfo
    now_ms: int

    def period(self, params: OfTime) -> Period:
        """The period that the request names, or its default."""
        since = None if params.from_ is None else instant("from", params.from_, self.where)
        until = None if params.to is None else instant("to", params.to, self.where)
        return period(since, until, self.now_ms, params.usual_days, self.where)

    def shown(self, over: Period, by: Grouping) -> dict[str, Any]:
        """The period as an answer shows it."""
        return over.as_dict(self.where, by if by in CLOCKS else None)

    def question(self, params: OfSome, by: Grouping, over: Period | None = None) -> Question:
        """The question for the metric engine, over a period."""
        how = params if isinstance(params, OfFigures) else OfFigures()
        through = params if isinstance(params, OfIvrs) else OfIvrs()
        return Question(
            since_ms=None if over is None else over.since_ms,
            until_ms=None if over is None else over.until_ms,
            by=by,
            queues=params.queue,
            agents=params.agent,
            except_queues=params.except_queue,
            except_agents=params.except_agent,
            queue_ids=params.queue_id,
            agent_ids=params.agent_id,
            except_queue_ids=params.except_queue_id,
            except_agent_ids=params.except_agent_id,
            ivrs=through.ivr,
            ivr_ids=through.ivr_id,
            sla_ms=how.sla_ms,
            tolerated_ms=how.tolerated_ms,
            profile=how.sla_profile or "",
            attribution=how.attribution,
            timezone=self.where.key,
            as_of=self.as_of,
            moment_ms=self.moment_ms,
            names=how.names,
        )


async def past_of(context: RequestContext, params: OfPast, pinned: int | None = None) -> Past:
    """Wait until the figures cover the request's past, and return it. pinned: the position at which an earlier page was read."""
    application = context.application
    if context.fresh is not None:
        await application.reach(context.fresh, IF_POSITION, invalid_header)
    if params.at_least is not None:
        await application.reach(params.at_least, "at_least")
    where = zone(params.timezone or (await context.ask(company)).settings.timezone)
    position, moment_ms = _past(params.as_of, where)
    if moment_ms is not None and moment_ms > context.application.center.bus.clock.now_us() // MS + _AHEAD_MS:
        raise invalid("as_of", "lies in the future: what has not happened yet is not known")
    position = position if pinned is None else pinned
    if position is not None:
        await application.reach(position, "as_of")
    return Past(position, moment_ms, where, await _now_ms(context, position, moment_ms))


async def _now_ms(context: RequestContext, position: int | None, moment_ms: int | None) -> int:
    """The instant that counts as now. It is the same for ever for the same position or moment, as the answer is."""
    if moment_ms is not None:
        return moment_ms
    if position is None:
        return context.application.center.bus.clock.now_us() // MS
    return await context.application.ask(context.application.center.store.recorded_at, position) // MS


def _past(as_of: str | None, where: ZoneInfo) -> tuple[int | None, int | None]:
    """A log position, or else an instant in ms."""
    if as_of is None:
        return None, None
    if as_of.isdecimal():
        if len(as_of) > len(str(MAX_POSITION)) or int(as_of) > MAX_POSITION:
            raise invalid("as_of", "is higher than any position of a log")
        return int(as_of), None
    return None, instant("as_of", as_of, where)
