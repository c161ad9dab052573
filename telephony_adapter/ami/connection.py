"""One connection to the manager interface (AMI) of an Asterisk: actions and their responses, and everything that it sends.

pyst2 has the actions (`login`, `ping`, `command`, ...). How they travel is replaced, because its own reader stops for good or blocks for ever
in ordinary cases (docs/adr/0026): here reading is buffered, every wait ends, a response belongs to the action with its ActionID, and the end of
the connection is noticed, also of one whose other side is just gone.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from asterisk.manager import Manager, ManagerAuthException, ManagerException, ManagerMsg, ManagerSocketException

from telephony_adapter.ami.packets import BANNER, parse

__all__ = ["Answer", "Connection", "ConnectionEnded", "ManagerAuthException", "ManagerException", "NoAnswer"]

log = logging.getLogger(__name__)

CONNECTS_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 10.0
PING_AFTER_S = 2.0
"""After so much silence a ping is sent."""
SILENT_S = 10.0
"""An Asterisk that sends nothing for so long, not even the response to a ping, is gone."""

_CHUNK = 1 << 16
_LONGEST = 1 << 22
_PACKET_END = b"\r\n\r\n"
_LONGEST_FILTER = 600
"""Asterisk reads lines of up to 1,024 bytes."""

ConnectionEnded = ManagerSocketException

Received = Callable[[str], object]
"""Called with each packet, in the thread that reads: as long as it does not return nothing more is read."""


class NoAnswer(ManagerException):  # type: ignore[misc] # pyst2 ships no types
    """Asterisk did not answer in time."""


class Answer(ManagerMsg):  # type: ignore[misc] # pyst2 ships no types
    """The response to an action. headers: the first value of each. items: the headers of each event of a list."""

    headers: dict[str, str]

    def __init__(self, raw: str) -> None:
        self.repeated: dict[str, list[str]] = {}
        self.items: list[dict[str, str]] = []
        super().__init__(raw)

    def parse(self, raw: str) -> None:
        """Read the headers."""
        self.headers, self.repeated, self.data = parse(raw)

    @property
    def succeeded(self) -> bool:
        """Whether the action was executed."""
        return self.headers.get("Response") == "Success"

    @property
    def output(self) -> list[str]:
        """The lines of a command's output."""
        return self.repeated.get("Output") or [self.headers[name] for name in ("Output",) if name in self.headers]


@dataclass
class _Waiting:
    """An action without its whole answer yet. listed: the answer includes the events of a list. apart: `received` gets none of it. until: the event that ends it."""

    listed: bool
    apart: bool = False
    until: str = ""
    answer: Future[Answer] = field(default_factory=Future)
    began: Answer | None = None


def _grouped(names: Iterable[str]) -> Iterator[str]:
    """The names as alternatives of regular expressions that are short enough."""
    groups: list[list[str]] = [[]]
    for name in sorted(names):
        if sum(map(len, groups[-1])) + len(groups[-1]) > _LONGEST_FILTER:
            groups.append([])
        groups[-1].append(name)
    return ("|".join(group) for group in groups if group)


