"""The events and timers that a process manager has set aside, each with the reason why it failed, until an operator retries them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from processes.changes import CommandRefused
from store.process_progress import Failure


class SetAside:
    """What one process manager has set aside, as it is saved. by_cause: the same, for the figures."""

    def __init__(self, by_cause: dict[str, Failure]) -> None:
        self._by_cause = by_cause
        self._timers: dict[tuple[UUID, str], Failure] = {}

    def __bool__(self) -> bool:
        return bool(self._by_cause)

    def begin(self, saved: Iterable[Failure]) -> None:
        """Replace all by what is saved."""
        self._by_cause.clear()
        self._timers.clear()
        for failure in saved:
            self.keep(failure)

    def keep(self, failure: Failure) -> None:
        """It was set aside, or failed again."""
        self._by_cause[failure.cause] = failure
        if failure.timer is not None:
            self._timers[failure.timer.tenant, failure.timer.key] = failure

    def forget(self, failure: Failure) -> None:
        """It is settled."""
        self._by_cause.pop(failure.cause, None)
        if failure.timer is not None:
            self._timers.pop((failure.timer.tenant, failure.timer.key), None)

    def timer(self, tenant: UUID, key: str) -> Failure | None:
        """The timer with this key, if it was set aside."""
        return self._timers.get((tenant, key))


def reason_of(error: BaseException | None) -> str:
    """The type of an error and where it was raised, without its message, which may contain personal data."""
    assert error is not None
    if isinstance(error, CommandRefused):
        return f"a command was refused: {error}"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{where}"
