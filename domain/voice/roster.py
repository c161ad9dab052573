"""The roster: which telephone interface is which member (agent), as AMI or a list of members reports it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from domain.base import Aggregate, Event, EventMetadata
from domain.errors import Refused
from domain.names import cleaned, identity


class MemberMatched(Event, frozen=True, kw_only=True):
    """From now on facts about the interface are facts about the member. member: "" = the interface is nobody's any more."""

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
        self._members: dict[str, str] = {}
        """By the identity of the interface's name: sources spell it differently."""

    def member_of(self, interface: str) -> str:
        """The name of the member who is this interface, in whatever spelling; "" for an interface without a match."""
        return self._members.get(identity(interface), "")

    def must_be_free_for(self, interface: str, member: str) -> None:
        """Refuse to give a member by hand what is the telephone of another member. What a source observes is never refused."""
        owner = self.member_of(interface)
        if identity(owner) not in ("", identity(member)):
            raise Refused("interface-taken", f"{interface} is the telephone of the agent {owner}")

    def release(self, interface: str, member: str, metadata: EventMetadata) -> None:
        """Record that the interface is nobody's any more. Nothing happens if it is none of this member's."""
        if identity(self.member_of(interface)) == identity(member):
            self.trigger(MemberMatched, metadata, metadata.recorded_at, interface=cleaned(interface), member="")

    def match(self, interface: str, member: str, metadata: EventMetadata) -> bool:
        """Record that the interface is the member; False when that was known."""
        if identity(member) in (identity(interface), identity(self.member_of(interface))):
            return False
        self.trigger(MemberMatched, metadata, metadata.recorded_at, interface=cleaned(interface), member=cleaned(member))
        return True

    def apply(self, event: Event) -> None:
        if isinstance(event, MemberMatched):
            self._members[identity(event.interface)] = event.member
