"""The live table of a terminal: today's queues and the agents' current states."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console as Screen
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bootstrap import Center
from cli.company import asker
from domain.companies import Company
from projections.figures.intervals import zone
from projections.figures.question import Question
from projections.queries.dashboards import inbound
from projections.queries.labels import LABELS
from projections.queries.report import NOTHING, comma, printable
from projections.queries.titles import FIGURES, NAMES

_REFRESH_S = 1.0
_REFRESH_PIPED_S = 15.0

_QUEUES = ("waiting", "offered", "answered", "abandoned", "timed_out", "sla_percent", "asa_ms", "aht_ms")
_STATES = ("available", "ringing", "talking", "wrap-up", "paused", "offline")


class LiveTable:
    """What the table shows of one company."""

    def __init__(self, center: Center, company: Company) -> None:
        self._center = center
        self._asker = asker(company)
        self._zone = zone(company.settings.timezone)
        self._question = Question(timezone=company.settings.timezone)

    def __rich__(self) -> RenderableType:
        """The center now."""
        now_us = self._center.bus.clock.now_us()
        now = datetime.fromtimestamp(now_us // 1_000_000, UTC).astimezone(self._zone)
        midnight = now.replace(hour=0, minute=0, second=0)
        question = replace(self._question, since_ms=round(midnight.timestamp()) * 1_000)
        return _table(now, self._center.queries.ask(inbound, self._asker, question))


def _table(now: datetime, dashboard: dict[str, Any]) -> RenderableType:
    queues = Table(title=f"Hoje, {now:%H:%M:%S}", title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    queues.add_column(NAMES["queue"])
    for name in _QUEUES:
        queues.add_column(FIGURES[name], justify="right")
    for row in dashboard["queues"]:
        # As a `Text`: of a string the screen would read `[` as a mark of its own.
        queues.add_row(Text(printable(row["queue"])), *(_shown(name, row[name]) for name in _QUEUES))
    agents = Table(title="Agentes", title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for code in _STATES:
        agents.add_column(LABELS["agent_state"][code], justify="right")
    agents.add_row(*(str(dashboard["agents"][code.replace("-", "_")]) for code in _STATES))
    return Group(queues, agents, Text(f"Posição {dashboard['as_of']}", style="dim"))


def _shown(name: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if name.endswith("_ms"):
        minutes, seconds = divmod(value // 1_000, 60)
        return f"{minutes:02}:{seconds:02}"
    return f"{comma(value)} %" if name.endswith("_percent") else str(value)


@contextmanager
def moving(board: LiveTable) -> Iterator[None]:
    """Show the table during the block, and refresh it every second."""
    ended = threading.Event()
    screen = Screen()
    thread = threading.Thread(target=_move, args=(board, screen, ended), name="board")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _move(board: LiveTable, screen: Screen, ended: threading.Event) -> None:
    if not screen.is_terminal:
        while not ended.wait(_REFRESH_PIPED_S):
            screen.print(board)
        return
    with Live(board, console=screen, auto_refresh=False) as live:
        while not ended.wait(_REFRESH_S):
            live.refresh()
