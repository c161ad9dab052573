"""Follow the log while this process leads a PBX, and let effects perform what its events ask for.

The position is saved before an effect is performed, fenced by an epoch: what a process has begun is never begun again by another one. While there is
no connection requests expire, and the rest waits for the next one.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from commands.handler_context import Caller, Command
from domain.base import SECOND, Event
from domain.errors import DomainError, VersionConflict
from settings import Asterisk
from store.clock import ClockOff
from store.database import Fenced, StoreUnavailable
from store.event_store import Store
from store.mapper import UnreadableEvent
from store.media import SealedMedia
from store.process_progress import Epoch, ProcessProgress
from store.recorded_event import RecordedEvent
from telephony_adapter.ami.connection import Connection, ManagerException
from telephony_adapter.ami.own_actions import OwnActions
from telephony_adapter.control.effects import Effect, Why, effects
from telephony_adapter.control.lanes import Lanes
from telephony_adapter.control.pbx import Pbx, PbxRefuses, ari_client
from telephony_adapter.queue_log.importer import ExecutesCommands

log = logging.getLogger(__name__)

READ_AT_ONCE = 5_000
LOOK_S = 0.5
"""So often it looks for requests that expire; new events wake it."""

_SAVES_S = 10.0
"""So often the position is saved when no event asked for anything."""
_SETTLES_WITHIN_S = 20.0
"""The longest that the reading of lists waits for what was asked for while there was no connection."""
_BACK = 2_000
_BACK_US = 120 * SECOND
"""A new leader looks so far back for requests that an earlier one had begun and not concluded."""
_PAUSE_S = 0.5


@dataclass(frozen=True)
class Driving:
    """What driving a PBX needs besides the command bus.

    sessions: the names of the agents that are logged in. queues: the ids of the queues that are not deleted. media: where recordings are kept. effects: makes those to perform.
    """

    store: Store
    now_us: Callable[[], int]
    sessions: Callable[[], list[str]] = list
    queues: Callable[[], list[UUID]] = list
    effects: Callable[[], list[Effect]] = effects
    media: SealedMedia | None = None


@dataclass
class ControlFigures:
    """For operators, of this process. performed: requests and changes that were done. unperformed: the others, by why."""

    performed: int = 0
    unperformed: Counter[Why] = field(default_factory=Counter)


class Follower:
    """Performs effects in threads of its own, from `begin` to `close`, whenever there is a connection."""

    def __init__(self, asterisk: Asterisk, bus: ExecutesCommands, caller: Caller, driving: Driving) -> None:
        self.figures = ControlFigures()
        self._asterisk = asterisk
        self._bus = bus
        self._caller = caller
        self._driving = driving
        self._store = driving.store
        self._progress = ProcessProgress(driving.store.recorder.db, f"asterisk {asterisk.name}")
        self._effects = driving.effects()
        self._by_topic = {
            topic: [each for each in self._effects if topic in each.TOPICS] for each in self._effects for topic in each.TOPICS
        }
        self._requests = tuple(sorted({topic for each in self._effects if each.EXPIRES_US is not None for topic in each.TOPICS}))
        self._lanes: dict[Effect, Lanes] = {}
        self._reports = ThreadPoolExecutor(1, thread_name_prefix=f"control-reports-{asterisk.name}")
        self._again: dict[tuple[Effect, UUID, Hashable], Event] = {}
        """What makes the PBX equal to Atende and failed, for the next connection."""
        self._epoch = Epoch(0, 0, 0)
        self._position = self._expired = 0
        """Up to where events were taken; up to where requests have expired without a connection."""
        self._saved_at = 0.0
        self._pbx: Pbx | None = None
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._closing = threading.Event()
        self._unlisten: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name=f"control-{asterisk.name}", daemon=True)

    # From beginning to end

    def begin(self) -> None:
        """This process leads now. Raises StoreUnavailable."""
        self._progress.register()
        self._epoch = self._progress.begin()
        self._position = max(self._epoch.position, self._epoch.quiet)
        self._conclude_begun()
        self._unlisten = self._store.subscribe(lambda _: self._news.set())
        self._thread.start()

    def close(self) -> None:
        """Stop, and wait for what is being performed. Can be repeated."""
        self.disconnected()
        if not self._closing.is_set():
            self._closing.set()
            self._unlisten()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._reports.shutdown()

    def _conclude_begun(self) -> None:
        """Requests that an earlier leader had begun: nobody else would conclude those that it has not."""
        if self._position > self._epoch.quiet:
            for recorded in self._store.recorder.events_of_topics(self._position - _BACK, self._position, self._requests):
                event = self._event(recorded)
                if event is not None and event.recorded_at > self._driving.now_us() - _BACK_US:
                    self._conclude(event, "expired")

    def connected(self, connection: Connection, own: OwnActions) -> None:
        """Make the PBX equal to what Atende says now, before its lists are read, and perform from now on. own: by which the translator knows what comes of it."""
        driving, ari = self._driving, ari_client(self._asterisk)
        pbx = Pbx(
            self._asterisk,
            self._caller.tenant,
            connection,
            self._store,
            driving.now_us,
            ari=ari,
            sessions=driving.sessions,
            queues=driving.queues,
            media=driving.media,
            report=self._report,
            own=own,
        )
        self._lanes = {effect: Lanes(f"control-{type(effect).__name__}") for effect in self._effects}
        with self._lock:
            self._pbx = pbx
            again, self._again = self._again, {}
            for (effect, *_), event in again.items():
                self._add(effect, event, pbx)
        self._look()
        until = monotonic() + _SETTLES_WITHIN_S
        for effect, lanes in self._lanes.items():
            lanes.wait_until_idle(max(0.0, until - monotonic()))
            self._resynchronise(effect, pbx)

    def disconnected(self) -> None:
        """The connection is lost: nothing can be performed. Can be repeated."""
        with self._lock:
            pbx, self._pbx = self._pbx, None
            lanes, self._lanes = self._lanes, {}
        for each in lanes.values():
            each.close()
        if pbx is not None and pbx.ari is not None:
            pbx.ari.close()

    def _resynchronise(self, effect: Effect, pbx: Pbx) -> None:
        try:
            self._execute(effect.resynchronise(pbx))
        except (PbxRefuses, ManagerException, StoreUnavailable) as error:
            log.warning("asterisk not made equal name=%s effect=%s reason=%s", self._asterisk.name, type(effect).__name__, error)
        except Exception:
            log.exception("asterisk not made equal name=%s effect=%s", self._asterisk.name, type(effect).__name__)

    # Following

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait(LOOK_S)
            self._news.clear()
            if not self._look():
                return

    def _look(self) -> bool:
        """Take the new events; False when another process leads."""
        try:
            with self._lock:
                if self._pbx is None:
                    self._expire()
                else:
                    self._take(self._pbx)
        except Fenced:
            log.warning("asterisk is driven by another process name=%s", self._asterisk.name)
            return False
        except (StoreUnavailable, ClockOff) as error:
            log.warning("control retries name=%s reason=%s", self._asterisk.name, error)
            self._closing.wait(_PAUSE_S)
        except Exception:
            log.exception("control failed name=%s", self._asterisk.name)
            self._closing.wait(_PAUSE_S)
        return True

    def _take(self, pbx: Pbx) -> None:
        """Hand the new events to their effects. Raises Fenced."""
        end = self._store.end()
        while self._position < end:
            until = min(end, self._position + READ_AT_ONCE)
            found = self._store.recorder.events_of_topics(self._position, until, tuple(self._by_topic)) if self._by_topic else []
            if found or monotonic() - self._saved_at > _SAVES_S:
                self._progress.move(self._epoch.number, until)
                self._saved_at = monotonic()
            self._position = until
            for recorded in found:
                event = self._event(recorded)
                for effect in self._by_topic[recorded.topic] if event is not None else ():
                    if event is not None and (effect.EXPIRES_US is None or recorded.position > self._expired) and effect.wants(event):
                        self._add(effect, event, pbx)

    def _expire(self) -> None:
        """Without a connection: conclude the requests that are too old by now."""
        end = self._store.end()
        for recorded in self._store.recorder.events_of_topics(max(self._position, self._expired), end, self._requests):
            event = self._event(recorded)
            if event is not None and not self._conclude_old(event):
                return
            self._expired = recorded.position

    def _conclude_old(self, event: Event) -> bool:
        """Conclude it if it is too old for every effect; whether it is."""
        found = [effect for effect in self._by_topic[event.TOPIC] if effect.EXPIRES_US is not None]
        if not all(self._is_old(effect, event) for effect in found):
            return False
        self._conclude(event, "expired")
        return True

    def _is_old(self, effect: Effect, event: Event) -> bool:
        return effect.EXPIRES_US is not None and self._driving.now_us() - event.recorded_at > effect.EXPIRES_US

    def _event(self, recorded: RecordedEvent) -> Event | None:
        """The event, if it is one of the company's."""
        try:
            event = self._store.mapper.read(recorded)
        except UnreadableEvent:
            log.error("control passes over an event position=%d topic=%s", recorded.position, recorded.topic)  # noqa: TRY400 - it may name a person
            return None
        return event if event.tenant == self._caller.tenant else None

    # Performing

    def _add(self, effect: Effect, event: Event, pbx: Pbx) -> None:
        instead = effect.matter(event) if effect.EXPIRES_US is None else None
        self._lanes[effect].add(event.originator_id, lambda: self._do(effect, event, pbx), instead=instead)

    def _do(self, effect: Effect, event: Event, pbx: Pbx) -> None:
        """Perform it, and report the outcome. Raises nothing."""
        why: Why | None = None
        try:
            if self._is_old(effect, event):
                why = "expired"
            elif self._pbx is not pbx:
                why = "failed"  # it waited when the connection was lost
            else:
                self._execute(effect.perform(event, pbx))
                self.figures.performed += 1
        except PbxRefuses as refused:
            why = "refused"
            log.warning("asterisk refused name=%s event=%s reason=%s", self._asterisk.name, event.TOPIC, refused)
        except (ManagerException, OSError) as error:
            why = "failed"
            log.warning("asterisk not reached name=%s event=%s reason=%s", self._asterisk.name, event.TOPIC, type(error).__name__)
        except Exception:
            why = "failed"
            log.exception("control failed name=%s event=%s", self._asterisk.name, event.TOPIC)
        if why is not None:
            if why == "failed" and effect.EXPIRES_US is None:
                self._again[effect, event.originator_id, effect.matter(event)] = event
            self._conclude(event, why, [effect])

    def _report(self, command: Command) -> None:
        self._reports.submit(self._execute, [command])

    def _conclude(self, event: Event, why: Why, among: Iterable[Effect] | None = None) -> None:
        self.figures.unperformed[why] += 1
        for effect in self._by_topic[event.TOPIC] if among is None else among:
            if (effect.EXPIRES_US is not None or why == "refused") and effect.wants(event):
                self._execute(effect.unperformed(event, why))

    def _execute(self, commands: Iterable[Command]) -> None:
        """Report an outcome, however long nothing can be saved, unless this process ends."""
        left = list(commands)
        while left:
            try:
                answers = self._bus.execute_all([(command, self._caller) for command in left])
            except (StoreUnavailable, ClockOff) as error:
                log.warning("control cannot save name=%s reason=%s", self._asterisk.name, error)
                if self._closing.wait(_PAUSE_S):
                    return
                continue
            for command, answer in zip(left, answers, strict=True):
                if isinstance(answer, DomainError) and not isinstance(answer, VersionConflict):
                    log.warning("control outcome refused command=%s code=%s", type(command).__name__, answer.code)
            left = [command for command, answer in zip(left, answers, strict=True) if isinstance(answer, VersionConflict)]
