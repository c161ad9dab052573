"""A real Asterisk and the world that calls it, driven by a test: `services/asterisk_conf` says what callers, telephones and numbers do."""

from __future__ import annotations

import itertools
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from services.__main__ import DIRECTORY
from services.asterisk import Asterisk as AsteriskServer
from services.server import HOST
from settings import Asterisk
from telephony_adapter.ami.connection import Connection, ConnectionEnded
from telephony_adapter.ami.packets import parse
from tests.kit.servers import address
from tests.kit.waiting import within

AGENTS = {1001: "Ana Souza", 1002: "Bruno Conceição", 1003: "Cláudia Araújo", 1004: "Diego Muñoz", 1005: "Érica Gonçalves"}
QUEUES = {1001: ("vendas",), 1002: ("vendas", "suporte"), 1003: ("suporte",), 1004: ("cobranca",), 1005: ("suporte",)}
IVR, VENDAS, SUPORTE, COBRANCA, OVERFLOW = "4000", "4001", "4002", "4003", "4004"
ANSWERS, RINGS, BUSY, RINGS_ONCE = range(4)
ANSWERED, BUSY_LINE, NO_ANSWER, BAD_NUMBER, CONGESTION, UNAVAILABLE, REJECTED = range(7)
FOR_EVER_S = 90
_ENDS = {
    "CONNECT": "answered", "ABANDON": "abandoned", "EXITWITHTIMEOUT": "timed_out", "EXITWITHKEY": "left_by_key",
}  # fmt: skip
_SLA_S = 20
_serial = itertools.count(int(time.time()) % 1000 * 100)


