"""A simulated day, read while it passes; afterwards every state can be read again: by its position byte for byte, by its moment as it was then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from commands.contacts import ForgetContact
from commands.queues import ChangeQueueSettings
from domain.base import SECOND
from domain.ids import company_id, queue_id
from simulator.center import busy_center
from simulator.story import Story
from tests.kit.http import Person, operator
from tests.kit.pasts import OPENS, cover

COMPANY = company_id("Empresa")

FIGURES = (
    "/v1/dashboards/inbound?by=hour",
    "/v1/dashboards/inbound?by=half-hour&sla_ms=5000&sla_profile=genesys:no-short&attribution=event",
    "/v1/dashboards/outbound?by=hour",
    "/v1/dashboards/ivr?by=day",
    "/v1/reports/queues?by=queue",
    "/v1/reports/ivr?by=ivr",
    "/v1/reports/ivr?by=queue&format=csv",
    "/v1/reports/agents?by=agent",
)
BOARD = "/v1/monitoring"
MINUTES = (31, 130, 183)
"""Between one look and the next."""


@dataclass(frozen=True)
class Look:
    """What was seen at an instant."""

    moment: str
    seen: dict[str, bytes]

    @property
    def position(self) -> int:
        """What it covered."""
        return int(json.loads(self.seen[BOARD])["as_of"])


def look(ana: Person, moment: str, as_of: object = None) -> Look:
    seen = {}
    for path in (*FIGURES, BOARD):
        url = path if as_of is None else f"{path}{'&' if '?' in path else '?'}as_of={as_of}"
        answer = ana.get(url)
        assert answer.status_code == 200, answer.text
        seen[path] = answer.content
    return Look(moment, seen)


@pytest.fixture
def looks(center, ana):
    """The looks at the day as it passed."""
    center.clock.us = int(OPENS.timestamp()) * SECOND
    story = Story(center.bus, COMPANY, busy_center(0.3), seed=11, start_us=center.clock.us)
    story.set_up()
    taken = []
    for minutes in MINUTES:
        center.clock.us += minutes * 60 * SECOND
        story.tell_until(center.clock.us)
        cover(center)
        ana.stay()
        moment = datetime.fromtimestamp(center.clock.us / SECOND, UTC)
        taken.append(look(ana, f"{moment:%Y-%m-%dT%H:%M:%SZ}"))
    assert len({taken.seen[BOARD] for taken in taken}) == len(MINUTES)
    return taken


def test_each_look_can_be_had_again_by_its_moment_and_by_its_position(looks, ana, center):
    for taken in looks:
        found = look(ana, taken.moment, taken.moment)
        assert comparable(found) == comparable(taken), taken.moment
    # Whatever comes later changes nothing of a position: another promise, a customer forgotten, all rows built anew.
    center.bus.execute(ChangeQueueSettings(queue=queue_id(COMPANY, "Vendas"), sla_ms=1_000), operator("Empresa"))
    contact = next(recorded.event.originator_id for recorded in center.store.read(0, 9_999) if recorded.event.TOPIC == "contact.appeared")
    center.bus.execute(ForgetContact(contact=contact), operator("Empresa"))
    for taken in looks:
        assert look(ana, taken.moment, taken.position) == taken
    center.rebuild(lambda done, total: None)
    for taken in looks[::2]:
        assert look(ana, taken.moment, taken.position) == taken


def comparable(look: Look) -> dict[str, Any]:
    """The answers without what depends on the moment: the coverage of an interval, agents who log in only later."""
    answers = {path: csv_or_json(content) for path, content in look.seen.items()}
    for answer in answers.values():
        for row in answer.get("series", []) + answer.get("items", []):
            row.pop("covered_to", None)
    agents = answers["/v1/reports/agents?by=agent"]
    agents["items"] = [row for row in agents["items"] if row["logged_ms"]]
    return answers


def csv_or_json(content: bytes) -> dict[str, Any]:
    if content.startswith(b"{"):
        return {name: value for name, value in json.loads(content).items() if name != "as_of"}
    return {"lines": content.splitlines()[:-1]}
