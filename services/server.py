"""What the three servers have in common."""

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
    """A server could not be started; says why."""


class Server(ABC):
    """One server, in its own folder. `ports`: the first is where it answers."""

    NAME: ClassVar[str]
    FOLDER: ClassVar[str]
    VARIABLE: ClassVar[str]
    """The setting of the house that holds its address."""
    PORT: ClassVar[int]
    PORTS: ClassVar[int] = 1
    PACKAGES: ClassVar[Sequence[str]]
    """What Debian calls it."""
    ENDED_BY: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, directory: Path, secret: str) -> None:
        self.folder = directory / self.FOLDER
        self.folder.mkdir(exist_ok=True)
        self.secret = secret
        self.daemon = Daemon(self.folder)

    @abstractmethod
    def is_installed(self) -> bool:
        """Whether its programs are here."""

    @abstractmethod
    def launch(self) -> None:
        """Make its data directory if there is none yet, and start its process."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does what it is for."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What the setting says."""

    @property
    def ports(self) -> list[int]:
        """Where it listens, or did when it last ran."""
        kept = self.folder / "ports"
        return [int(port) for port in kept.read_text(encoding="ascii").split()] if kept.exists() else []

    def start(self, asked: int | None) -> bool:
        """Let it run, on the port that was `asked` for, if one was; False when it ran already. Raises DoesNotRun."""
        if self.daemon.pid() is not None:
            if asked is not None and asked != self.ports[0]:
                raise DoesNotRun(f"it runs already, on port {self.ports[0]} and not on {asked}: make services-down first")
            if wait_for(self.answers, _ANSWERS_WITHIN_S):
                return False
            raise self._silent()
        ports = " ".join(map(str, self._choose(asked)))
        (self.folder / "ports").write_text(f"{ports}\n", encoding="ascii")
        for _ in range(_STARTS):
            self.launch()
            wait_for(lambda: self.daemon.pid() is None or self.answers(), _ANSWERS_WITHIN_S)
            if self.daemon.pid() is not None:
                break
            # One that was killed just now may need a moment to let go of what it had open.
            sleep(_MOMENT_S)
        if self.daemon.pid() is None or not self.answers():
            raise self._silent()
        return True

    def stop(self) -> bool:
        """End it; False when it did not run."""
        if self.daemon.pid() is None:
            return False
        self.daemon.stop(self.ENDED_BY, _ENDS_WITHIN_S)
        return True

    def _silent(self) -> DoesNotRun:
        what = "it ended by itself" if self.daemon.pid() is None else "it does not answer"
        return DoesNotRun(f"{what}; the end of {self.daemon.log}:\n{self.daemon.last_words()}")

    def _choose(self, asked: int | None) -> list[int]:
        """Ports that are free: those asked for, those of the last time, or the next ones from the usual ones on."""
        if asked is not None:
            ports = list(range(asked, asked + self.PORTS))
            if not free(ports):
                raise DoesNotRun(f"port {' or '.join(map(str, ports))} is taken")
            return ports
        usual = (list(range(first, first + self.PORTS)) for first in range(self.PORT, self.PORT + _TRIES * self.PORTS, self.PORTS))
        for ports in (self.ports, *usual):
            if ports and free(ports):
                return ports
        raise DoesNotRun(f"every port from {self.PORT} on is taken")


def free(ports: Sequence[int]) -> bool:
    """Whether nobody listens on any of these ports."""
    with ExitStack() as sockets:
        try:
            for port in ports:
                bound = sockets.enter_context(socket.socket())
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                bound.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True