class Connection(Manager):  # type: ignore[misc] # pyst2 ships no types
    """A connection, made once. Thread-safe.

    version: of the protocol. reason: why it ended, "" while it lasts.
    """

    version = ""
    reason = ""

    def __init__(self, received: Received = lambda _: None) -> None:
        """received: gets every packet as text, from the first after the banner on; bytes that are not UTF-8 are lone surrogates."""
        self._received = received
        self._numbers = itertools.count(1)
        self._name = f"atende-{os.getpid()}"
        self._sock: socket.socket | None = None
        self._sending = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._expected: list[tuple[str, str, Future[None]]] = []
        self._greeted = threading.Event()
        self._booted = threading.Event()
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name="ami-reader", daemon=True)

    def __del__(self) -> None:
        """Whoever opens it closes it."""

    def connect(self, host: str, port: int = 5038) -> None:
        """Connect. Raises ConnectionEnded, NoAnswer."""
        try:
            self._sock = socket.create_connection((host, port), CONNECTS_WITHIN_S)
        except OSError as error:
            raise ConnectionEnded(error.errno, error.strerror or str(error)) from error
        self._sock.settimeout(PING_AFTER_S)
        self._reader.start()
        if not self._greeted.wait(CONNECTS_WITHIN_S) or self._ended.is_set():
            self.close()
            if self.reason:
                raise ConnectionEnded(0, self.reason)
            raise NoAnswer("it sends no greeting of AMI")

    def connected(self) -> bool:
        """Whether it lasts."""
        return not self._ended.is_set()

    def wait_until_booted(self, timeout_s: float) -> bool:
        """Wait for FullyBooted: before it, an Asterisk that has just started accepts logins and knows no queues. False if it does not come."""
        return self._booted.wait(timeout_s) and self.connected()

    def close(self) -> None:
        """Log off and close it. Can be repeated."""
        with suppress(OSError, ManagerException):
            self._send("Action: Logoff\r\n\r\n")
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            if self._reader.ident is not None and self._reader is not threading.current_thread():
                self._reader.join()
            self._sock.close()

    # Actions

    def send_action(self, cdict: dict[str, object] | None = None, **fields: object) -> Answer:
        """Send an action and wait for its response. A list is one header for each item. Raises ConnectionEnded, NoAnswer."""
        return self._ask({**(cdict or {}), **fields}, listed=False)

    def list(self, action: str, **fields: object) -> Answer:
        """Send an action whose response is a list, and wait for all of it. Raises ConnectionEnded, NoAnswer."""
        return self._ask({"Action": action, **fields}, listed=True)

    def list_apart(self, action: str, **fields: object) -> Answer:
        """As `list`, but for the caller alone: no packet of it is passed to `received`."""
        return self._ask({"Action": action, **fields}, listed=True, apart=True)

    def outcome(self, event: str, timeout_s: float, action: str, **fields: object) -> Answer:
        """Send an action whose outcome an event of this name tells later; `items` has it if the action was accepted. Raises ConnectionEnded, NoAnswer."""
        return self._ask({"Action": action, **fields}, listed=False, until=event, timeout_s=timeout_s)

    def expect(self, event: str, header: str, value: str) -> Future[None]:
        """A future that is done with the first event of this name, from now on, in which the header has this value. The end of the connection is an error.

        Whoever no longer waits cancels it.
        """
        future: Future[None] = Future()
        with self._sending:
            if self._ended.is_set():
                future.set_exception(ConnectionEnded(0, self.reason))
            else:
                self._expected.append((f"Event: {event}\r\n", f"\r\n{header}: {value}", future))
        return future

    def only(self, events: Iterable[str], without: Iterable[str] = ()) -> bool:
        """Ask Asterisk to send only these events, and of VarSet none about the variables `without`; False if it does not allow this user to."""
        filters = [f"^Event: ({group})[[:cntrl:]]" for group in _grouped(events)]
        filters += [f"!Variable: ({group})[[:cntrl:]]" for group in _grouped(without)]
        return all(self.send_action(Action="Filter", Operation="Add", Filter=each).succeeded for each in filters)

    def _ask(
        self, fields: dict[str, object], *, listed: bool, apart: bool = False, until: str = "", timeout_s: float = ANSWERS_WITHIN_S
    ) -> Answer:
        id = f"{self._name}-{next(self._numbers)}"
        lines = [
            f"{name}: {value}" for name, values in fields.items() for value in (values if isinstance(values, list | tuple) else [values])
        ]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a value of an action is one line")
        waiting = self._waiting[id] = _Waiting(listed, apart, until)
        try:
            self._send("\r\n".join([*lines, f"ActionID: {id}", "", ""]))
            return waiting.answer.result(timeout_s)
        except TimeoutError:
            raise NoAnswer(f"no answer to {fields.get('Action')} within {timeout_s:g} s") from None
        finally:
            self._waiting.pop(id, None)

    def _send(self, text: str) -> None:
        with self._sending:
            if self._ended.is_set() or self._sock is None:
                raise ConnectionEnded(0, self.reason or "not connected")
            try:
                self._sock.sendall(text.encode("utf-8", "surrogateescape"))
            except OSError as error:
                raise ConnectionEnded(error.errno, error.strerror or str(error)) from error

    # Reading

    def _read(self) -> None:
        try:
            for raw in self._packets():
                self._take(raw)
        except (OSError, ManagerException) as error:
            self.reason = str(error.args[-1] if error.args else error)
        finally:
            self._ended.set()
            self._greeted.set()
            self._booted.set()
            for *_, future in self._expected:
                if future.set_running_or_notify_cancel():
                    future.set_exception(ConnectionEnded(0, self.reason))
            for waiting in list(self._waiting.values()):
                if not waiting.answer.done():
                    waiting.answer.set_exception(ConnectionEnded(0, self.reason))

    def _packets(self) -> Iterator[str]:
        """The packets after the banner."""
        rest = b""
        while b"\r\n" not in rest:
            rest += self._receive()
            if not BANNER.encode().startswith(rest[: len(BANNER)]):
                raise ConnectionEnded(0, "what listens there is not AMI")
        banner, _, rest = rest.partition(b"\r\n")
        self.version = banner.decode("ascii", "replace").rpartition("/")[2]
        self._greeted.set()
        while True:
            *packets, rest = rest.split(_PACKET_END)
            for packet in packets:
                yield packet.decode("utf-8", "surrogateescape")
            if len(rest) > _LONGEST:
                raise ConnectionEnded(0, "a packet without end")
            rest += self._receive()

    def _receive(self) -> bytes:
        """The next bytes. A ping is sent in a silence."""
        assert self._sock is not None
        for _ in range(round(SILENT_S / PING_AFTER_S)):
            try:
                received = self._sock.recv(_CHUNK)
            except TimeoutError:
                self._send("Action: Ping\r\n\r\n")
                continue
            if not received:
                raise ConnectionEnded(0, "the other side closed the connection")
            return received
        raise ConnectionEnded(0, f"nothing was received for {SILENT_S:g} s")

    def _take(self, raw: str) -> None:
        if raw.startswith("Event: FullyBooted"):
            self._booted.set()
        if self._expected:
            self._meet(raw)
        if "\r\nActionID: " in raw and self._answer(raw):
            return
        try:
            self._received(raw)
        except Exception as error:  # noqa: BLE001 - whatever happens to one packet, the next ones are read
            log.error("ami packet lost error=%s", type(error).__name__)  # noqa: TRY400 - a traceback might have personal data

    def _meet(self, raw: str) -> None:
        for each in list(self._expected):
            event, header, future = each
            if future.cancelled():
                self._expected.remove(each)
            elif raw.startswith(event) and (f"{header}\r\n" in raw or raw.endswith(header)):
                self._expected.remove(each)
                if future.set_running_or_notify_cancel():
                    future.set_result(None)

    def _answer(self, raw: str) -> bool:
        """A response, or an event of a list, for the action that waits for it. Whether nobody else gets it."""
        headers, _, _ = parse(raw)
        waiting = self._waiting.get(headers["ActionID"])
        if waiting is None or waiting.answer.done():
            return False
        if waiting.began is None and "Response" in headers:
            waiting.began = Answer(raw)
            if not (waiting.listed or waiting.until) or not waiting.began.succeeded:
                waiting.answer.set_result(waiting.began)
        elif waiting.began is not None and waiting.until and headers.get("Event") == waiting.until:
            waiting.began.items.append(headers)
            waiting.answer.set_result(waiting.began)
        elif waiting.began is not None and waiting.listed:
            if headers.get("EventList") in ("Complete", "Cancelled"):
                waiting.answer.set_result(waiting.began)
            else:
                waiting.began.items.append(headers)
        return waiting.apart
