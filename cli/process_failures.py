"""`processes failed` and `processes retry`: list what process managers have set aside, and let it be decided again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from bootstrap import Center
from cli.console import Console, Mistake
from cli.listing import listing, utc
from cli.operator_commands import ProcessFailures, RetryProcesses
from processes.runner import ProcessStopped
from store.event_store import Store
from store.process_progress import Failure

_MS = 1_000


def list_or_retry(command: ProcessFailures | RetryProcesses, center: Center, console: Console) -> int:
    """What the command asks for; its exit status."""
    if isinstance(command, ProcessFailures):
        return _list(command, center, console)
    return _retry(command, center, console)


def _list(command: ProcessFailures, center: Center, console: Console) -> int:
    """List what was set aside and is not done yet, without personal data."""
    rows = [_row(process, failure, center.store) for process, failure in _of(command.process, center)]
    if command.json:
        console.out(msgspec.json.encode(rows).decode() + "\n")
    elif rows:
        console.out(listing(rows, console.width))
    else:
        console.warn("no process manager has set anything aside")
    return 0


def _retry(command: RetryProcesses, center: Center, console: Console) -> int:
    """Let those at the positions be decided again, or all if there are none; exit status 1 when one fails again."""
    listed = _of(command.process, center)
    asked = [(process, failure) for process, failure in listed if not command.positions or failure.position in command.positions]
    for position in sorted(set(command.positions) - {failure.position for _, failure in listed}):
        console.warn(f"nothing that was set aside is at {position}")
    reasons: list[str] = []
    retried = center.processes.retry(asked, lambda: console.progress("retrying", len(reasons), len(asked), "failures"))
    try:
        for process, failure, reason in retried:
            reasons.append(reason)
            console.out(f"{process} {failure.position} {_what(failure, center.store)[0]}: {reason or 'it is done'}\n")
    except ProcessStopped as error:
        raise Mistake(f"not all were retried: {error}") from error
    return 1 if any(reasons) else 0


def _of(process: str, center: Center) -> list[tuple[str, Failure]]:
    names = list(center.processes.figures)
    if process and process not in names:
        raise Mistake(f"there is no process manager {process!r}, only {', '.join(names)}")
    return [(name, failure) for name, failure in center.processes.failures() if process in {"", name}]


def _row(process: str, failure: Failure, store: Store) -> dict[str, Any]:
    event, id = _what(failure, store)
    return {
        "process": process,
        "position": failure.position,
        "event": event,
        "id": id,
        "reason": failure.reason,
        "tries": failure.tries,
        "tried_at": utc(failure.at_us // _MS),
    }


def _what(failure: Failure, store: Store) -> tuple[str, str]:
    """The topic of the event, and its id: that of its aggregate with its version. Of a timer, its key."""
    if failure.timer is not None:
        return "timer", failure.timer.key
    (event,) = store.recorder.events_after(failure.position - 1, 1)
    return event.topic, f"{UUID(bytes=event.id)}:{event.version}"
