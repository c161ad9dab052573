"""One packet of AMI, and which packets are worth parsing.

Most of a busy stream (RTCP, variables, tests of the build) says nothing about a visit: only what `Interest` names is parsed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BANNER = "Asterisk Call Manager/"
CONNECTED = "tcp-connected"
CLOSED = "tcp-closed"
SILENCE = "silence"
RESUMED = "resumed"
"""Names of what is no packet of the PBX but happened to the stream itself: a connection made (BANNER, CONNECTED) or lost,
a silence, the first event after a new connection."""


_DIGITS = 10
"""More than any number in a packet has, and than any instant in seconds."""


class BrokenPacket(ValueError):
    """A packet lacks what its kind always has."""


@dataclass(slots=True)
class Packet:
    """One packet of AMI. `at`: microseconds UTC by the PBX's own clock where it tells it, else of its arrival.

    `last`: instant of the packet before it. Of a header that is repeated `packet["Name"]` is the first value.
    """

    name: str
    at: int
    last: int
    headers: dict[str, str]
    number: int = 0
    repeated: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        try:
            return self.headers[name]
        except KeyError:
            raise BrokenPacket(f"{self.name} without {name}") from None

    def get(self, name: str) -> str:
        """The header's value; "" when the PBX does not tell it (`<unknown>`, `<null>`, or no such header)."""
        value = self.headers.get(name, "")
        return "" if value in ("<unknown>", "<null>") else value

    def whole(self, name: str) -> int:
        """A number told by the PBX; 0 where it is empty or missing."""
        value = self.headers.get(name, "")
        return int(value) if value.isdecimal() and len(value) <= _DIGITS else 0


class Interest:
    """Which packets are worth parsing: events by name, and of the many `VarSet` those of some variables."""

    def __init__(self, events: frozenset[str], variables: frozenset[str]) -> None:
        self.events = events
        self.variables = set(variables)

    def wants(self, name: str, raw: str) -> bool:
        """Whether the packet `raw`, an event called `name`, is of interest."""
        if name not in self.events:
            return False
        if name != "VarSet":
            return True
        start = raw.find("\nVariable: ") + 11
        return raw[start : raw.find("\r", start)] in self.variables


def parse(raw: str) -> tuple[dict[str, str], dict[str, list[str]], str]:
    """The headers of a packet (of each the first value), all values of those repeated, and the first line that is no header."""
    headers: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    stray = ""
    for line in (raw if raw.isascii() else _readable(raw)).split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            stray = stray or line
        elif name in headers:
            repeated.setdefault(name, [headers[name]]).append(value.removeprefix(" "))
        else:
            headers[name] = value.removeprefix(" ")
    return headers, repeated, stray


def microseconds(seconds: str) -> int:
    """An instant that the PBX writes as `1795409479.537169`, in microseconds; 0 when it is none."""
    whole, _, fraction = seconds.partition(".")
    if not whole.isdecimal() or len(whole) > _DIGITS or not (fraction.isdecimal() or not fraction):
        return 0
    return int(whole) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def timestamp(raw: str) -> int:
    """The `Timestamp` header of a packet that is not parsed; 0 when it has none."""
    start = raw.find("\nTimestamp: ") + 12
    return microseconds(raw[start : raw.find("\r", start)]) if start > 11 else 0


def _readable(raw: str) -> str:
    """Bytes that are not UTF-8 are read as Windows-1252, line by line."""
    try:
        raw.encode()
    except UnicodeEncodeError:
        return "\r\n".join(_line_readable(line) for line in raw.split("\r\n"))
    return raw


def _line_readable(line: str) -> str:
    try:
        line.encode()
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return line
