"""One packet of AMI, and which packets are worth parsing.

Most packets of a busy stream (RTCP, variables) have no information about visits: only those named by `Interest` are parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BANNER = "Asterisk Call Manager/"
CONNECTED = "tcp-connected"
CLOSED = "tcp-closed"
SILENCE = "silence"
RESUMED = "resumed"
"""Names of pseudo-packets about the stream itself: a connection made (BANNER, CONNECTED) or lost, a silence, the first
event after a new connection."""


_DIGITS = 10
"""The most digits of a number in a packet, and of an instant in seconds."""


_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""What stands for no byte of a stream, and may be in a damaged recording."""


class BrokenPacket(ValueError):
    """A packet lacks a required header."""


@dataclass(slots=True)
class Packet:
    """One packet of AMI. `at`: microseconds UTC by the PBX's own clock if the packet has it, else its arrival.

    `last`: instant of the previous packet. For a repeated header `packet["Name"]` is the first value.
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
        """The header's value; "" if the PBX does not know it (`<unknown>`, `<null>`, or no such header)."""
        value = self.headers.get(name, "")
        return "" if value in ("<unknown>", "<null>") else value

    def whole(self, name: str) -> int:
        """The header's value as a number; 0 if it is empty or missing."""
        value = self.headers.get(name, "")
        return int(value) if value.isdecimal() and len(value) <= _DIGITS else 0


class Interest:
    """Which packets are parsed: events by name, and `VarSet` events by their variable."""

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
    """The headers of a packet (the first value of each), all values of the repeated ones, and the first line that is no header."""
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
    """Parse an instant such as `1795409479.537169` into microseconds; 0 if it is none."""
    whole, _, fraction = seconds.partition(".")
    if not whole.isdecimal() or len(whole) > _DIGITS or not (fraction.isdecimal() or not fraction):
        return 0
    return int(whole) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def timestamp(raw: str) -> int:
    """The `Timestamp` header of an unparsed packet; 0 if it has none."""
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
        return _NO_BYTE.sub("\ufffd", line).encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return line
