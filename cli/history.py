"""`history`: everything that happened to one interaction."""

from __future__ import annotations

from typing import Any

import msgspec

from bootstrap import Center
from cli.company import asker, known
from cli.console import Console
from cli.cover import cover
from cli.operator_commands import History
from projections.queries.history import history as events_of
from store.mapper import read_aloud

_DURATIONS = ("wait_ms", "ring_ms", "talk_ms", "wrap_ms", "session_ms")


def history(command: History, center: Center, console: Console) -> int:
    """Everything that happened to one interaction, in order."""
    company = known(center, command.company)
    cover(center, console)
    events, position = center.queries.ask(
        events_of,
        asker(company),
        command.interaction,
        lambda state: read_aloud(state, center.store.keyring),
        timezone=company.settings.timezone,
    )
    if command.json:
        document = {"items": events, "as_of": position, "timezone": company.settings.timezone}
        console.out(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    else:
        console.out("".join(_text(event) for event in events))
    return 0


def _text(event: dict[str, Any]) -> str:
    """One event for people: its head, then its content, a line each. Its `change` is for programs."""
    cause = f" ({event['cause']})" if event["cause"] else ""
    whom = f" on behalf of {event['on_behalf_of']}" if event["on_behalf_of"] else ""
    lines = [f"{event['position']}  {event['occurred_at']}  {event['event']}  {event['actor']}{whom}{cause}"]
    for name, value in event["content"].items():
        if name == "facts":
            lines += [f"    {_fact(fact)}" for fact in value]
        elif name != "change":
            lines.append(f"    {name}: {msgspec.json.encode(value).decode()}")
    return "\n".join(lines) + "\n"


def _fact(fact: dict[str, Any]) -> str:
    """As "2026-11-23T14:00:05-03:00  offered  vendas  5511999990000  queue_log:12"."""
    durations = [f"{name.removesuffix('_ms')} {fact[name]} ms" for name in _DURATIONS if fact.get(name) is not None]
    words = [
        fact["at"],
        fact["kind"],
        *(fact.get(name) for name in ("queue", "agent", "by", "text", "private")),
        *durations,
        fact.get("ref"),
    ]
    return "  ".join(word for word in words if word)
