"""A small center with a past, in a data directory, for tests that copy it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.contacts import ForgetContact
from commands.interactions import StartCall
from domain.contacts import ContactAppeared
from settings import Settings
from simulator.story import history
from store.chain import Head
from store.recorded_event import RecordedEvent
from store.storage_location import InDirectory, OnServers
from tests.kit.stores import behind

MORNING = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday, at nine o'clock in São Paulo."""

_EVENTS = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events ORDER BY position"


@dataclass(frozen=True)
class Past:
    """The directory of a center, and its log. called: a contact who can be read; forgotten: one who cannot."""

    location: InDirectory
    log: list[RecordedEvent]
    called: UUID
    forgotten: UUID

    @property
    def head(self) -> Head:
        return Head(self.log[-1].position, self.log[-1].hash)

    @property
    def master(self) -> str:
        return (self.location.directory / "master.key").read_text()


def log_of(location: InDirectory | OnServers) -> list[RecordedEvent]:
    """Every event of a store, as it is stored."""
    return [RecordedEvent(*row) for row in behind(location, _EVENTS)]


def simulated(directory: Path, days: float = 0.06) -> Past:
    """A morning of a simulated center; one person is forgotten, and some commands have idempotency keys."""
    with open_center(directory, Settings()) as center:
        company = known_or_new(center, "")
        history(center.bus, company.id, seed=4, start=MORNING, days=days, scale=0.5)
        contacts = [stored.event.originator_id for stored in center.store.read(0, 10**6) if isinstance(stored.event, ContactAppeared)]
        center.bus.execute(ForgetContact(contact=contacts[3]), caller(company))
        for number in range(7):
            center.bus.execute(StartCall(call=f"key.{number}", to_number="4000"), replace(caller(company), idempotency_key=str(number)))
    location = InDirectory(directory)
    return Past(location, log_of(location), contacts[5], contacts[3])
