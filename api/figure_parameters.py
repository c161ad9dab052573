"""What a request for figures says, read into the question that the one metric engine is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from api.access import IF_POSITION, Asking
from api.field_types import MAX_POSITION, Position
from api.problem import invalid
from projections.figures.instants import instant
from projections.figures.intervals import zone
from projections.figures.question import Attribution, Grouping, Names, Question
from projections.figures.service_level import FORMULAS, SWITCHES
from projections.queries.settings import company

_LINE = r"^[^\x00-\x1f\x7f]*$"
_switch = "|".join(SWITCHES)
_PROFILE = rf"^({'|'.join(FORMULAS)}|genesys:({_switch})(,({_switch})){{0,2}})$"
_INSTANT = r"^[0-9TWZ:.,+\- ]+$"

Instant = Annotated[str, Field(max_length=40, pattern=_INSTANT)]
Word = Annotated[str, Field(max_length=200, pattern=_LINE)]


class Parameters(BaseModel):
    """Query parameters: those that a route does not know are refused, so that no typing error passes unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfPast(Parameters):
    """Of which past, on whose clock, and how fresh."""

    as_of: Annotated[
        str | None,
        Field(
            max_length=40,
            pattern=_INSTANT,
            description="A position of the log: what was known when it ended there. An instant: how the center stood then, by all that is known now.",
            examples=["1204"],
        ),
    ] = None
    timezone: Annotated[
        str | None,
        Field(max_length=60, pattern=_LINE, description="IANA time zone; the company's if it is left out", examples=["America/Manaus"]),
    ] = None
    at_least: Annotated[Position | None, Field(description="as the header If-Position", examples=[1204])] = None


class OfSome(OfPast):
    """Of which queues and agents."""

    queue: Annotated[tuple[Word, ...], Field(max_length=100, description="these queues alone, by name", examples=[["vendas"]])] = ()
    agent: Annotated[tuple[Word, ...], Field(max_length=100, description="these agents alone, by name", examples=[["Ana"]])] = ()


class OfPart(OfSome):
    """Over which time."""

    from_: Annotated[
        Instant | None, Field(alias="from", description="date or ISO 8601; the first of all if it is left out", examples=["2026-03-02"])
    ] = None
    to: Annotated[Instant | None, Field(description="date or ISO 8601, not included", examples=["2026-03-09"])] = None


class OfFigures(OfPart):
    """Reckoned how."""

    sla_seconds: Annotated[
        float | None,
        Field(
            ge=0, le=86_400, allow_inf_nan=False, description="another threshold than each visit's own, over the past too", examples=[30]
        ),
    ] = None
    sla_profile: Annotated[
        str | None,
        Field(
            max_length=80,
            pattern=_PROFILE,
            description="another definition of the SLA; `genesys:flow_outs,no_short` sets switches",
            examples=["offered_minus_short"],
        ),
    ] = None
    attribution: Annotated[Attribution, Field(description="in which interval a visit counts")] = "arrival"
    names: Annotated[Names, Field(description="queues by the names that they had, or have now")] = "as_was"


@dataclass(frozen=True)
class Past:
    """Which past is asked about (a position of the log, an instant in ms, or neither: now), and on whose clock."""

    as_of: int | None
    moment_ms: int | None
    where: ZoneInfo

    def question(self, asked: OfSome, by: Grouping, ivrs: tuple[str, ...] = ()) -> Question:
        """The question that the engine is asked."""
        over = asked if isinstance(asked, OfPart) else OfPart()
        how = asked if isinstance(asked, OfFigures) else OfFigures()
        return Question(
            since_ms=None if over.from_ is None else instant("from", over.from_, self.where),
            until_ms=None if over.to is None else instant("to", over.to, self.where),
            by=by,
            queues=asked.queue,
            agents=asked.agent,
            ivrs=ivrs,
            sla_ms=None if how.sla_seconds is None else round(how.sla_seconds * 1_000),
            profile=how.sla_profile or "",
            attribution=how.attribution,
            timezone=self.where.key,
            as_of=self.as_of,
            moment_ms=self.moment_ms,
            names=how.names,
        )


async def past_of(asking: Asking, asked: OfPast, pinned: int | None = None) -> Past:
    """The past that is asked about, once the figures cover it. pinned: the position at which an earlier page was read."""
    application = asking.application
    if asking.fresh is not None:
        await application.reach(asking.fresh, IF_POSITION)
    if asked.at_least is not None:
        await application.reach(asked.at_least, "at_least")
    where = zone(asked.timezone or (await asking.ask(company)).settings.timezone)
    position, moment_ms = _past(asked.as_of, where)
    position = position if pinned is None else pinned
    if position is not None:
        await application.reach(position, "as_of")
    return Past(position, moment_ms, where)


def _past(as_of: str | None, where: ZoneInfo) -> tuple[int | None, int | None]:
    """A position of the log, or else an instant in ms."""
    if as_of is None:
        return None, None
    if as_of.isdecimal():
        if len(as_of) > len(str(MAX_POSITION)) or int(as_of) > MAX_POSITION:
            raise invalid("as_of", "no log is that long")
        return int(as_of), None
    return None, instant("as_of", as_of, where)
