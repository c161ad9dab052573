"""An Asterisk that hands calls over by FastAGI, played by a test: what its caller keys, and how its queues are."""

from __future__ import annotations

import re
import socket
import struct
import wave
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from types import TracebackType
from typing import Self

WAITS_S = 20.0


class SpokenAsWritten:
    """A speech engine without a voice: some silence for every text."""

    name = "as written"

    def __init__(self) -> None:
        self.spoken: list[str] = []

    def speak(self, text: str, voice: str) -> bytes:
        self.spoken.append(text)
        return silence(0.1)


def silence(seconds: float, rate: int = 8_000, channels: int = 1) -> bytes:
    """A .wav of silence."""
    written = BytesIO()
    with closing(wave.open(written, "wb")) as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(struct.pack("<h", 0) * int(rate * seconds) * channels)
    return written.getvalue()


@dataclass
class FakePbx:
    """One call. keys: what the caller keys, a string for each time it is asked ("" = nothing). queue: QUEUESTATUS after the queue.

    hangs_up_at: the caller hangs up at the first command that begins with this.
    """

    port: int
    path: str = "principal"
    call: str = "1772470800.1"
    number: str = "5511987654321"
    keys: list[str] = field(default_factory=list)
    waiting: int = 0
    hold_s: int = 0
    queue: str = "TIMEOUT"
    hangs_up_at: str = "never"
    clock: str = "1772470800.250000"
    commands: list[str] = field(default_factory=list)
    is_hung_up: bool = False
    _rest: str = ""

    def __enter__(self) -> Self:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=WAITS_S)
        self.file = self.socket.makefile("rwb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.file.close()
        self.socket.close()

    def run(self) -> list[str]:
        """Play the call to its end; returns the commands that were received."""
        variables = {"network": "yes", "request": f"agi://127.0.0.1/{self.path}", "uniqueid": self.call, "callerid": self.number}
        self._say("".join(f"agi_{name}: {value}\n" for name, value in variables.items()) + "\n")
        while line := self.file.readline().decode().strip():
            self.commands.append(line)
            if line.startswith(self.hangs_up_at):
                self.is_hung_up = True
                self._say("HANGUP\n511 result=-1 Command Not Permitted on a dead channel or intercept routine\n")
                break
            self._say(f"200 result={self._answer(line)}\n")
            if line == "HANGUP":
                break
        return self.commands

    def _answer(self, line: str) -> str:
        if line.startswith("WAIT FOR DIGIT"):
            return str(ord(self._key())) if self._has_key(line) else "0"
        if line.startswith("GET FULL VARIABLE"):
            found = re.search(r"\$\{(\w+)", line)
            values = {"STRFTIME": self.clock, "QUEUECALLS": str(self.waiting), "QUEUEHOLDTIME": str(self.hold_s), "QUEUESTATUS": self.queue}
            value = values.get(found[1] if found else "", "0")
            return f"1 ({value})" if value else "0"
        if line.startswith("STREAM FILE"):
            return "0 endpos=800"
        return "1" if line == "HANGUP" else "0"

    def _has_key(self, line: str) -> bool:
        """Keys of one input follow each other fast; the next input comes when it is asked for."""
        if not self._rest and int(line.rsplit(maxsplit=1)[-1]) >= 1_000 and self.keys:
            self._rest = self.keys.pop(0)
        return self._rest != ""

    def _key(self) -> str:
        key, self._rest = self._rest[0], self._rest[1:]
        return key

    def _say(self, text: str) -> None:
        self.file.write(text.encode())
        self.file.flush()
