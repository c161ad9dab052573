"""The roster: which telephone interface is which member (agent), as AMI or a list of members reports it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from domain.base import Aggregate, Event, EventMetadata


class MemberMatched(Event, frozen=True, kw_only=True):
    """From now on facts about the interface are facts about the member."""

    SLICE: ClassVar[str] = "agents"
    TOPIC: ClassVar[str] = "roster.member_matched"
    interface: str
    member: str


class Roster(Aggregate):
    """One company's interfaces and members."""

    KIND = "roster"
    EVENTS = MemberMatched

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.members: dict[str, str] = {}

    def match(self, interface: str, member: str, metadata: EventMetadata) -> bool:
        """Record that the interface is the member; False when that was known."""
        if interface == member or self.members.get(interface) == member:
            return False
        self.trigger(MemberMatched, metadata, metadata.recorded_at, interface=interface, member=member)
        return True

    def apply(self, event: Event) -> None:
        if isinstance(event, MemberMatched):
            self.members[event.interface] = event.member
