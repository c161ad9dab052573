"""One FastAGI connection: a call that an Asterisk has handed over. Lines, waits and numbers of lines are bounded.

The protocol: Asterisk sends `agi_name: value` lines up to an empty one; then it answers each command with `200 result=...`.
A caller's hang-up is a line `HANGUP` between answers, a result of -1, or the status 511.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

LONGEST_LINE = 8_192
MOST_VARIABLES = 100
MOST_LINES = 100
"""Lines of one answer, those of the usage that follow an unknown command included."""
BEGINS_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 10.0

_ANSWER = re.compile(r"(\d{3}) result=(-?[0-9*#A-Da-d]*)(?: \((.*)\))?(?: endpos=(\d+))?")
_PROGRESS = "100"
_DEAD_CHANNEL = "511"
_USAGE = "520-"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


class HungUp(Exception):
    """The caller has hung up, or the connection to the Asterisk is gone."""


class BrokenAgi(Exception):
    """The other side does not speak AGI, or refused a command."""


@dataclass(frozen=True)
class Reply:
    """An Asterisk's answer: its result ("0", an ASCII code), the value in brackets, and after how many samples a sound ended."""

    result: str
    value: str = ""
    samples: int | None = None

    @property
    def key(self) -> str:
        """The key that was pressed; "" for none. Results are ASCII codes of keys."""
        return chr(int(self.result)) if self.result.isdecimal() and int(self.result) in _KEYS else ""


_KEYS = frozenset(map(ord, "0123456789*#"))


@dataclass
class Session:
    """The connection of one call. variables: what Asterisk says of it, without the prefix `agi_`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    variables: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """Read what Asterisk says of the call. Raises BrokenAgi, HungUp."""
        try:
            async with asyncio.timeout(BEGINS_WITHIN_S):
                for _ in range(MOST_VARIABLES):
                    line = await self._line()
                    if not line:
                        break
                    name, colon, value = line.partition(":")
                    if not colon or not name.startswith("agi_"):
                        raise BrokenAgi("this is no AGI request")
                    self.variables[name.removeprefix("agi_")] = value.strip()
                else:
                    raise BrokenAgi("the AGI request has too many lines")
        except TimeoutError:
            raise BrokenAgi("the AGI request did not end in time") from None
        if not self.call:
            raise BrokenAgi("the AGI request names no call")

    @property
    def call(self) -> str:
        """Asterisk's id of the call (Uniqueid)."""
        return self.variables.get("uniqueid", "")

    @property
    def number(self) -> str:
        """The caller's number as Asterisk knows it; "" for none."""
        number = self.variables.get("callerid", "")
        return "" if number.lower() == "unknown" else number

    @property
    def asked(self) -> tuple[str, dict[str, str]]:
        """The path of the URL that the dialplan asked for, and its parameters."""
        try:
            url = urlsplit(self.variables.get("request", ""))
            return unquote(url.path.strip("/")), dict(parse_qsl(url.query))
        except ValueError:
            return "", {}

    async def command(self, *words: str, within_s: float = ANSWERS_WITHIN_S) -> Reply:
        """Send a command and wait for its answer. Raises HungUp, BrokenAgi."""
        text = " ".join(_quoted(word) for word in words)
        try:
            async with asyncio.timeout(within_s):
                self.writer.write(f"{text}\n".encode())
                await self.writer.drain()
                return await self._reply(words[0])
        except TimeoutError:
            raise BrokenAgi(f"{words[0]} was not answered in time") from None
        except ConnectionError:
            raise HungUp from None

    async def _reply(self, name: str) -> Reply:
        for _ in range(MOST_LINES):
            line = await self._line()
            if line == "HANGUP" or line.startswith((_PROGRESS, _USAGE)):
                # The answer to the command follows, also after a hang-up.
                continue
            if line.startswith(_DEAD_CHANNEL):
                raise HungUp
            found = _ANSWER.fullmatch(line)
            if found is None:
                if re.match(r"\d{3}", line):
                    raise BrokenAgi(f"{name} was refused: {line[:3]}")
                # The lines of a usage text.
                continue
            if found[2] == "-1":
                raise HungUp
            return Reply(found[2], found[3] or "", None if found[4] is None else int(found[4]))
        raise BrokenAgi(f"the answer to {name} has too many lines")

    async def _line(self) -> str:
        try:
            raw = await self.reader.readline()
        except ValueError:
            raise BrokenAgi("a line is too long") from None
        except ConnectionError:
            raise HungUp from None
        if not raw.endswith(b"\n"):
            raise HungUp
        return raw.decode("utf-8", "replace").strip()


def _quoted(word: str) -> str:
    """A word as one argument."""
    if _UNSAFE.search(word):
        raise BrokenAgi("a command has no control characters")
    if word and not re.search(r'[\s"\\]', word):
        return word
    return '"{}"'.format(word.replace("\\", "\\\\").replace('"', '\\"'))
