"""Write the simulated center as the queue_log of an Asterisk (log_membername_as_agent = yes)."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.base import MS, SECOND
from simulator import actions
from simulator.actions import Action
from simulator.center import busy_center
from simulator.model import Model
from simulator.truth import Truth

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
"""Midnight of a Monday in São Paulo."""

CLOSING_LINES = 16
"""The most lines per agent and per waiting customer that a closing center still writes."""


def write_queue_log(path: Path, seed: int, lines: int, scale: float = 4.0, start: datetime = START) -> dict[str, Any]:
    """Write a log of exactly `lines` lines (.gz: compressed) and return its true figures.

    The center closes before the last line, so that no call and no login is left open. The figures are those of `Truth`, with
    `lines` (by verb), `calls` (that reached a queue), `first_us` and `last_us`. Raises ValueError if `lines` is too small for the center.
    """
    center = busy_center(scale)
    if lines <= 2 * CLOSING_LINES * len(center.agents):
        raise ValueError(f"{lines} lines are too few for a center of this size")
    model = Model(center, seed, int(start.timestamp()) * SECOND, grain_us=SECOND)
    truth = Truth(complete=False)
    verbs: dict[str, int] = {"QUEUESTART": 1}
    calls: set[str] = set()
    now = first = int(start.timestamp())
    written = 1
    closing = False
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w", encoding="utf-8") as log:
        log.write(f"{now}|NONE|NONE|NONE|QUEUESTART|\n")
        for instant_us, action in model.play():
            truth.take(instant_us, action)
            render = _LINES.get(type(action))
            if render is None:
                continue
            now = instant_us // SECOND
            for rest in render(action):
                log.write(f"{now}|{rest}\n")
                verb = rest.split("|", 4)[3]
                verbs[verb] = verbs.get(verb, 0) + 1
                written += 1
            if isinstance(action, (actions.Offered, actions.TurnedAway)):
                calls.add(action.call)
            if not closing and written + CLOSING_LINES * (len(center.agents) + model.waiting) >= lines:
                closing = True
                model.close()
        assert written <= lines, "the closing center wrote more lines than CLOSING_LINES allows"
        # CONFIGRELOAD changes no figure; it only shows that the log was still written.
        log.write(f"{now}|NONE|NONE|NONE|CONFIGRELOAD|\n" * (lines - written))
    verbs["CONFIGRELOAD"] = lines - written
    return {**truth.figures(), "lines": verbs, "calls": len(calls), "first_us": first * SECOND, "last_us": now * SECOND}


def _offered(action: actions.Offered) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|ENTERQUEUE||{action.number}|{action.position}"]


def _turned_away(action: actions.TurnedAway) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|JOINEMPTY|"]


def _rang_out(action: actions.RangOut) -> list[str]:
    return [f"{action.call}|{action.queue}|{action.agent}|RINGNOANSWER|{action.ring_ms}"]


def _ring_canceled(action: actions.RingCanceled) -> list[str]:
    return [f"{action.call}|{action.queue}|{action.agent}|RINGCANCELED|{action.ring_ms}"]


def _answered(action: actions.Answered) -> list[str]:
    wait_s, ring_s = action.wait_ms // MS, action.ring_ms // MS
    return [f"{action.call}|{action.queue}|{action.agent}|CONNECT|{wait_s}|{action.channel}|{ring_s}"]


def _talk_ended(action: actions.TalkEnded) -> list[str]:
    talk_s = (action.talk_ms + action.hold_ms) // MS
    return [f"{action.call}|{action.queue}|{action.agent}|COMPLETE{action.by.upper()}|{action.wait_ms // MS}|{talk_s}|{action.position}"]


def _transferred(action: actions.Transferred) -> list[str]:
    talk_s = (action.talk_ms + action.hold_ms) // MS
    where = f"{action.extension}|ramais"
    return [f"{action.call}|{action.queue}|{action.agent}|BLINDTRANSFER|{where}|{action.wait_ms // MS}|{talk_s}|{action.position}"]


def _abandoned(action: actions.Abandoned) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|ABANDON|{_left(action)}"]


def _timed_out(action: actions.TimedOut) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|EXITWITHTIMEOUT|{_left(action)}"]


def _left_by_key(action: actions.LeftByKey) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|EXITWITHKEY|{action.key}|{_left(action)}"]


def _withdrawn(action: actions.Withdrawn) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|WITHDRAW|{_left(action)}|"]


def _emptied(action: actions.Emptied) -> list[str]:
    return [f"{action.call}|{action.queue}|NONE|EXITEMPTY|{_left(action)}"]


def _left(action: actions.Abandoned | actions.TimedOut | actions.LeftByKey | actions.Withdrawn | actions.Emptied) -> str:
    return f"{action.position}|{action.first_position}|{action.wait_ms // MS}"


def _logged_in(action: actions.LoggedIn) -> list[str]:
    return [f"MANAGER|{queue}|{action.agent}|ADDMEMBER|" for queue in action.queues]


def _logged_out(action: actions.LoggedOut) -> list[str]:
    return [f"MANAGER|{queue}|{action.agent}|REMOVEMEMBER|" for queue in action.queues]


def _paused(action: actions.Paused) -> list[str]:
    every = [f"NONE|{queue}|{action.agent}|PAUSE|{action.reason}" for queue in action.queues]
    return [f"NONE|NONE|{action.agent}|PAUSEALL|{action.reason}", *every]


def _unpaused(action: actions.Unpaused) -> list[str]:
    return [f"NONE|NONE|{action.agent}|UNPAUSEALL|", *(f"NONE|{queue}|{action.agent}|UNPAUSE|" for queue in action.queues)]


_LINES: dict[type[Action], Callable[[Any], list[str]]] = {
    actions.LoggedIn: _logged_in,
    actions.LoggedOut: _logged_out,
    actions.Paused: _paused,
    actions.Unpaused: _unpaused,
    actions.Offered: _offered,
    actions.TurnedAway: _turned_away,
    actions.RangOut: _rang_out,
    actions.RingCanceled: _ring_canceled,
    actions.Answered: _answered,
    actions.TalkEnded: _talk_ended,
    actions.Transferred: _transferred,
    actions.Abandoned: _abandoned,
    actions.TimedOut: _timed_out,
    actions.LeftByKey: _left_by_key,
    actions.Withdrawn: _withdrawn,
    actions.Emptied: _emptied,
}
