"""Run one process manager: read new events of the log, let it decide, and save its decisions together with its position.

Each round processes the relevant events, in order, then the timers that are due. The results of a decision (events of its
commands, timers, the position) are saved in one transaction, fenced by an epoch: after a kill either all of them exist or none.
Errors are handled here. A server that is away is tried again. An event that fails is tried again some times, then set aside. If too many
are set aside, the process manager stops, because then the events are not the cause. An operator can retry what was set aside: its
results are saved together with its removal from the failures.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import UUID

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from domain.base import Event
from processes.changes import Changes, Saving
from processes.figures import ProcessFigures
from processes.manager import CancelTimer, Decision, NotYet, ProcessManager, Send, SetTimer, Timer, Write
from processes.retries import still_stand
from processes.set_aside import SetAside, reason_of
from processes.timers import WaitingTimers
from store.clock import ClockOff
from store.database import Fenced, StoreUnavailable
from store.process_progress import Epoch, Failure, ProcessProgress
from store.recorded_event import RecordedEvent

log = logging.getLogger(__name__)

READ_AT_ONCE = 5_000
"""The number of log positions that are read at once."""

PAUSES_S = (0.1, 0.5, 1.0, 2.0)
TRIES = 5
"""An event or timer that fails this often is set aside."""

MOST_SET_ASIDE = 20
"""If this many are set aside in one process, the process manager stops."""

IDLE_S = 1.0
"""Seconds between rounds without new events, and between records of positions at which nothing was decided."""

_NOT_YET_S = 0.1


class _Failed(Exception):
    """An event or timer failed; the error is its `__cause__`."""

    def __init__(self, cause: str, position: int, timer: Timer | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.position = position
        self.timer = timer


class ProcessStopped(Exception):
    """A process manager stopped; the message says which, and why."""


class Execution:
    """One process manager under the epochs of this process. Used by one thread at a time; `figures` by all."""

    def __init__(self, manager: ProcessManager[Any], bus: CommandBus) -> None:
        self.manager = manager
        self.figures = ProcessFigures()
        self._name = manager.NAME
        self._bus = bus
        self._recorder = bus.store.recorder
        self.progress = ProcessProgress(self._recorder.db, self._name)
        self._epoch: Epoch | None = None
        self._position = self._written = 0
        self._written_at = 0.0
        self._timers = WaitingTimers(self.figures.timers)
        self._set_aside = SetAside(self.figures.failed)
        self._tries: dict[str, int] = {}
        self._pauses = 0

    # Rounds

    def begin_anew(self) -> None:
        """Take over with a new epoch at the next round: the state in memory may differ from what is saved."""
        self._epoch = None

    def round(self, closing: Callable[[], bool] = lambda: False, *, timers: bool = True) -> float:
        """Process all new events and due timers; returns how many seconds to wait for the next round. Raises Fenced, ProcessStopped."""
        try:
            self._round(closing, timers=timers)
        except NotYet:
            return _NOT_YET_S
        except (StoreUnavailable, ClockOff) as error:
            # The transaction may have been committed.
            self._epoch = None
            if closing():
                return 0.0
            log.warning("process retry name=%s position=%d reason=%s", self._name, self._position, error)
            return self._pause()
        except _Failed as failed:
            return self._failed(failed)
        self._pauses = 0
        return self._until_next()

    def _round(self, closing: Callable[[], bool], *, timers: bool) -> None:
        if self._epoch is None:
            self._begin()
        wait = self._retry()
        end = self._bus.store.head()
        self._seen(end)
        while self._position < end and not closing():
            self._follow(end)
            self._seen(end)
        if timers and not closing() and self._position >= self._quiet:
            self._fire(closing)
        if monotonic() - self._written_at > IDLE_S:
            self.write_position()
        if wait:
            raise NotYet("something that is to be retried cannot be decided yet")

    def _begin(self) -> None:
        epoch = self.progress.begin()
        self._timers.begin(self.progress.timers())
        self._set_aside.begin(self.progress.failures())
        self._position = self._written = epoch.position
        self.manager.begin()
        self._epoch = epoch
        self.figures.position = self._position
        log.info(
            "process begins name=%s epoch=%d position=%d timers=%d", self._name, epoch.number, epoch.position, len(self.figures.timers)
        )

    @property
    def _quiet(self) -> int:
        assert self._epoch is not None
        return self._epoch.quiet

    def write_position(self) -> None:
        """Record the position if nothing was saved lately. Raises Fenced, StoreUnavailable."""
        if self._epoch is not None and self._written != self._position:
            self.progress.move(self._epoch.number, self._position)
            self._written = self._position
        self._written_at = monotonic()

    def _until_next(self) -> float:
        due_us = self._timers.next_us()
        return IDLE_S if due_us is None else min(IDLE_S, max(0.0, (due_us - self._bus.clock.now_us()) / 1_000_000))

    # Events

    def _follow(self, end: int) -> None:
        """Process the next events: any number that only set timers, or one that sends commands."""
        quiet = self._position < self._quiet
        until = min(end, self._position + READ_AT_ONCE, self._quiet if quiet else end)
        changes = Changes(until)
        topics = self.manager.reads()
        if topics and (self.manager.SETS_TIMERS or not quiet):
            for recorded in self._recorder.events_of_topics(self._position, until, topics):
                if not self._react(changes, recorded):
                    break
                if self.manager.reads() != topics:
                    # What follows this event was not read with the events that are needed from now on.
                    changes.position = recorded.position
                    break
        self._save(changes)

    def _react(self, changes: Changes, recorded: RecordedEvent) -> bool:
        """Process one event; False if the changes must be saved now, with or before this event."""
        position = recorded.position
        try:
            event: Event = self._bus.store.mapper.read(recorded)
            decisions = self.manager.react(event, self.manager.state(event, position))
        except (NotYet, StoreUnavailable):
            self._before(changes, position)
            raise
        except Exception as error:
            self._before(changes, position)
            raise _Failed(f"event {position}", position) from error
        live = position > self._quiet
        sends = live and any(isinstance(decision, Send) for decision in decisions)
        if sends and (changes.timers or changes.writes):
            changes.position = position - 1
            return False
        self._decided(changes, event.tenant, decisions, live=live)
        if sends:
            changes.position = position
        return not sends

    def _before(self, changes: Changes, position: int) -> None:
        """Save the decisions before an event that cannot be processed now."""
        changes.position = position - 1
        self._save(changes)

    def _decided(self, changes: Changes, tenant: UUID, decisions: Sequence[Decision], *, live: bool) -> None:
        """live: False for an event of a log that is replayed, from which nothing follows but timers."""
        for decision in decisions:
            if isinstance(decision, SetTimer | CancelTimer) and (failure := self._set_aside.timer(tenant, decision.key)) is not None:
                # A timer that was set aside is over when it is cancelled or set anew, as one that waits is.
                changes.settled.append(failure)
            match decision:
                case SetTimer(key=key, due_us=due_us, payload=payload):
                    changes.timers[tenant, key] = Timer(tenant, key, due_us, payload)
                case CancelTimer(key=key):
                    if (tenant, key) in self._timers or (tenant, key) in changes.timers:
                        changes.timers[tenant, key] = None
                case Write(change=change) if live:
                    changes.writes.append(change)
                case Send(command=command, key=key) if live:
                    once = f"process:{self._name}:{key}" if key else ""
                    changes.requests.append(
                        (command, Caller(tenant, f"system:{self._name}", self.manager.PERMISSIONS, once, keeps_receipts=True))
                    )

    # Timers

    def _fire(self, closing: Callable[[], bool]) -> None:
        """Fire each timer that is due now, once, in the order of their instants."""
        now_us = self._bus.clock.now_us()
        while not closing() and (timer := self._timers.due(now_us)) is not None:
            changes = Changes(self._position, timers={(timer.tenant, timer.key): None})
            try:
                decisions = self.manager.on_timer(timer, self.manager.state(timer, self._position), now_us)
            except (NotYet, StoreUnavailable):
                raise
            except Exception as error:
                raise _Failed(timer.name, self._position, timer) from error
            self._decided(changes, timer.tenant, decisions, live=True)
            self._save(changes, timer)

    # Saving

    def _save(self, changes: Changes, timer: Timer | None = None) -> None:
        """Raises Fenced, StoreUnavailable, ClockOff, and _Failed when a command was refused or its handler failed."""
        cause = timer.name if timer is not None else f"event {changes.position}"
        if changes:
            assert self._epoch is not None
            try:
                Saving(self._bus, self.progress, self._epoch.number).commit(changes, self._written)
            except (Fenced, StoreUnavailable, ClockOff):
                raise
            except Exception as error:
                raise _Failed(cause, changes.position, timer) from error
            self._written = changes.position
            self._written_at = monotonic()
        self._position = max(self._position, changes.position)
        self._tries.pop(cause, None)
        self.figures.sent += len(changes.requests)
        self._timers.change(changes.timers)
        for settled in changes.settled:
            self._set_aside.forget(settled)
        if changes.failure is not None:
            self._set_aside.keep(changes.failure)
        self.figures.position = self._position

    # Errors

    def _pause(self) -> float:
        self._pauses += 1
        return PAUSES_S[min(self._pauses, len(PAUSES_S)) - 1]

    def _failed(self, failed: _Failed) -> float:
        """Try again, or set it aside. Raises ProcessStopped, Fenced."""
        reason = reason_of(failed.__cause__)
        self.figures.failures += 1
        self._tries[failed.cause] = self._tries.get(failed.cause, 0) + 1
        if self._tries[failed.cause] < TRIES:
            log.warning("process failed name=%s cause=%s reason=%s", self._name, failed.cause, reason)
            return self._pause()
        if self.figures.set_aside >= MOST_SET_ASIDE:
            self.figures.stopped = f"{failed.cause}: {reason}, after {self.figures.set_aside} others that were set aside"
            raise ProcessStopped(f"the process manager {self._name} has stopped at {self.figures.stopped}")
        log.error("process set aside name=%s cause=%s reason=%s", self._name, failed.cause, reason)
        changes = Changes(failed.position, failure=Failure(failed.position, self._bus.clock.now_us(), reason, TRIES, failed.timer))
        if failed.timer is not None:
            changes.timers[failed.timer.tenant, failed.timer.key] = None
        try:
            self._save(changes)
        except (StoreUnavailable, ClockOff, _Failed):
            self._epoch = None
            return self._pause()
        self.figures.set_aside += 1
        self._tries.pop(failed.cause, None)
        self._pauses = 0
        return 0.0

    # What was set aside

    def _retry(self) -> bool:
        """Retry what an operator has requested; returns whether some of it cannot be retried yet. Only the leader writes failures, so it reads requests only if there are some."""
        wait = False
        for failure in self.progress.to_retry() if self._set_aside else ():
            try:
                self._decide_again(failure)
            except NotYet:
                wait = True
            except (Fenced, StoreUnavailable, ClockOff):
                raise
            except Exception as error:  # noqa: BLE001 - its kind is kept as the reason
                self._failed_again(failure, error.__cause__ if isinstance(error, _Failed) else error)
            else:
                self.figures.retried += 1
                log.info("process retried name=%s cause=%s", self._name, failure.cause)
        return wait

    def _decide_again(self, failure: Failure) -> None:
        if self._position < max(self._quiet, failure.position):
            raise NotYet("the log is being replayed up to there")
        changes = Changes(self._position, settled=[failure])
        if failure.timer is not None:
            decisions = self.manager.on_timer(failure.timer, self.manager.state(failure.timer, self._position), self._bus.clock.now_us())
            self._decided(changes, failure.timer.tenant, decisions, live=True)
        else:
            (recorded,) = self._recorder.events_after(failure.position - 1, 1)
            event: Event = self._bus.store.mapper.read(recorded)
            decided = self.manager.react(event, self.manager.state(event, failure.position))
            decisions = still_stand(decided, event, self.manager, self._bus.store, self._position)
            self._decided(changes, event.tenant, decisions, live=failure.position > self._quiet)
        self._save(changes)

    def _failed_again(self, failure: Failure, error: BaseException | None) -> None:
        reason = reason_of(error)
        self.figures.failures += 1
        log.warning("process retry failed name=%s cause=%s reason=%s", self._name, failure.cause, reason)
        again = replace(failure, at_us=self._bus.clock.now_us(), reason=reason, tries=failure.tries + 1, retrying=False)
        self._save(Changes(self._position, failure=again))

    # ProcessFigures

    def _seen(self, end: int) -> None:
        if self._position >= end:
            self.figures.behind_since = None
        elif self.figures.behind_since is None:
            self.figures.behind_since = self._bus.clock.now_us()
