"""The line to the process that holds the data directory: a Unix socket in it, one JSON document a line.

The asking process writes one `Request`; the holder answers with what its command says, `Exit` at last.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cli.asks import Ask, Exit, Out, Request, Said, Step, Warn
from cli.console import Console

SOCKET = "socket"
_LONGEST_ADDRESS = 100
LOST = "the server stopped before it had answered"


class NobodyHolds(Exception):
    """No server answers in this directory."""


@contextmanager
def address(directory: Path) -> Iterator[str]:
    """A path of the directory's socket that is short enough for the operating system (108 bytes)."""
    path = directory / SOCKET
    if len(str(path).encode()) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as short:
        link = Path(short) / "d"
        link.symlink_to(directory.absolute(), target_is_directory=True)
        yield str(link / SOCKET)


def is_served(directory: Path) -> bool:
    """Whether a server answers in this directory."""
    with socket.socket(socket.AF_UNIX) as line, address(directory) as path:
        return line.connect_ex(path) == 0


def ask_holder(directory: Path, ask: Ask, console: Console) -> int:
    """Let the server that holds `directory` answer; the exit status. Raises NobodyHolds."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            with address(directory) as path:
                line.connect(path)
            line.sendall(msgspec.json.encode(Request(ask, console.width)) + b"\n")
        except (FileNotFoundError, NotADirectoryError, PermissionError, ConnectionRefusedError, BrokenPipeError) as error:
            raise NobodyHolds from error
        return _listen(line, console)


def _listen(line: socket.socket, console: Console) -> int:
    decoder = msgspec.json.Decoder(Said)
    try:
        with line.makefile("rb") as answers:
            for answer in answers:
                match decoder.decode(answer):
                    case Out(text=text):
                        console.out(text)
                    case Warn(text=text):
                        console.warn(text)
                    case Step(label=label, done=done, total=total, unit=unit):
                        console.progress(label, done, total, unit)
                    case Exit(status=status):
                        return status
    except (ConnectionResetError, msgspec.DecodeError):
        # Killed in the middle of a line.
        pass
    console.warn(LOST)
    return 1
