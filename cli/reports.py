"""`report` and `history`: what happened, by the definitions of the one metric engine."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bootstrap import Center
from cli.asks import History, Report
from cli.company import asker, known
from cli.console import Console, Mistake
from cli.instants import instant, position_or_instant, zone
from commands.people import People
from domain.base import MS
from domain.companies import Company
from projections.figures.intervals import iso
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.history import history as told_of
from projections.queries.interactions_report import Interactions, interactions
from projections.queries.report import Report as Told
from projections.queries.report import written
from store.mapper import read_aloud

_FIGURES = {"queues": reports.queues, "ivr": reports.ivr, "agents": reports.agents}
_DURATIONS = ("wait_ms", "ring_ms", "talk_ms", "wrap_ms", "session_ms")
_USUAL = {"queues": "queue", "ivr": "ivr", "agents": "agent", "interactions": "total"}


def cover(center: Center, console: Console) -> None:
    """Wait until the rows cover all that is saved now."""
    center.cover(center.store.head(), lambda done, total: console.progress("figures", done, total, "events"))


def report(ask: Report, center: Center, console: Console) -> int:
    """Write a report in the format asked for."""
    company = known(center, ask.company)
    question = _question(ask, company)
    cover(center, console)
    if ask.subject == "interactions":
        told = _interactions(ask, center, company, question)
    else:
        told = center.queries.ask(_FIGURES[ask.subject], asker(company), question)
    console.out(written(told, ask.format))
    return 0


def _interactions(ask: Report, center: Center, company: Company, question: Question) -> Told:
    if ask.by is not None:
        raise Mistake("interactions are a row each: there is no --by")
    return center.queries.ask(interactions, asker(company), Interactions(question=question), People(center.store))


def _question(ask: Report, company: Company) -> Question:
    where = zone(ask.timezone or company.settings.timezone)
    position, moment_ms = position_or_instant(ask.as_of, where) if ask.as_of else (None, None)
    asked: dict[str, Any] = {
        "by": ask.by or _USUAL[ask.subject],
        "queues": (ask.queue,) if ask.queue else (),
        "agents": (ask.agent,) if ask.agent else (),
        "profile": ask.sla_profile,
        "timezone": where.key,
        "as_of": position,
        "moment_ms": moment_ms,
    }
    if ask.since:
        asked["since_ms"] = instant(ask.since, where)
    if ask.until:
        asked["until_ms"] = instant(ask.until, where)
    if ask.sla_seconds is not None:
        asked["sla_ms"] = round(ask.sla_seconds * 1_000)
    if ask.attribution:
        asked["attribution"] = ask.attribution
    return Question(**asked)


def history(ask: History, center: Center, console: Console) -> int:
    """Everything that happened to one interaction, in order."""
    company = known(center, ask.company)
    cover(center, console)
    events, position = center.queries.ask(
        told_of,
        asker(company),
        ask.interaction,
        lambda state: read_aloud(state, center.store.keyring),
        timezone=company.settings.timezone,
    )
    if ask.json:
        document = {"events": events, "as_of": position, "timezone": company.settings.timezone}
        console.out(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    else:
        console.out("".join(_told(event, zone(company.settings.timezone)) for event in events))
    return 0


def _told(event: dict[str, Any], where: ZoneInfo) -> str:
    """One event for people: its head, then what was said, a line each. What follows from it (`change`) is for programs."""
    cause = f" ({event['cause']})" if event["cause"] else ""
    whom = f" on behalf of {event['on_behalf_of']}" if event["on_behalf_of"] else ""
    lines = [f"{event['position']}  {event['occurred_at']}  {event['event']}  {event['actor']}{whom}{cause}"]
    for name, value in event["content"].items():
        if name == "facts":
            lines += [f"    {_fact(fact, where)}" for fact in value]
        elif name != "change":
            lines.append(f"    {name}: {msgspec.json.encode(value).decode()}")
    return "\n".join(lines) + "\n"


def _fact(fact: dict[str, Any], where: ZoneInfo) -> str:
    """As "2026-11-23T14:00:05-03:00  offered  vendas  5511999990000  queue_log:12"."""
    durations = [f"{name.removesuffix('_ms')} {fact[name]} ms" for name in _DURATIONS if fact.get(name) is not None]
    words = [
        iso(fact["at"] // MS, where),
        fact["kind"],
        *(fact.get(name) for name in ("queue", "agent", "by", "text", "private")),
        *durations,
        fact.get("ref"),
    ]
    return "  ".join(word for word in words if word)
