"""The FastAGI server: takes the calls that Asterisks hand over, each in a coroutine of its own, in an event loop of its own thread.

`AGI(agi://host:4573/principal)` in a dialplan asks for the IVR `principal`, with `?company=NAME` for that of a company other than the oldest. Whatever
goes wrong here, the connection is closed, and the dialplan goes on with its next line: a caller is never lost with Atende.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sounds.folder import Sounds
from store.clock import ClockOff
from store.database import StoreUnavailable
from telephony_adapter.agi.admission import NotAdmitted
from telephony_adapter.agi.calls import CallsOf, UnknownIvr
from telephony_adapter.agi.dialogue import Dialogue
from telephony_adapter.agi.session import LONGEST_LINE, BrokenAgi, HungUp, Session

log = logging.getLogger(__name__)

MOST_CALLS = 500
MOST_BEGINNING = 50
"""Connections of one address whose call is not known yet: whoever opens them and says nothing keeps no Asterisk out."""
_STARTS_WITHIN_S = 10
_ENDS_WITHIN_S = 5.0
_IDLE_S = 60


@dataclass
class AgiFigures:
    """For operators. calls: taken so far; now: in progress; refused: more than MOST_CALLS at a time, or than MOST_BEGINNING of one address; failed: ended by an error."""

    calls: int = 0
    now: int = 0
    refused: int = 0
    failed: int = 0


@dataclass
class AgiServer:
    """Serves from `start` to `close`. port: 0 = a free one, which `start` puts here."""

    host: str
    port: int
    calls_of: CallsOf
    sounds: Sounds
    now_us: Callable[[], int]
    figures: AgiFigures = field(default_factory=AgiFigures)
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _beginning: Counter[str] = field(default_factory=Counter)
    """How many connections of each address have not said yet whose call it is."""

    def start(self) -> None:
        """Listen. Raises OSError if the address cannot be used."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        bound = socket.create_server((self.host, self.port), family=family, backlog=MOST_CALLS)
        self.port = bound.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._loop, bound, ready), name="agi", daemon=True)
        self._thread.start()
        ready.wait(_STARTS_WITHIN_S)

    def close(self) -> None:
        """Hang nobody up: each call goes on in its queue, its talk or its dialplan."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _run(self, loop: asyncio.AbstractEventLoop, bound: socket.socket, ready: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        try:
            server = loop.run_until_complete(asyncio.start_server(self._take, sock=bound, limit=LONGEST_LINE))
            ready.set()
            loop.run_forever()
            loop.remove_reader(bound)
            loop.run_until_complete(self._end_all())
            server.close()
            loop.run_until_complete(loop.shutdown_default_executor())
        except Exception:
            log.exception("agi failed")
        finally:
            ready.set()
            bound.close()
            loop.close()

    async def _end_all(self) -> None:
        # Those that are being accepted have no task of their own yet. A server that is closed meanwhile would leave them open for ever.
        accepting = asyncio.all_tasks() - self._tasks - {asyncio.current_task()}
        if accepting:
            await asyncio.wait(accepting, timeout=_ENDS_WITHIN_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_ENDS_WITHIN_S)
        # A connection is closed in the turn of the loop after that of its task.
        await asyncio.sleep(0)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection has come. However its task ends, even before it began, the connection is closed."""
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.close())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _peer(writer)
        if self.figures.now >= MOST_CALLS or self._beginning[peer] >= MOST_BEGINNING:
            self.figures.refused += 1
            log.warning("agi refuses a call: %d are in progress, %d of %s say nothing", self.figures.now, self._beginning[peer], peer)
            return
        self.figures.calls += 1
        self.figures.now += 1
        try:
            await self._lead(reader, writer)
        finally:
            self.figures.now -= 1

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead one call. Only what the log of an operator may hold is logged: no number, no key."""
        _keep_alive(writer)
        session = Session(reader, writer)
        try:
            with self._begins(_peer(writer)):
                await session.begin()
                name, parameters = session.asked
                calls = await asyncio.to_thread(self.calls_of, parameters.get("company", ""), _peer(writer))
            ivr = await asyncio.to_thread(calls.ivr, name)
            await Dialogue(session, calls, self.sounds, self.now_us).run(ivr)
        except HungUp:
            pass
        except UnknownIvr:
            self._failed("there is no such IVR: check the URL in the dialplan")
        except NotAdmitted:
            self._failed(
                f"{_peer(writer)} is no Asterisk of the company: ATENDE_ASTERISK names its host, or ATENDE_AGI its network by from="
            )
        except LookupError:
            self._failed("there is no such company: check the URL in the dialplan")
        except BrokenAgi as error:
            self._failed(str(error))
        except (StoreUnavailable, ClockOff) as error:
            self._failed(f"nothing can be recorded: {type(error).__name__}")
        except Exception:
            self.figures.failed += 1
            log.exception("agi call failed")

    @contextmanager
    def _begins(self, peer: str) -> Iterator[None]:
        self._beginning[peer] += 1
        try:
            yield
        finally:
            self._beginning[peer] -= 1
            if not self._beginning[peer]:
                del self._beginning[peer]

    def _failed(self, reason: str) -> None:
        self.figures.failed += 1
        log.warning("agi gives a call back to the dialplan reason=%s", reason)


def _peer(writer: asyncio.StreamWriter) -> str:
    """The address from which the connection comes."""
    return str((writer.get_extra_info("peername") or ("::",))[0])


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Notice an Asterisk whose machine is gone: a talk may last for hours without a line."""
    connection = writer.get_extra_info("socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _IDLE_S)
