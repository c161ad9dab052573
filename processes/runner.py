"""Run the process managers: each in its own thread, in one process at a time.

In embedded mode that is the process that holds the data directory. In distributed mode it is the leader, the process that has the lock; when it
ends another process takes over within seconds. A process manager that is slow or fails delays no other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

from commands.command_bus import CommandBus
from processes.execution import Execution, ProcessStopped
from processes.figures import ProcessFigures
from processes.manager import Ports, ProcessManager
from processes.registry import process_managers
from store.database import Fenced, StoreUnavailable
from store.leadership import Leadership, Sole
from store.process_progress import Failure

__all__ = ["Leadership", "ProcessRunner", "ProcessStopped", "Sole", "runner_of_all"]

log = logging.getLogger(__name__)

LOCK = "processes"

_TAKE_S = 1.0
"""How long a process waits at a time for the leader to end."""
_HELD_S = 1.0
_PAUSE_S = 0.5
_STEP_S = 0.05
_ENDS_WITHIN_S = 10.0
_STANDSTILL_S = 30.0


class Effects(Protocol):
    """What is done in the world outside, beside the process managers, in the process that leads."""

    def run(self, stopping: Callable[[], bool]) -> None:
        """Do it until `stopping`."""


class ProcessRunner:
    """The process managers of one deployment. `start` runs them in the background; `catch_up` waits for them, or runs them in the caller's thread."""

    def __init__(
        self,
        bus: CommandBus,
        managers: Sequence[ProcessManager[Any]],
        leadership: Leadership | None = None,
        effects: Sequence[Effects] = (),
    ) -> None:
        self._bus = bus
        self._effects = effects
        self._leadership = leadership or Sole()
        self._executions = [Execution(manager, bus) for manager in managers]
        for execution in self._executions:
            execution.progress.register()
        self._news = [threading.Event() for _ in managers]
        self._closing = threading.Event()
        self._stepping_down = threading.Event()
        self._thread: threading.Thread | None = None
        self._unlisten: Callable[[], None] | None = None
        self._running = threading.Lock()

    @property
    def figures(self) -> dict[str, ProcessFigures]:
        """ProcessFigures for operators, by process manager."""
        return {execution.manager.NAME: execution.figures for execution in self._executions}

    def now_us(self) -> int:
        """By the clock that decides which timers are due."""
        return self._bus.clock.now_us()

    # In the background

    def start(self) -> None:
        """Run them whenever this process leads, until `close`."""
        self._unlisten = self._bus.store.recorder.listen(self._wake)
        self._thread = threading.Thread(target=self._lead, name="processes", daemon=True)
        self._thread.start()

    def _wake(self, _: int = 0) -> None:
        for news in self._news:
            news.set()

    def _lead(self) -> None:
        waiting = False
        while not self._closing.is_set():
            try:
                if self._leadership.take(_TAKE_S):
                    waiting = False
                    self._run_all()
                elif not waiting:
                    waiting = True
                    log.info("processes wait: another process leads")
            except StoreUnavailable as error:
                log.warning("processes retry reason=%s", error)
                self._closing.wait(_PAUSE_S)

    def _run_all(self) -> None:
        """Run each in its thread, until this process is no longer the leader."""
        self._stepping_down.clear()
        if self._closing.is_set():
            # `close` came while the lead was being taken: what it said must not be forgotten.
            self._stepping_down.set()
        log.info("processes begin names=%s", ",".join(self.figures))
        threads = [
            threading.Thread(target=self._run, args=(execution, news), name=f"process-{execution.manager.NAME}", daemon=True)
            for execution, news in zip(self._executions, self._news, strict=True)
        ]
        threads += [
            threading.Thread(target=self._do, args=(effects,), name=type(effects).__name__, daemon=True) for effects in self._effects
        ]
        with self._running:
            for thread in threads:
                thread.start()
            while not self._stepping_down.wait(_HELD_S):
                if not self._leadership.still_held():
                    log.warning("processes step down: the lock is lost")
                    self._stepping_down.set()
            self._wake()
            until = monotonic() + _ENDS_WITHIN_S
            for thread in threads:
                thread.join(max(0.0, until - monotonic()))
            # One that still runs is fenced by the next epoch.
        with suppress(StoreUnavailable):
            self._leadership.release()

    def _run(self, execution: Execution, news: threading.Event) -> None:
        execution.begin_anew()
        execution.figures.active, execution.figures.stopped = True, ""
        try:
            while not self._stepping_down.is_set():
                news.clear()
                news.wait(execution.round(self._stepping_down.is_set))
            with suppress(StoreUnavailable):
                execution.write_position()
        except Fenced:
            log.warning("processes step down: another process leads")
            self._stepping_down.set()
        except ProcessStopped as stopped:
            log.error("%s", stopped)  # noqa: TRY400 - the message has the reason; a traceback might contain personal data
        except Exception as error:
            execution.figures.stopped = type(error).__name__
            log.exception("process stopped name=%s", execution.manager.NAME)
        finally:
            execution.figures.active = False

    def _do(self, effects: Effects) -> None:
        while not self._stepping_down.is_set():
            try:
                effects.run(self._stepping_down.is_set)
            except Exception:
                log.exception("effects failed name=%s", type(effects).__name__)
                self._stepping_down.wait(_HELD_S)

    def close(self) -> None:
        """Stop them after the current transaction. Can be repeated."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._closing.set()
        self._stepping_down.set()
        if self._thread is not None:
            self._thread.join()

    # For callers that wait

    def catch_up(self, position: int, say: Callable[[], object] = lambda: None) -> None:
        """Wait until all of them have processed the log up to `position`, or run them here if no process does. `say` is called now and then.

        Timers are not fired here. Raises ProcessStopped, StoreUnavailable.
        """
        moved, before = monotonic(), -1
        while (reached := self._reached()) < position:
            if self._thread is None and self._leadership.take(_STEP_S):
                try:
                    self._here(position, say)
                finally:
                    self._leadership.release()
                continue
            if reached != before:
                moved, before = monotonic(), reached
            elif monotonic() - moved > _STANDSTILL_S:
                raise ProcessStopped(f"the process managers do not progress beyond position {reached} of {position} (`atende processes`)")
            say()
            self._closing.wait(_STEP_S)

    def _reached(self) -> int:
        """The position up to which all of them are done. Raises ProcessStopped."""
        for execution in self._executions:
            if execution.figures.stopped:
                raise ProcessStopped(f"the process manager {execution.manager.NAME} has stopped at {execution.figures.stopped}")
        if self._thread is not None and any(execution.figures.active for execution in self._executions):
            return min((execution.figures.position for execution in self._executions), default=self._bus.store.head())
        return min((execution.progress.position() for execution in self._executions), default=self._bus.store.head())

    def _here(self, position: int, say: Callable[[], object]) -> None:
        with self._running:
            for execution in self._executions:
                execution.begin_anew()
                while True:
                    pause = execution.round(timers=False)
                    if execution.figures.position >= position:
                        break
                    say()
                    self._closing.wait(pause)
                execution.write_position()

    # What was set aside

    def failures(self) -> list[tuple[str, Failure]]:
        """Events and timers that are set aside and not retried successfully yet, by process manager and position. Raises StoreUnavailable."""
        return [(execution.manager.NAME, failure) for execution in self._executions for failure in execution.progress.failures()]

    def retry(
        self, failures: Sequence[tuple[str, Failure]], say: Callable[[], object] = lambda: None
    ) -> Iterator[tuple[str, Failure, str]]:
        """Retry these, in the leader's process, or here if there is no leader. Yields each with the reason if it failed again, else "".

        The request is saved first, so the leader retries once even if this process ends. `say` is called now and then.
        Raises ProcessStopped, StoreUnavailable.
        """
        executions = {execution.manager.NAME: execution for execution in self._executions}
        for process, failure in failures:
            executions[process].progress.retry(failure)
        self._wake()
        for process, failure in failures:
            yield process, failure, self._retried(executions[process], failure.cause, say)

    def _retried(self, execution: Execution, cause: str, say: Callable[[], object]) -> str:
        """Wait until it is retried; returns the reason if it failed again, else ""."""
        began = monotonic()
        while (failure := execution.progress.failure(cause)) is not None and failure.retrying:
            name, stopped = execution.manager.NAME, execution.figures.stopped
            if stopped:
                raise ProcessStopped(f"the process manager {name} has stopped at {stopped}")
            if monotonic() - began > _STANDSTILL_S:
                raise ProcessStopped(f"the process manager {name} has not decided {cause} yet; it will when it can (`atende processes`)")
            if self._thread is None and self._leadership.take(_STEP_S):
                try:
                    with self._running, suppress(Fenced):
                        execution.begin_anew()
                        execution.round(timers=False)
                finally:
                    self._leadership.release()
            say()
            self._closing.wait(_STEP_S)
        return "" if failure is None else failure.reason


def runner_of_all(bus: CommandBus, ports: Ports, leadership: Leadership | None = None, effects: Sequence[Effects] = ()) -> ProcessRunner:
    """A runner of all registered process managers, and of these effects."""
    return ProcessRunner(bus, [kind(ports) for kind in process_managers()], leadership, effects)
