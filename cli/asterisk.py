"""`asterisk run`, and `serve` in a data directory: follow the Asterisks of the settings, each in a thread of its own."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from uuid import UUID

from prometheus_client import CollectorRegistry

from bootstrap import Center, Distributed
from cli.company import asker, caller, known, known_or_new
from cli.console import Console, Mistake
from cli.exit_status import REFUSED
from cli.metrics import serve
from domain.base import MS
from domain.companies import Company
from domain.ids import LEG, PLACED, PULL
from imports.earlier import EarlierImports
from projections.engine.progress import ProjectionsStopped
from projections.queries.followed_sources import calls_without_end, covered, direct_calls_without_end, sessions_without_end
from projections.queries.registers import RegisteredQueue, page
from settings import Asterisk, Settings
from store.clock import SystemClock
from store.database import StoreUnavailable
from store.postgres_lock import ServerLock
from telephony_adapter.agi.admission import NotAdmitted, is_admitted
from telephony_adapter.agi.calls import Calls
from telephony_adapter.agi.server import AgiServer
from telephony_adapter.ami.adapter import LOCK, Adapter, Ports
from telephony_adapter.ami.check import check as check_asterisk
from telephony_adapter.ami.findings import Finding
from telephony_adapter.ami.last_known import LastKnown, OpenCall, OpenDirectCall, OpenSession
from telephony_adapter.control.follower import Driving
from telephony_adapter.queue_log.reading_limits import nothing
from telephony_adapter.queue_log.tail import tail

_ASLEEP_S = 0.5
_MOST_QUEUES = 10_000


def run(settings: Settings, metrics_port: int | None, console: Console) -> int:
    """Follow them until SIGINT or SIGTERM, beside other processes that wait for this one to end."""
    if settings.mode != "distributed":
        raise Mistake("ATENDE_MODE is not distributed: in a data directory `atende serve` follows the Asterisks of ATENDE_ASTERISK itself")
    if not settings.asterisks:
        raise Mistake("ATENDE_ASTERISK names no Asterisk")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("telephony_adapter").setLevel(logging.INFO)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with ExitStack() as stack:
        center = stack.enter_context(closing(Distributed(settings.data, settings)))
        if metrics_port is not None:
            registry = CollectorRegistry()
            registry.register(center.asterisk_metrics)
            stack.callback(serve(registry, settings.host, metrics_port, console))
        stack.enter_context(following(center, settings))
        console.warn(f"Atende follows {', '.join(asterisk.name for asterisk in settings.asterisks)}")
        # A signal that arrives just before this thread sleeps is handled when it wakes.
        while not ending.wait(_ASLEEP_S):
            pass
    return 0


def check(settings: Settings, console: Console, listens_s: float) -> int:
    """Say what each Asterisk has, what it lacks and which lines add it; exit status 1 if one lacks something."""
    if not settings.asterisks:
        raise Mistake("ATENDE_ASTERISK names no Asterisk")
    lacks = False
    for asterisk in settings.asterisks:
        console.out(f"{asterisk.name}\n")
        for finding in (*check_asterisk(asterisk, SystemClock().now_us(), listens_s), *_check_log(asterisk)):
            lacks |= finding.state == "missing"
            console.out(f"  {finding.state:7}  {finding.what}\n")
            if finding.state != "ok":
                console.out("".join(f"           {finding.file}: {line}\n" for line in finding.lines))
    return REFUSED if lacks else 0


def _check_log(asterisk: Asterisk) -> Iterator[Finding]:
    if asterisk.queue_log is None:
        yield Finding("unknown", "no queue_log in the setting: gaps keep their bounds until it is imported")
        return
    try:
        with tail(asterisk.queue_log, SystemClock().now_us()) as found:
            empty = found.since_us is None
    except OSError as error:
        yield Finding("missing", f"its queue_log cannot be read: {error.strerror}")
        return
    if empty:
        yield Finding("missing", "its queue_log has no line", "logger.conf", ("[general]", "queue_log = yes", "queue_log_to_file = yes"))
    else:
        yield Finding("ok", "its queue_log can be read")


@contextmanager
def following(center: Center, settings: Settings) -> Iterator[list[Adapter]]:
    """Follow the Asterisks of the settings while the context lasts."""
    with ExitStack() as stack:
        followed = [(asterisk, known_or_new(center, asterisk.company)) for asterisk in settings.asterisks]
        adapters = []
        for asterisk, company in followed:
            systems = [other.system for other, owner in followed if owner.id == company.id]
            if len(systems) > 1 and ("" in systems or len(set(systems)) < len(systems)):
                raise Mistake(f"ATENDE_ASTERISK has several Asterisks of {company.name!r}: each needs a systemname of its own")
            lock = None
            if settings.mode == "distributed":
                lock = stack.enter_context(ServerLock(settings.store_url, f"{LOCK} {asterisk.name}"))
            ports = _ports(center, company, asterisk)
            adapter = Adapter(asterisk, center.bus, caller(company), ports, leadership=lock, shared=len(systems) > 1)
            adapters.append(stack.enter_context(closing(adapter)))
        center.asterisk_metrics.watch(adapters)
        for adapter in adapters:
            adapter.start()
        stack.enter_context(answering(center, settings, followed))
        yield adapters


@contextmanager
def answering(center: Center, settings: Settings, followed: Sequence[tuple[Asterisk, Company]]) -> Iterator[AgiServer | None]:
    """Let the Asterisks reach the IVRs of their own companies while the context lasts, if a setting says where."""
    if settings.agi is None:
        yield None
        return
    networks = settings.agi.networks

    def calls_of(name: str, peer: str) -> Calls:
        try:
            company = known(center, name)
        except Mistake as error:
            raise LookupError(str(error)) from error
        if not is_admitted(peer, [asterisk.host for asterisk, owner in followed if owner.id == company.id], networks):
            raise NotAdmitted(peer)
        return Calls(center.bus, caller(company))

    server = AgiServer(settings.agi.host, settings.agi.port, calls_of, center.sounds, center.bus.clock.now_us)
    try:
        server.start()
    except OSError as error:
        raise Mistake(f"ATENDE_AGI: cannot listen on {settings.agi.host}:{settings.agi.port}: {error.strerror or error}") from error
    with closing(server):
        yield server


def _ports(center: Center, company: Company, asterisk: Asterisk) -> Ports:
    cover = partial(_cover, center)
    return Ports(
        now_us=center.bus.clock.now_us,
        last_known=lambda: _last_known(center, company, asterisk),
        earlier=lambda: EarlierImports(center.queries, asker(company), cover, nothing),
        driving=Driving(
            center.store, center.bus.clock.now_us, lambda: _sessions(center, company), lambda: _queues(center, company), media=center.media
        ),
    )


def _sessions(center: Center, company: Company) -> list[str]:
    """The agents who are logged in, as far as the rows know."""
    _cover(center)
    return [session.agent for session in center.queries.ask(sessions_without_end, asker(company))]


def _queues(center: Center, company: Company) -> list[UUID]:
    """The queues that are not deleted, as far as the rows know."""
    _cover(center)
    found, _ = center.queries.ask(page, asker(company), RegisteredQueue, ("", ""), _MOST_QUEUES)
    return [queue.id for queue in found]


def _cover(center: Center) -> None:
    """Let the rows answer for all that is saved, if they can: without them the tail of a log is read as if nothing came before it."""
    with suppress(ProjectionsStopped):
        center.cover(center.store.end(), lambda _done, _total: None)


def _last_known(center: Center, company: Company, asterisk: Asterisk) -> LastKnown:
    """What the log knows of it. Without rows that cover it nothing would be known to be open, so they are awaited."""
    ask, who = center.queries.ask, asker(company)
    span = ask(covered, who, f"ami:{asterisk.name}")
    if span is None:
        return LastKnown()
    try:
        center.cover(center.store.end(), lambda _done, _total: None)
    except ProjectionsStopped as stopped:
        raise StoreUnavailable(str(stopped)) from stopped
    prefix = f"{asterisk.system}-" if asterisk.system else ""
    return LastKnown(
        *span,
        [
            OpenCall(
                one.call, one.queue, one.offered_ms * MS if one.queue else 0, (one.answered_ms or 0) * MS if one.queue else 0, one.agent
            )
            for one in ask(calls_without_end, who)
            if one.call.startswith((prefix, PLACED))
        ],
        [OpenSession(one.agent, tuple(one.queues), one.reason if one.paused else None) for one in ask(sessions_without_end, who)],
        [
            OpenDirectCall(one.agent, one.channel)
            for one in ask(direct_calls_without_end, who)
            if one.channel.startswith((prefix, LEG, PULL))
        ],
    )
