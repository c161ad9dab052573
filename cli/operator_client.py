"""The operator client: sends a command to the server that holds a data directory, by HTTP over the Unix socket in it."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from cli.console import Console
from cli.operator_commands import Exit, Notice, OperatorCommand, Output, Progress, Record

SOCKET = "socket"
ROUTE = "/operator"
LOST = "the server stopped before it had answered"
OTHER_VERSION = "the server that holds this directory is of another version"
_LONGEST_ADDRESS = 100
_RECORD = msgspec.json.Decoder(Record)


class NoServer(Exception):
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


def connect(directory: Path) -> socket.socket:
    """A connection to the server that holds `directory`. Raises NoServer."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        with address(directory) as path:
            connection.connect(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError, ConnectionRefusedError) as error:
        connection.close()
        raise NoServer from error
    return connection


def is_served(directory: Path) -> bool:
    """Whether a server answers in this directory."""
    with suppress(NoServer), connect(directory):
        return True
    return False


def run_on_server(directory: Path, command: OperatorCommand, console: Console) -> int:
    """Run `command` in the server that holds `directory`; its exit status. Raises NoServer."""
    connection = connect(directory)
    # A command that finds no server need not wait for this import.
    from http.client import HTTPConnection, HTTPException

    with closing(HTTPConnection("localhost")) as http:
        http.sock = connection
        try:
            http.request("POST", f"{ROUTE}?width={console.width}", msgspec.json.encode(command))
        except BrokenPipeError as error:
            raise NoServer from error
        # These are raised when the server is killed, in the middle of a record too.
        with suppress(HTTPException, ConnectionResetError, msgspec.DecodeError), http.getresponse() as response:
            if response.status != 200:
                console.warn(OTHER_VERSION)
                return 1
            for line in response:
                match _RECORD.decode(line):
                    case Output(text=text):
                        console.out(text)
                    case Notice(text=text):
                        console.warn(text)
                    case Progress(label=label, done=done, total=total, unit=unit):
                        console.progress(label, done, total, unit)
                    case Exit(status=status):
                        return status
    console.warn(LOST)
    return 1
