"""The other side of an AMI connection, which does what a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from telephony_adapter.ami.packets import parse

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
Answering = Callable[[dict[str, str]], str]


class Pbx:
    """Listens, greets, and answers each action with the packets that `answering` returns. refuses: whether new connections are closed at once."""

    def __init__(self, answering: Answering, banner: bytes = BANNER) -> None:
        self.actions: list[dict[str, str]] = []
        self.refuses = False
        self._answering, self._banner = answering, banner
        self._greeted = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._near: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                with near, suppress(OSError):
                    if not self.refuses:
                        self._serve(near)

    def _serve(self, near: socket.socket) -> None:
        self._near = near
        near.sendall(self._banner)
        self._greeted.set()
        rest = b""
        while more := near.recv(4096):
            *packets, rest = (rest + more).split(b"\r\n\r\n")
            for packet in packets:
                action = parse(packet.decode("utf-8", "surrogateescape"))[0]
                self.actions.append(action)
                self.send(self._answering(action))

    def send(self, text: str) -> None:
        """Send it as it is."""
        assert self._greeted.wait(10)
        assert self._near is not None
        self._near.sendall(text.encode("utf-8", "surrogateescape"))

    def hang_up(self) -> None:
        """Close the connection."""
        assert self._near is not None
        self._near.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        for each in (self._near, self._listener):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
