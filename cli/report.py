"""`report`: figures of the past, by the definitions of the one metric engine."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from bootstrap import Center
from cli.company import asker, known
from cli.console import Console, Mistake
from cli.cover import cover
from cli.operator_commands import Report
from commands.people import People
from domain.companies import Company
from domain.errors import InvalidField
from projections.figures.instants import instant
from projections.figures.intervals import zone
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.interactions_report import interactions
from projections.queries.interactions_selection import Interactions
from projections.queries.report import Report as Figures
from projections.queries.report import lineage, written

_FIGURES = {"queues": reports.queues, "ivr": reports.ivr, "agents": reports.agents, "outbound": reports.outbound}
_LONGEST_POSITION = 15
_USUAL = {"queues": "queue", "ivr": "ivr", "agents": "agent", "outbound": "queue", "interactions": "total"}


def report(command: Report, center: Center, console: Console) -> int:
    """Write a report in the requested format."""
    company = known(center, command.company)
    question = _question(command, company)
    cover(center, console)
    if command.subject == "interactions":
        figures = _interactions(command, center, company, question)
    else:
        figures = center.queries.ask(_FIGURES[command.subject], asker(company), question)
    if figures.notes:
        raise Mistake(figures.notes[0])
    console.out(written(figures, command.format))
    if command.format == "csv":
        console.warn(lineage(figures))
    return 0


def _interactions(command: Report, center: Center, company: Company, question: Question) -> Figures:
    if command.by is not None:
        raise Mistake("interactions are a row each: there is no --by")
    return center.queries.ask(interactions, asker(company), Interactions(question=question), People(center.store))


def _question(command: Report, company: Company) -> Question:
    where = zone(command.timezone or company.settings.timezone)
    position, moment_ms = position_or_instant(command.as_of, where) if command.as_of else (None, None)
    values: dict[str, Any] = {
        "by": command.by or _USUAL[command.subject],
        "queues": (command.queue,) if command.queue else (),
        "agents": (command.agent,) if command.agent else (),
        "profile": command.sla_profile,
        "attribution": command.attribution,
        "timezone": where.key,
        "as_of": position,
        "moment_ms": moment_ms,
    }
    if command.since:
        values["since_ms"] = _instant("--from", command.since, where)
    if command.until:
        values["until_ms"] = _instant("--to", command.until, where)
    if command.sla_ms is not None:
        values["sla_ms"] = command.sla_ms
    return Question(**values)


def _instant(option: str, text: str, where: ZoneInfo) -> int:
    try:
        return instant(option, text, where)
    except InvalidField as error:
        raise Mistake(f"{option}: {text!r} is {error}") from error


def position_or_instant(text: str, where: ZoneInfo) -> tuple[int | None, int | None]:
    """A position of the log, or else an instant in milliseconds: the two ways to name a past."""
    if text.isdecimal() and len(text) <= _LONGEST_POSITION:
        return int(text), None
    return None, _instant("--as-of", text, where)
