"""Progress of the projections: the log position that the rows cover, and whether rows are being written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol, TypeVar

T = TypeVar("T")


_IN_TRAFFIC, _CALM_S = 2, 1.0
"""After so many answers in a row that were disturbed by new rows, answers are not computed from the current rows for so many seconds."""

_HELD_S = 0.5
"""How long rows and brief answers wait for each other at most. An answer that new rows disturb is computed twice, on a machine that is busy already."""

_LENGTHY_S, _KNOWN_FOR_S = 0.4, 30.0
"""Whoever has an answer that takes so long, as the board of tens of thousands of calls, has no brief ones for so many seconds: everybody would wait for the rows."""


class ProjectionsStopped(Exception):
    """The projections stopped; the message says why. The rows stay correct for their position."""


class Following(Protocol):
    """Progress as readers see it: reported by the writer in the same process, or looked up by a process that only reads."""

    @property
    def position(self) -> int:
        """Every event up to here is in the rows."""

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the rows cover `position`; False if they do not within `timeout` seconds. Raises ProjectionsStopped."""

    def steady(self, ask: Callable[[int | None], T], *, brief: Hashable = None) -> tuple[T, int]:
        """An answer and the position for which it holds exactly, as `Progress.steady`."""


class Progress:
    """Position of the rows: set by the writer, read by everybody else. Thread-safe."""

    def __init__(self, position: int, head: int) -> None:
        """The rows cover `position` of a log that ends at `head`."""
        self._changed = threading.Condition()
        self._position = position
        self._waiters = 0
        # The last writer may have been killed after it wrote rows, up to the end of the log, and before it recorded their position.
        self._unsure_until = head
        self._writing = self._unsure
        self._writes = 0
        self._failure: Exception | None = None
        self._brief = 0
        """How many brief answers are being computed from the current rows."""
        self._kept_waiting = False
        """Whether rows are to be written as soon as these are there."""
        self._disturbed = 0
        self._disturbed_at = 0.0
        self._lengthy_until: dict[Hashable, float] = {}
        """By whose answers they are: until when none is brief."""

    @property
    def position(self) -> int:
        """Every event up to here is in the rows."""
        return self._position

    @property
    def _unsure(self) -> bool:
        """Whether the rows may be ahead of the position until they have caught up: nobody waits for that."""
        return self._position < self._unsure_until

    @property
    def failure(self) -> Exception | None:
        """Why the projections stopped; None while they run."""
        return self._failure

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the rows cover `position`; False if they do not within `timeout` seconds. Raises ProjectionsStopped."""
        deadline = monotonic() + timeout
        with self._changed, self._waited_for(self._position < position):
            while self._position < position:
                if self._failure is not None:
                    raise ProjectionsStopped(str(self._failure)) from self._failure
                if not self._changed.wait(deadline - monotonic()) and monotonic() >= deadline:
                    return self._position >= position
        return True

    @contextmanager
    def _waited_for(self, missing: bool) -> Iterator[None]:
        """Inside, somebody waits for rows, if any are missing: who rests goes on."""
        self._waiters += missing
        if missing:
            self._changed.notify_all()
        try:
            yield
        finally:
            self._waiters -= missing

    def rest(self, seconds: float) -> None:
        """Let so much time pass, unless somebody waits for rows that are not there yet."""
        with self._changed:
            self._changed.wait_for(lambda: self.waited_for, max(seconds, 0))

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits for rows that are not there yet."""
        return self._waiters > 0

    def end_rest(self) -> None:
        """From now on nobody rests."""
        with self._changed:
            self._waiters += 1
            self._changed.notify_all()

    def steady(self, ask: Callable[[int | None], T], *, brief: Hashable = None) -> tuple[T, int]:
        """An answer and the position for which it holds exactly.

        `ask(None)` reads the rows as they are now. While rows are being written `ask(position)` is called instead: it reads the
        rows as known at that position from the versions, which gives the same answer. After several answers in which
        rows were written this is done at once for a moment: under steady traffic every answer would be computed twice.

        brief: whose answer it is, if it is asked often and takes little, so that it and the writing of rows wait for each other. Versions
        become more with every event of the day, and a board that moves would be computed from all of them.
        """
        if brief is None or monotonic() < self._lengthy_until.get(brief, 0.0):
            return self._answer(ask, sure=False)
        with self._between_writes():
            began = monotonic()
            found = self._answer(ask, sure=True)
        if monotonic() - began > _LENGTHY_S:
            self._lengthy_until[brief] = monotonic() + _KNOWN_FOR_S
        return found

    def _answer(self, ask: Callable[[int | None], T], *, sure: bool) -> tuple[T, int]:
        with self._changed:
            still, writes, position = not self._writing, self._writes, self._position
        if still and (sure or self._disturbed < _IN_TRAFFIC or monotonic() - self._disturbed_at >= _CALM_S):
            answer = ask(None)
            with self._changed:
                if not self._writing and self._writes == writes:
                    self._disturbed = 0
                    return answer, position
                self._disturbed, self._disturbed_at = self._disturbed + 1, monotonic()
        position = self.position
        return ask(position), position

    @contextmanager
    def _between_writes(self) -> Iterator[None]:
        """Inside, no rows are written, unless it takes long."""
        with self._changed:
            self._changed.wait_for(lambda: self._unsure or not (self._writing or self._kept_waiting), _HELD_S)
            self._brief += 1
        try:
            yield
        finally:
            with self._changed:
                self._brief -= 1
                self._changed.notify_all()

    def writing(self) -> None:
        """From now on rows may be ahead of the position. Brief answers that are being computed are there, or take long."""
        with self._changed:
            self._kept_waiting = True
            self._changed.wait_for(lambda: not self._brief, _HELD_S)
            self._kept_waiting = False
            self._writing = True
            self._writes += 1

    def written(self, position: int) -> None:
        """All rows up to `position` are written, and none beyond it."""
        with self._changed:
            self._position = position
            self._writing = self._unsure
            self._changed.notify_all()

    def stopped(self, failure: Exception) -> None:
        """The projections stopped because of `failure`."""
        with self._changed:
            self._failure = failure
            self._changed.notify_all()
