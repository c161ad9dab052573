"""Companies (Empresas): their names, their time zones and the defaults of their queues."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event, EventMetadata
from domain.errors import AlreadyExists, InvalidField
from domain.names import checked_name
from domain.time_zones import is_time_zone

DEFAULT_TIMEZONE = "America/Sao_Paulo"
MOST_RECORDING_DAYS = 36_500


class CompanySettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """The default service level of a company's queues, and the time zone of its days.

    sla_target: percentage of calls to be answered within sla_ms. tolerated_ms: a shorter wait before an abandon does not count against a queue.
    supervision_notice: whether an agent is told that a supervisor listens. recording_days: so long recordings are kept (retenção), 0 for ever.
    """

    timezone: str = DEFAULT_TIMEZONE
    sla_target: float = 80.0
    sla_ms: int = 20_000
    tolerated_ms: int = 5_000
    supervision_notice: bool = False
    recording_days: int = 0


class CompanyEvent(Event, frozen=True, kw_only=True):
    """Something about a company."""

    SLICE: ClassVar[str] = "identity"


class CompanyRegistered(CompanyEvent, frozen=True, kw_only=True):
    """A company was registered."""

    TOPIC: ClassVar[str] = "company.registered"
    name: str
    settings: CompanySettings


class CompanySettingsSet(CompanyEvent, frozen=True, kw_only=True):
    """From now on these are the company's defaults and time zone."""

    TOPIC: ClassVar[str] = "company.settings_set"
    settings: CompanySettings


class Company(Aggregate):
    """One company (tenant), under the id that its name gives it."""

    KIND = "company"
    EVENTS = CompanyEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name = ""
        self.settings = CompanySettings()

    def register(self, name: str, settings: CompanySettings, metadata: EventMetadata) -> None:
        """Register the company. Refused when a company of this name exists."""
        if self.version > 0:
            raise AlreadyExists("company-exists", f"there is a company {self.name} already")
        _check_settings(settings)
        self.trigger(CompanyRegistered, metadata, metadata.recorded_at, name=checked_name(name, "name", "a company"), settings=settings)

    def set_settings(self, settings: CompanySettings, metadata: EventMetadata) -> None:
        """Change the defaults and the time zone from now on."""
        _check_settings(settings)
        if settings != self.settings:
            self.trigger(CompanySettingsSet, metadata, metadata.recorded_at, settings=settings)

    def apply(self, event: Event) -> None:
        match event:
            case CompanyRegistered(name=name, settings=settings):
                self.name, self.settings = name, settings
            case CompanySettingsSet(settings=settings):
                self.settings = settings


def _check_settings(settings: CompanySettings) -> None:
    if not is_time_zone(settings.timezone):
        raise InvalidField("timezone", f"there is no time zone {settings.timezone}")
    if not 0 <= settings.sla_target <= 100:
        raise InvalidField("sla_target", "the target is a percentage, from 0 to 100")
    if settings.sla_ms < 0 or settings.tolerated_ms < 0:
        raise InvalidField("sla_ms" if settings.sla_ms < 0 else "tolerated_ms", "a time cannot be negative")
    if not 0 <= settings.recording_days <= MOST_RECORDING_DAYS:
        raise InvalidField("recording_days", f"recordings are kept for 1 to {MOST_RECORDING_DAYS} days, or with 0 for ever")
