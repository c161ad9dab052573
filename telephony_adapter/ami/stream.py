"""The packets of one AMI stream in their order, each with its instant, and where the stream was cut off: the same for a recording and for a live connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.personal_data import shape
from telephony_adapter.ami.packets import BANNER, RESUMED, SILENCE, Interest, Packet, microseconds, parse, timestamp

QUIET_US = 1_500_000
"""A longer time without packets is reported as a silence, in case it turns out to be a cut."""

_UNDATED_AT_MOST = 1_000
LONGEST_PACKET = 1 << 16
"""Characters of a packet: Asterisk's longest ones, variables of a channel, have some thousand. Packets are held until they are sent."""

LONGEST_NAME = 64
MOST_NAMES = 1_000
"""Names of events that are remembered: Asterisk has 200. A recording may be made of others."""

_BROKEN_KEPT = 10_000
UNDATED = "without an instant (timestampevents = yes gives one)"


@dataclass(frozen=True, slots=True)
class Broken:
    """An unreadable packet. `number`: its line in a file of lines, else its number in the stream."""

    number: int
    why: str


class PacketStream:
    """Gives packets their instants and adds the pseudo-packets RESUMED and SILENCE; counts all packets.

    read: the number of packets so far. names: of the events among them, the first thousand. broken: unreadable ones, the first some thousand of `broken_count`. first,
    last: instants of the first and the last sign of life. latest_us: packets with a later instant are set aside, because the clock was wrong; None = no limit.
    """

    def __init__(self, interest: Interest, latest_us: int | None = None) -> None:
        self.interest = interest
        self.latest_us = latest_us
        self.read = 0
        self.names: set[str] = set()
        self.broken: list[Broken] = []
        self.broken_count = 0
        self.first = 0
        self.last = 0
        self._broken_off = False
        self._undated: list[tuple[str, int]] = []

    def broke(self, number: int, why: str) -> None:
        """Note an unreadable packet."""
        self.broken_count += 1
        if len(self.broken) < _BROKEN_KEPT:
            self.broken.append(Broken(number, why))

    def note(self, name: str, instant: int, number: int) -> Packet:
        """A connection was made or lost (CONNECTED, CLOSED)."""
        self._broken_off = True
        return Packet(name, instant, self.last, {}, number)

    def packet(self, raw: str, arrived: int, number: int) -> Iterator[Packet]:
        """The next packet, as text. arrived: its instant (microseconds); 0 = its own Timestamp."""
        self.read += 1
        if "\n" in raw and "\r\n" not in raw:
            raw = raw.replace("\n", "\r\n")
        raw = raw.removeprefix("\r\n")
        if raw.startswith(BANNER):
            self._broken_off = True
            yield Packet(BANNER, arrived or self.last, self.last, {}, number)
            self._alive(arrived)
            return
        if len(raw) > LONGEST_PACKET:
            self.broke(number, "too long for a packet")
            return
        event = raw.startswith("Event: ")
        if not event and not raw.startswith("Response: "):
            self.broke(number, f"neither event nor response: {shape(raw)!r}")
            return
        if event and len(self.names) < MOST_NAMES:
            self.names.add(event_name(raw))
        instant = arrived or timestamp(raw)
        if self.latest_us is not None and instant > self.latest_us:
            self.broke(number, f"set aside: more than a day after the import ({instant // 1_000_000})")
            return
        if instant:
            yield from self._dated(instant)
        elif self._broken_off or not self.last:
            if event:
                self._wait_for_an_instant(raw, number)
            return
        yield from self._at(instant or self.last, raw, event, number)

    def _wait_for_an_instant(self, raw: str, number: int) -> None:
        """A packet that a PBX sends right after it accepts a connection (FullyBooted) has no instant: it gets that of the next packet with one."""
        if not self.interest.wants(event_name(raw), raw):
            return
        if len(self._undated) < _UNDATED_AT_MOST:
            self._undated.append((raw, number))
        else:
            self.broke(number, f"{event_name(raw)} {UNDATED}")

    def _dated(self, instant: int) -> Iterator[Packet]:
        waited, self._undated = self._undated, []
        for raw, number in waited:
            yield from self._at(instant, raw, True, number)

    def _at(self, instant: int, raw: str, event: bool, number: int) -> Iterator[Packet]:
        before = self.last
        if self._broken_off:
            if event:
                self._broken_off = False
                yield Packet(RESUMED, instant, before, {}, number)
        elif before and instant - before > QUIET_US:
            yield Packet(SILENCE, instant, before, {}, number)
        self._alive(instant)
        name = event_name(raw)
        if event and self.interest.wants(name, raw):
            headers, repeated, stray = parse(raw)
            if stray:
                self.broke(number, f"{name}: a line without a colon: {shape(stray)!r}")
            else:
                yield Packet(name, microseconds(headers.get("Timestamp", "")) or instant, before, headers, number, repeated)

    def _alive(self, instant: int) -> None:
        if instant:
            self.first = self.first or instant
            self.last = max(self.last, instant)


def event_name(raw: str) -> str:
    """The name of an event; of a longer one than any event has, the beginning."""
    return raw[7 : 7 + LONGEST_NAME].partition("\r")[0]