class Lab:
    """The two Asterisks, and what they wrote since this lab was made."""

    def __init__(self, server: AsteriskServer) -> None:
        self.server = server
        self.events: list[dict[str, str]] = []
        self._placed: set[str] = set()
        self.world = self._driver(1, self._note_end)
        self.pbx = self._driver(0, self._note)
        # What a test that failed has left.
        for each in (self.world, self.pbx):
            each.command("channel request hangup all")
        self.be_quiet()
        self._from = server.queue_log.stat().st_size if server.queue_log.exists() else 0

    def _driver(self, number: int, received: Callable[[str], object] = lambda _: None) -> Connection:
        connection = Connection(received)
        connection.connect(HOST, self.server.ports[number])
        connection.login(self.server.DRIVER, self.server.secret)
        assert connection.wait_until_booted(30)
        return connection

    def _note(self, raw: str) -> None:
        if raw.startswith(("Event: Agent", "Event: QueueCaller")):
            self.events.append(parse(raw)[0])

    def _note_end(self, raw: str) -> None:
        if raw.startswith("Event: Hangup\r\n"):
            self._placed.discard(parse(raw)[0]["Uniqueid"])

    def close(self) -> None:
        """Log off, with all agents."""
        with suppress(ConnectionEnded):
            for agent in AGENTS:
                self.log_out(agent)
        self.pbx.close()
        self.world.close()

    def setting(self, port: int = 0, **options: Any) -> Asterisk:
        """The PBX as Atende is told of it. port: of a cable; 0 = its own."""
        return Asterisk(HOST, "atende", self.server.secret, port or self.server.ports[0], **options)

    # Interruptions

    def restart(self) -> None:
        """`core restart now`: Asterisk hangs up every call, and starts again in the same process."""
        with suppress(ConnectionEnded):  # it may end before it answers
            self.pbx.command("core restart now")
        within(lambda: not self.pbx.connected(), 20)
        self._is_back()

    def kill(self) -> None:
        """kill -9: nothing is said or written any more. Then it is started again."""
        self.server.daemon.send_signal(signal.SIGKILL)
        within(lambda: self.server.daemon.pid() is None, 20)
        self.server.launch_pbx()
        self._is_back()
        # The callers of before hear nothing and would wait.
        self.world.command("channel request hangup all")

    def _is_back(self) -> None:
        within(self.server.answers, 60)
        self.pbx.close()
        self.pbx = self._driver(0, self._note)

    # The PBX

    def log_in(self, agent: int, *, local: bool = False) -> None:
        """Log an agent in to the agent's queues. local: reached through the dialplan, and known by a hint, as FreePBX does it (1005 has one)."""
        interface, watched = (f"Local/{agent}@ramais/n", f"hint:{agent}@ramais") if local else (f"PJSIP/{agent}",) * 2
        for queue in QUEUES[agent]:
            self.pbx.send_action(Action="QueueAdd", Queue=queue, Interface=interface, MemberName=AGENTS[agent], StateInterface=watched)

    def log_out(self, agent: int) -> None:
        """Log an agent out."""
        for queue in QUEUES[agent]:
            for interface in (f"PJSIP/{agent}", f"Local/{agent}@ramais/n"):
                self.pbx.send_action(Action="QueueRemove", Queue=queue, Interface=interface)

    def pause(self, agent: int, reason: str) -> None:
        """Pause an agent in all queues; "" ends the pause."""
        self.pbx.send_action(Action="QueuePause", Interface=f"PJSIP/{agent}", Paused="true" if reason else "false", Reason=reason)

    def blind_transfer(self, answer: dict[str, str], exten: str) -> None:
        """The agent of this answer transfers the call, and is out of it. Just after the answer the two may not be joined yet."""
        fields = {"Channel": answer["DestChannel"], "Context": "ramais", "Exten": exten}
        within(lambda: self.pbx.send_action(Action="BlindTransfer", **fields).succeeded, 5)

    def consult(self, answer: dict[str, str], exten: str) -> None:
        """The agent of this answer asks in another queue, and hangs up when somebody has answered there: the call is that one's."""
        known = len(self.events)
        self.pbx.send_action(Action="Atxfer", Channel=answer["DestChannel"], Context="ramais", Exten=exten)
        within(lambda: any(event["Event"] == "AgentConnect" for event in self.events[known:]), 30)
        self.pbx.send_action(Action="Hangup", Channel=answer["DestChannel"], Cause=16)

    def spy(self, answer: dict[str, str], options: str) -> None:
        """A supervisor listens (q), whispers (qw) or joins (qB)."""
        self.pbx.send_action(
            Action="Originate", Channel="PJSIP/1008", Application="ChanSpy", Data=f"{answer['DestChannel']},{options}", CallerID="Supervisor <80000299999>",
            Async="true", Timeout=5000,
        )  # fmt: skip

    def dial_out(self, agent: int, customer: int, *, ring: int = 1, talk: int = 2) -> str:
        """An agent calls a customer, the agent's telephone first; returns the customer's number."""
        number = f"9{customer}{ring:02}{talk:02}{next(_serial) % 100_000:05}"
        self.pbx.send_action(
            Action="Originate", Channel=f"PJSIP/{agent}", Context="saida", Exten=number, Priority=1, Async="true", Timeout=20_000,
            CallerID=f"Cliente <{number}>", Variable=f"CAMPANHA={number}",
        )  # fmt: skip
        return number

    def leave_queues(self) -> None:
        """Take everybody out of the queues: the PBX keeps members, also those of a center that is gone, or of a test that was cut off."""
        for row in self.pbx.list("QueueStatus").items:
            if row["Event"] == "QueueMember" and row["Membership"] == "dynamic":
                self.pbx.send_action(Action="QueueRemove", Queue=row["Queue"], Interface=row["Location"])

    def connected(self, number: str, seconds: float = 20) -> dict[str, str]:
        """The event of the answer of this caller's call."""

        def found() -> dict[str, str] | None:
            return next((event for event in self.events if event["Event"] == "AgentConnect" and event.get("CallerIDNum") == number), None)

        within(lambda: found() is not None, seconds)
        event = found()
        assert event is not None
        return event

    def joined(self) -> int:
        """How many callers have joined a queue."""
        return sum(event["Event"] == "QueueCallerJoin" for event in self.events)

    def be_quiet(self, seconds: float = 90) -> None:
        """Wait until every call that was placed is over, and the queue log has all of them. One that was placed just now may be no channel yet."""
        within(lambda: not self._placed and not self.pbx.list("CoreShowChannels").items, seconds)

    def log(self) -> list[list[str]]:
        """The lines of the queue log since this lab was made."""
        with self.server.queue_log.open("rb") as file:
            file.seek(self._from)
            return [line.split("|") for line in file.read().decode().splitlines()]

    # The world

    def call(
        self, did: str, *, phone: int = ANSWERS, ring: int = 1, talk: int = 2, life: int = FOR_EVER_S, first: float = 1, keys: str = "",
        second: float = 0, more: str = "", number: str = "", context: str = "caller", **variables: str,
    ) -> str:  # fmt: skip
        """Somebody calls; returns the caller's number, `number` if it is given. phone: what the agent's telephone does. life: the caller hangs up after so many seconds.

        context: what the caller does, by these variables besides.
        """
        number = number or f"8{phone}{ring:02}{talk:02}{next(_serial) % 100_000:05}"
        values = {"FIRST": first, "KEYS": keys, "SECOND": second, "MORE": more, "LIFE": life, **variables}
        channel = uuid4().hex
        self._placed.add(channel)
        done = self.world.send_action(
            Action="Originate", Channel=f"PJSIP/{did}@pbx", ChannelId=channel, Context=context, Exten="s", Priority=1, Async="true", Timeout=30_000,
            CallerID=f'"Cliente" <{number}>', Variable=[f"{name}={value}" for name, value in values.items()],
        )  # fmt: skip
        assert done.succeeded, done.headers
        return number


