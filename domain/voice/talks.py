"""The talks of agents in a call: with a customer who waited in a queue, and with one whom the agent dialled.

What an agent does in a call is done to a talk, whichever way it came about: hold, release, wrap-up. A customer whom a dialler without an agent has
reached talks with nobody until an agent answers the visit that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.voice.call_state import CallState
from domain.voice.calls import Hold
from domain.voice.facts import OUTBOUND_TALK


class Talk(NamedTuple):
    """An agent's talk. Instants in ms; `ended_ms` is None while it goes on, and when no source saw its end (`is_lost`).

    wrap_up_ms: how long the wrap-up took, or may take; None while nobody has finished it. mark: of a live fact about this talk.
    """

    agent: str
    queue: str
    began_ms: int
    ended_ms: int | None
    wrap_up_ms: int | None
    is_lost: bool
    on_hold: bool
    mark: int = 0

    @property
    def goes_on(self) -> bool:
        """The agent talks, or has the customer on hold."""
        return self.ended_ms is None and not self.is_lost

    def wraps_up(self, at_ms: int) -> bool:
        """Whether the agent's work on it goes on at an instant: nobody has finished it, and the time that the queue allows is not over."""
        return self.ended_ms is not None and (self.wrap_up_ms is None or self.ended_ms + self.wrap_up_ms > at_ms)


def talks(state: CallState) -> list[Talk]:
    """The talks of a call in their order: that with a customer who was dialled precedes those of visits."""
    found = []
    attempt = state.attempt
    if attempt is not None and attempt.agent and attempt.answered_ms is not None:
        holds = state.attempt_holds
        found.append(
            Talk(
                attempt.agent,
                attempt.queue,
                attempt.answered_ms,
                attempt.ended_ms,
                attempt.wrap_up_ms,
                False,
                _last_lasts(holds),
                OUTBOUND_TALK,
            )
        )
    for visit, holds in zip(state.visits, state.holds, strict=True):
        if visit.end == "answered" and visit.ended_ms is not None:
            ended = visit.released_ms
            found.append(Talk(visit.agent, visit.queue, visit.ended_ms, ended, visit.wrap_up_ms, visit.talk_unknown, _last_lasts(holds)))
    return found


def _last_lasts(holds: Sequence[Hold]) -> bool:
    return bool(holds) and holds[-1].until_ms is None
