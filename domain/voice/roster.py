"""The roster: whose each telephone interface was, from when to when, as AMI, a list of members or the agents themselves say.

Whose an event of a telephone is depends on the event's own instant alone. So nobody gets the past of a telephone by choosing it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple
from uuid import UUID

from domain.base import MS, Aggregate, Event, EventMetadata
from domain.errors import Refused
from domain.names import cleaned, identity

BEGINNING_MS, END_MS = -(2**62), 2**62
"""Before and after all instants."""


class MemberMatched(Event, frozen=True, kw_only=True):
    """From now on facts about the interface are facts about the member. member: "" = the interface is nobody's any more.

    chosen: a person chose or released it, or a source repeats that. Otherwise a source has observed it, and the first such member had it before too, as far as nobody else had.
    """

    SLICE: ClassVar[str] = "agents"
    TOPIC: ClassVar[str] = "roster.member_matched"
    interface: str
    member: str
    chosen: bool = False

    @property
    def from_ms(self) -> int:
        """From when on: no earlier than the event, so that what was before in the same millisecond stays whose it was."""
        return -(-self.occurred_at // MS)


class Match(NamedTuple):
    """What a MemberMatched says of its interface."""

    member: str
    from_ms: int
    chosen: bool


class Holding(NamedTuple):
    """The interface was the member's in [from_ms, until_ms). member: "" = nobody's."""

    member: str
    from_ms: int
    until_ms: int


def holdings(matches: Sequence[Match]) -> list[Holding]:
    """Whose an interface was, from the beginning to the end of time, by its matches in the order in which they were recorded. Each differs from the next."""
    observed = next((match for match in matches if match.member and not match.chosen), None)
    edges = [Match("", BEGINNING_MS, chosen=True), *matches]
    found: list[Holding] = []
    for match, until_ms in zip(edges, [*(after.from_ms for after in matches), END_MS], strict=True):
        reached_back = observed is not None and match.member == "" and until_ms <= observed.from_ms
        member = observed.member if observed is not None and reached_back else match.member
        if found and found[-1].member == member:
            found[-1] = found[-1]._replace(until_ms=until_ms)
        else:
            found.append(Holding(member, match.from_ms, until_ms))
    return found


class Roster(Aggregate):
    """One company's interfaces and members."""

    KIND = "roster"
    EVENTS = MemberMatched

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self._matches: dict[str, list[Match]] = {}
        """By the identity of the interface's name: sources spell it differently."""

    def member_of(self, interface: str) -> str:
        """The name of the member who is this interface now, in whatever spelling; "" for an interface without a match."""
        matches = self._matches.get(identity(interface))
        return matches[-1].member if matches else ""

    def member_at(self, interface: str, at: int) -> str:
        """The name of the member who was this interface at this instant (us); "" if nobody was."""
        matches = self._matches.get(identity(interface), ())
        return next((held.member for held in holdings(matches) if held.from_ms <= at // MS < held.until_ms), "") if matches else ""

    def must_be_free_for(self, interface: str, member: str) -> None:
        """Refuse to give a member by hand what is the telephone of another member. What a source observes is never refused."""
        owner = self.member_of(interface)
        if identity(owner) not in ("", identity(member)):
            raise Refused("interface-taken", f"{interface} is the telephone of the agent {owner}")

    def release(self, interface: str, member: str, metadata: EventMetadata) -> None:
        """Record that the interface is nobody's any more. Nothing happens if it is none of this member's."""
        if identity(self.member_of(interface)) == identity(member):
            self._trigger(interface, "", metadata, chosen=True)

    def choose(self, interface: str, member: str, metadata: EventMetadata) -> bool:
        """Record that the member is reached by the interface from now on, by a person's word; False when that was known."""
        if self._is_known(interface, member):
            return False
        self._trigger(interface, member, metadata, chosen=True)
        return True

    def match(self, interface: str, member: str, metadata: EventMetadata) -> bool:
        """Record that the interface is the member, as a source observes; False when that was known.

        The PBX repeats what a person chose, even after it was given up: it counts from now on, as the choice itself did.
        """
        if self._is_known(interface, member):
            return False
        before = self._matches.get(identity(interface), ())
        chosen = any(match.chosen and identity(match.member) == identity(member) for match in before)
        self._trigger(interface, member, metadata, chosen=chosen)
        return True

    def is_first_observed(self, interface: str) -> bool:
        """Whether the last match of the interface is the first that a source observed: the member had it before too, as far as nobody else had."""
        observed = [match for match in self._matches.get(identity(interface), ()) if match.member and not match.chosen]
        return len(observed) == 1 and observed[0] is self._matches[identity(interface)][-1]

    def _is_known(self, interface: str, member: str) -> bool:
        return identity(member) in (identity(interface), identity(self.member_of(interface)))

    def _trigger(self, interface: str, member: str, metadata: EventMetadata, *, chosen: bool) -> None:
        self.trigger(
            MemberMatched, metadata, metadata.recorded_at, interface=cleaned(interface), member=cleaned(member), chosen=chosen
        )  # fmt: skip

    def apply(self, event: Event) -> None:
        if isinstance(event, MemberMatched):
            match = Match(event.member, event.from_ms, event.chosen)
            self._matches.setdefault(identity(event.interface), []).append(match)