class Cable:
    """A connection to a port of the PBX that can be cut: for as long as it is, nobody can connect."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._sockets: list[socket.socket] = []
        self._cut = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut it."""
        self._cut.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._cut.clear()

    def close(self) -> None:
        """End all of it."""
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._cut.is_set():
                    near.close()
                    continue
                try:
                    far = socket.create_connection((HOST, self._to))
                except OSError:
                    near.close()
                    continue
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def lab() -> Iterator[Lab]:
    """The lab on the server of this checkout."""
    address(AsteriskServer)
    made = Lab(AsteriskServer(DIRECTORY.resolve(), (DIRECTORY / "secret").read_text(encoding="ascii")))
    try:
        made.leave_queues()
        yield made
        made.leave_queues()
    finally:
        made.close()


@contextmanager
def members(lab: Lab, *joining: tuple[str, str, str]) -> Iterator[None]:
    """These (queue, interface, name) are members meanwhile."""
    try:
        for queue, interface, name in joining:
            lab.pbx.send_action(Action="QueueAdd", Queue=queue, Interface=interface, MemberName=name)
        yield
    finally:
        for queue, interface, _ in joining:
            lab.pbx.send_action(Action="QueueRemove", Queue=queue, Interface=interface)


def queues_of(lines: list[list[str]]) -> dict[str, dict[str, int]]:
    """What a queue log says of each queue, counted without any code of Atende."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        _, _, queue, _, verb, *data = line
        row = found.setdefault(
            queue, dict.fromkeys(("offered", "answered", "answered_within_sla", "abandoned", "timed_out", "left_by_key"), 0)
        )
        if verb == "ENTERQUEUE":
            row["offered"] += 1
        elif verb in _ENDS:
            row[_ENDS[verb]] += 1
            row["answered_within_sla"] += verb == "CONNECT" and int(data[0]) <= _SLA_S
    return {queue: row for queue, row in found.items() if row["offered"]}


def agents_of(lines: list[list[str]]) -> dict[str, dict[str, int]]:
    """What a queue log says of each agent who was rung."""
    found: dict[str, dict[str, int]] = {}
    for _, _, _, agent, verb, *_ in lines:
        if verb in ("CONNECT", "RINGNOANSWER"):
            row = found.setdefault(agent, {"answered": 0, "ring_no_answer": 0})
            row["answered" if verb == "CONNECT" else "ring_no_answer"] += 1
    return found


def calls_of(lines: list[list[str]]) -> dict[str, list[tuple[str, str, str]]]:
    """What a queue log says of each call: queue, end and agent of each visit, in their order."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for _, call, queue, agent, verb, *_ in lines:
        if verb in _ENDS:
            found.setdefault(call, []).append((queue, _ENDS[verb].replace("_", "-"), agent if verb == "CONNECT" else ""))
    return found


def left_open(lines: list[list[str]]) -> dict[str, int]:
    """How many visits of each queue have no end in the log: their callers waited when it was killed."""
    waiting: dict[tuple[str, str], None] = {}
    for _, call, queue, _, verb, *_ in lines:
        if verb == "ENTERQUEUE":
            waiting[call, queue] = None
        elif verb in _ENDS:
            waiting.pop((call, queue), None)
    return dict(Counter(queue for _, queue in waiting))
