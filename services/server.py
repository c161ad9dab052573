"""The base class of the servers."""

from __future__ import annotations

import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from time import sleep
from typing import ClassVar

from services.process import Daemon, wait_for

HOST = "127.0.0.1"
USER = "atende"
_ANSWERS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 30.0
_TRIES = 100
_STARTS = 3
_MOMENT_S = 1.0


class DoesNotRun(Exception):
    """A server could not be started. The message is the reason."""


class Server(ABC):
    """One server with its own folder. It answers on the first of its `ports`."""

    NAME: ClassVar[str]
    FOLDER: ClassVar[str]
    VARIABLE: ClassVar[str]
    """The setting of Atende that holds its address."""
    PORT: ClassVar[int]
    PORTS: ClassVar[int] = 1
    PACKAGES: ClassVar[Sequence[str]]
    """The names of its packages in Debian."""
    ENDED_BY: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, directory: Path, secret: str) -> None:
        self.folder = directory / self.FOLDER
        self.folder.mkdir(exist_ok=True)
        self.secret = secret
        self.daemon = Daemon(self.folder)

    @abstractmethod
    def is_installed(self) -> bool:
        """Whether its programs are installed."""

    @abstractmethod
    def launch(self) -> None:
        """Create its data directory if there is none, and start its process."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it answers a request."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The value of the setting VARIABLE."""

    @property
    def ports(self) -> list[int]:
        """The ports that it listens on, or listened on when it last ran."""
        kept = self.folder / "ports"
        return [int(port) for port in kept.read_text(encoding="ascii").split()] if kept.exists() else []

    def start(self, port: int | None) -> bool:
        """Start it, on the port `port` if that is given. Returns False if it ran already. Raises DoesNotRun."""
        if self.daemon.pid() is not None:
            if port is not None and port != self.ports[0]:
                raise DoesNotRun(f"it runs already, on port {self.ports[0]} and not on {port}: make services-down first")
            if wait_for(self.answers, _ANSWERS_WITHIN_S):
                return False
            raise self._silent()
        ports = " ".join(map(str, self._choose(port)))
        (self.folder / "ports").write_text(f"{ports}\n", encoding="ascii")
        for _ in range(_STARTS):
            self.launch()
            wait_for(lambda: self.daemon.pid() is None or self.answers(), _ANSWERS_WITHIN_S)
            if self.daemon.pid() is not None:
                break
            # A server that was killed just now may need a moment to release its files and ports.
            sleep(_MOMENT_S)
        if self.daemon.pid() is None or not self.answers():
            raise self._silent()
        return True

    def stop(self) -> bool:
        """Stop it. Returns False if it did not run."""
        if self.daemon.pid() is None:
            return False
        self.daemon.stop(self.ENDED_BY, _ENDS_WITHIN_S)
        return True

    def _silent(self) -> DoesNotRun:
        what = "it ended by itself" if self.daemon.pid() is None else "it does not answer"
        return DoesNotRun(f"{what}; the end of {self.daemon.log}:\n{self.daemon.last_words()}")

    def _choose(self, first: int | None) -> list[int]:
        """Free ports: those from `first` on if that is given, the ones of the last run, or the next free ones from PORT."""
        if first is not None:
            ports = list(range(first, first + self.PORTS))
            if not free(ports):
                raise DoesNotRun(f"port {' or '.join(map(str, ports))} is taken")
            return ports
        usual = (list(range(first, first + self.PORTS)) for first in range(self.PORT, self.PORT + _TRIES * self.PORTS, self.PORTS))
        for ports in (self.ports, *usual):
            if len(ports) == self.PORTS and free(ports):
                return ports
        raise DoesNotRun(f"no port from {self.PORT} on is free")


def free(ports: Sequence[int]) -> bool:
    """Whether all of these ports are free, for TCP and for UDP."""
    with ExitStack() as sockets:
        try:
            for port in ports:
                bound = sockets.enter_context(socket.socket())
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                bound.bind((HOST, port))
                sockets.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True
