"""The adapter of one Asterisk: follows its events for as long as this process leads, and reports them as observations.

It connects, asks for the present state, translates and sends what it learns some times a second. When the connection is lost a gap begins, which
ends with the next connection; what the PBX wrote into its queue_log meanwhile is read from there, where the file can be seen. When packets come
faster than they are saved, the reader waits, and with it Asterisk: it ends a connection that is not read for its `writetimeout`, which is a gap
like any other. So memory stays bounded, and nothing is lost without being stated.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from time import monotonic
from uuid import UUID

from commands.handler_context import Caller, Command, Receipt
from commands.observations import ObserveTimeline
from domain.base import SECOND
from domain.errors import DomainError, VersionConflict
from domain.voice.timeline import CoverageSpan
from settings import Asterisk
from store.clock import ClockOff
from store.database import StoreUnavailable
from store.leadership import Leadership, Sole
from telephony_adapter.ami.connection import Connection, ManagerAuthException, ManagerException
from telephony_adapter.ami.figures import AdapterFigures
from telephony_adapter.ami.importer import COMMANDS_AT_ONCE, gathered
from telephony_adapter.ami.inbox import Inbox
from telephony_adapter.ami.last_known import LastKnown
from telephony_adapter.ami.live_stream import LiveStream
from telephony_adapter.ami.translator import NOISE, SENT
from telephony_adapter.control.follower import Driving, Follower
from telephony_adapter.queue_log.earlier import Earlier
from telephony_adapter.queue_log.importer import ExecutesCommands, import_queue_log
from telephony_adapter.queue_log.tail import tail

log = logging.getLogger(__name__)

LOCK = "asterisk"

PACKETS_AT_ONCE = 2_000
_GATHERS_S = 0.1
"""Packets of this time are sent together."""
_QUIET_S = 0.5
_COVERS_S = 5.0
"""So often, at least, it reports until when the stream is complete, while calls are up."""
_COVERS_IDLE_S = 20.0
_BOOTS_WITHIN_S = 120.0
_LEADS_S = 1.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_SETTLED_S = 2.0
"""So long after a new connection the log is read: the lines of the events before it are written by then."""
_BEFORE_US = 5 * SECOND


@dataclass(frozen=True)
class Ports:
    """What an adapter needs besides the command bus. last_known: what the log knows of this Asterisk; earlier: calls of the log, for lines of the queue_log.

    driving: what it needs to drive the Asterisk; None to read only.
    """

    now_us: Callable[[], int]
    last_known: Callable[[], LastKnown] = LastKnown
    earlier: Callable[[], Earlier | None] = lambda: None
    driving: Driving | None = None


class _Stopping(Exception):
    """The adapter ends, or this process no longer leads."""


class Adapter:
    """Follows one Asterisk in a thread of its own, from `start` to `close`.

    shared: other Asterisks belong to the same company, so a restart of this one ends only calls that were observed here.
    """

    def __init__(
        self,
        asterisk: Asterisk,
        bus: ExecutesCommands,
        caller: Caller,
        ports: Ports,
        *,
        leadership: Leadership | None = None,
        shared: bool = False,
    ) -> None:
        self.asterisk = asterisk
        self.figures = AdapterFigures()
        self._bus = bus
        self._caller = caller
        self._ports = ports
        self._leadership = leadership or Sole()
        self._shared = shared
        self._closing = threading.Event()
        self._confirmed_until = 0.0
        self._covered_at = 0.0
        self._fill_at = 0.0
        self._inbox = Inbox()
        self.control: Follower | None = None
        self._thread = threading.Thread(target=self._lead, name=f"asterisk-{asterisk.name}", daemon=True)

    def start(self) -> None:
        """Begin to follow it."""
        self._thread.start()

    def close(self) -> None:
        """Stop. What was received is saved before."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    # Leading

    def _lead(self) -> None:
        waits = False
        while not self._closing.is_set():
            try:
                if self._leadership.take(_LEADS_S):
                    waits = False
                    self._follow()
                elif not waits:
                    waits = True
                    log.info("asterisk waits name=%s: another process follows it", self.asterisk.name)
            except StoreUnavailable as error:
                log.warning("asterisk retries name=%s reason=%s", self.asterisk.name, error)
                self._closing.wait(_FIRST_PAUSE_S)
            except _Stopping:
                pass
            except Exception:
                log.exception("asterisk failed name=%s", self.asterisk.name)
                self._closing.wait(_LONGEST_PAUSE_S)
            finally:
                self.figures.leads = False
                with suppress(StoreUnavailable):
                    self._leadership.release()

    def _must_go_on(self) -> None:
        """Raises _Stopping when this process has to stop or another one follows this Asterisk."""
        if self._closing.is_set():
            raise _Stopping
        if monotonic() > self._confirmed_until:
            if not self._leadership.still_held():
                log.warning("asterisk steps down name=%s: the lock is lost", self.asterisk.name)
                self.figures.leads = False
                raise _Stopping
            self._confirmed_until = monotonic() + _LEADS_S

    def _pause(self, seconds: float) -> None:
        self._closing.wait(seconds)
        self._must_go_on()

    def _follow(self) -> None:
        """Follow it over one connection after another, and drive it if the setting says so."""
        self.figures.leads = True
        driving = self._ports.driving
        if driving is None or not self.asterisk.control:
            self._follow_connections()
            return
        with closing(Follower(self.asterisk, self._bus, self._caller, driving)) as self.control:
            self.control.begin()
            self._follow_connections()

    def _follow_connections(self) -> None:
        stream = LiveStream(self.asterisk.name, self._ports.now_us, self._ports.last_known())
        self._send(stream)
        pause = _FIRST_PAUSE_S
        while True:
            self._must_go_on()
            sessions = self.figures.sessions
            try:
                self._session(stream)
            except ManagerAuthException:
                self._says("it refuses the user or the secret")
            except (ManagerException, OSError) as error:
                self._says(str(error.args[-1] if error.args else error))
            pause = _FIRST_PAUSE_S if self.figures.sessions > sessions else min(_LONGEST_PAUSE_S, 2 * pause)
            self._pause(pause)

    def _says(self, reason: str) -> None:
        if reason != self.figures.reason:
            log.warning("asterisk away name=%s reason=%s", self.asterisk.name, reason)
        self.figures.reason = reason

    # One connection

    def _session(self, stream: LiveStream) -> None:
        """Connect, ask for the present state, and translate until the connection ends."""
        inbox = self._inbox = Inbox()
        connection = Connection(inbox.put)
        began = False
        try:
            connection.connect(self.asterisk.host, self.asterisk.port)
            connection.login(self.asterisk.user, self.asterisk.secret)
            if not connection.wait_until_booted(_BOOTS_WITHIN_S):
                self._says(connection.reason or "it sends no FullyBooted: the user needs read = system in manager.conf")
                return
            if not connection.only(SENT, NOISE):
                log.info("asterisk filters nothing name=%s: the user has no write = system in manager.conf", self.asterisk.name)
            began = True
            self._connected(stream)
            if self.control is not None:
                self.control.connected(connection, stream.own)
            for action in ("QueueStatus", "ExtensionStateList", "CoreShowChannels"):
                if not connection.send_action(Action=action).succeeded:
                    log.warning("asterisk lists nothing name=%s action=%s: the user needs write = reporting", self.asterisk.name, action)
            while connection.connected() or len(inbox):
                self._round(stream, inbox)
            self._says(connection.reason)
        finally:
            inbox.close()
            connection.close()
            if self.control is not None:
                self.control.disconnected()
            self.figures.connected = False
            if began:
                self._disconnected(stream, inbox)

    def _connected(self, stream: LiveStream) -> None:
        self.figures.sessions += 1
        self.figures.connected, self.figures.reason = True, ""
        log.info("asterisk connected name=%s", self.asterisk.name)
        self._fill_at = monotonic() + _SETTLED_S
        stream.connected()

    def _disconnected(self, stream: LiveStream, inbox: Inbox) -> None:
        """Save what was received, and that a gap begins. A process that ends leaves that to the next one."""
        if not self.figures.leads:
            return
        while raws := inbox.take(PACKETS_AT_ONCE, 0):
            self._receive(stream, raws, inbox)
        if self._closing.is_set():
            stream.closed()
        else:
            stream.disconnected()
        self._cover(stream)
        self._send(stream)

    def _round(self, stream: LiveStream, inbox: Inbox) -> None:
        raws = inbox.take(PACKETS_AT_ONCE, _QUIET_S)
        if inbox.is_crowded and not self.figures.waiting:
            log.warning("asterisk is behind name=%s packets=%d: they come faster than they are saved", self.asterisk.name, len(inbox))
        self.figures.waiting = len(inbox) if inbox.is_crowded else 0
        self._receive(stream, raws, inbox)
        if stream.observations or monotonic() - self._covered_at > (_COVERS_S if stream.has_any_call else _COVERS_IDLE_S):
            self._cover(stream)
        self._must_go_on()
        self._send(stream)
        saved_at = monotonic()
        for at in inbox.arrivals:
            self.figures.lags.note(saved_at - at)
        if stream.unfilled_us and monotonic() > self._fill_at:
            self._fill(stream)
        self.figures.unfilled = stream.unfilled_us > 0
        if len(raws) < PACKETS_AT_ONCE:
            self._closing.wait(_GATHERS_S)

    def _receive(self, stream: LiveStream, raws: Sequence[str], inbox: Inbox) -> None:
        now = monotonic()
        stream.receive(raws, [now - at for at in inbox.arrivals])
        self.figures.packets += len(raws)
        self.figures.broken = stream.broken

    def _cover(self, stream: LiveStream) -> None:
        self._covered_at = monotonic()
        stream.cover()

    # Sending

    def _send(self, stream: LiveStream) -> None:
        """Send what waits, and wait as long as nothing can be saved."""
        commands = gathered(stream.taken())
        self.figures.facts += len(commands)
        for start in range(0, len(commands), COMMANDS_AT_ONCE):
            self._execute(commands[start : start + COMMANDS_AT_ONCE])

    def _execute(self, commands: Sequence[Command]) -> None:
        pause = _FIRST_PAUSE_S
        while commands:
            try:
                answers = self.execute_all([(command, self._caller) for command in commands])
            except (StoreUnavailable, ClockOff) as error:
                log.warning("asterisk cannot save name=%s reason=%s", self.asterisk.name, error)
                self._pause(pause)
                pause = min(_LONGEST_PAUSE_S, 2 * pause)
                continue
            refused = [answer for answer in answers if isinstance(answer, DomainError) and not isinstance(answer, VersionConflict)]
            for answer in refused:
                log.error("asterisk observation refused name=%s code=%s", self.asterisk.name, answer.code)
            commands = [command for command, answer in zip(commands, answers, strict=True) if isinstance(answer, VersionConflict)]

    def execute_all(self, requests: Sequence[tuple[Command, Caller]]) -> list[Receipt | DomainError]:
        """As the command bus, but for restarts of an Asterisk that shares its company with others: the calls of those go on."""
        if not self._shared:
            return self._bus.execute_all(requests)
        executed = iter(self._bus.execute_all([request for request in requests if not _ends_all_calls(request[0])]))
        return [_NOTHING_DONE if _ends_all_calls(command) else next(executed) for command, _ in requests]

    def has_kept_waiting(self) -> bool:
        """As the command bus."""
        return self._bus.has_kept_waiting()

    # The queue_log

    def _fill(self, stream: LiveStream) -> None:
        """Read what the PBX has written into its queue_log since the gap began."""
        since_us, stream.unfilled_us = stream.unfilled_us, 0
        if self.asterisk.queue_log is None:
            return
        try:
            self._import_tail(stream, self.asterisk.queue_log, since_us)
        except OSError as error:
            log.warning("asterisk queue_log unreadable name=%s reason=%s", self.asterisk.name, error.strerror)
        except (StoreUnavailable, ClockOff, DomainError) as error:
            log.warning("asterisk queue_log waits name=%s reason=%s", self.asterisk.name, type(error).__name__)
            stream.unfilled_us, self._fill_at = since_us, monotonic() + _LONGEST_PAUSE_S

    def _import_tail(self, stream: LiveStream, file: Path, since_us: int) -> None:
        until_us = stream.stream.last
        lately = [(call, at) for call, at in stream.offered if at > stream.offered[-1][1] - _BEFORE_US]
        with tail(file, max(stream.since_us, min([since_us, *(at for _, at in lately)]) - _BEFORE_US)) as found:
            # A PBX that was killed may not have written of the last ones.
            if found.since_us is None or (lately and not any(call.encode() in found.path.read_bytes() for call, _ in lately)):
                log.warning("asterisk queue_log is not written name=%s: it lacks what the events have shown", self.asterisk.name)
                return
            import_queue_log(self, self._caller, [(found.path, file.name)], timezone=UTC, earlier=self._ports.earlier())
            span = CoverageSpan("queue_log", f"{file.name}:{self.asterisk.name}", found.since_us, until_us)
            self._execute([ObserveTimeline(span=span)])
        self.figures.tails += 1


def _ends_all_calls(command: Command) -> bool:
    return isinstance(command, ObserveTimeline) and command.restart_at is not None


_NOTHING_DONE = Receipt(id=UUID(int=0), version=0, position=0, result={})
