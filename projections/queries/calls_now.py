"""The calls that go on at one instant: talking, on hold, in the IVR, or dialled and not answered yet; and what identifies them to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import msgspec

from projections.engine.temporal_view import TemporalView
from projections.figures.intervals import iso
from projections.figures.metrics import Row
from projections.figures.question import Question
from projections.queries.labels import labelled
from projections.queries.open_calls import OpenAttempt, OpenCalls, OpenVisit

OngoingState = Literal["talking", "held", "in-ivr", "dialling"]
"""What happens in a call that goes on."""

Opened = Callable[[str], str]
"""Opens a sealed number for a caller who may read it."""

# A part of a call may be one of its legs; what a person knows the call by belongs to the whole.
_CALLS = """
SELECT id, whole, call, protocol, toString(direction) AS direction, number, did FROM {interactions}
"""

_IVR = """
SELECT id, ivr, entered_ms FROM {ivr_calls} WHERE entered_ms <= {{at:Int64}} AND (isNull(left_ms) OR left_ms > {{at:Int64}})
"""


class _Call(msgspec.Struct):
    id: UUID
    whole: UUID
    call: str
    protocol: int
    direction: str
    number: str
    did: str


class _InIvr(msgspec.Struct):
    id: UUID
    ivr: str
    entered_ms: int


@dataclass(frozen=True)
class _Stage:
    """Where a call is. part: the call or its leg."""

    part: UUID
    state: OngoingState
    since_ms: int
    queue: str = ""
    queue_id: UUID | None = None
    agent: str = ""
    ivr: str = ""


class Calls:
    """The calls that a board shows, by the ids of their parts. Unknown ones have no protocol and no numbers."""

    def __init__(self, view: TemporalView, parts: Iterable[UUID], opened: Opened) -> None:
        self._opened = opened
        self._known = _read(view, set(parts))
        missing = {call.whole for call in self._known.values()} - self._known.keys()
        self._known |= _read(view, missing)

    def whole(self, part: UUID) -> UUID:
        """The call of which this is a part."""
        found = self._known.get(part)
        return part if found is None else found.whole

    def identity(self, part: UUID) -> Row:
        """call, protocol, direction with its label, from_number, to_number; None for what is not known."""
        found = self._known.get(self.whole(part)) or self._known.get(part)
        if found is None:
            return {"call": None, "protocol": None, **labelled("direction", "direction", "inbound"), "from_number": None, "to_number": None}
        number, did = self._opened(found.number) or None, found.did or None
        inbound = found.direction == "inbound"
        return {
            "call": found.call or None,
            "protocol": found.protocol,
            **labelled("direction", "direction", found.direction),
            "from_number": number if inbound else did,
            "to_number": did if inbound else number,
        }


def _read(view: TemporalView, parts: set[UUID]) -> dict[UUID, _Call]:
    if not parts:
        return {}
    # What identifies a call is known from its beginning, whatever happened later.
    interactions = replace(view, moment_ms=None).known("interactions", of_calls=True)
    found = view.ask(_Call, _CALLS.format(interactions=interactions), calls=sorted(parts))
    return {call.id: call for call in found}


def calls_now(view: TemporalView, question: Question, at: int, going_on: OpenCalls, opened: Opened) -> tuple[list[Row], Calls]:
    """The calls that go on, a row each, the longest in its state first; and the identities of these and of all that wait.

    A call in several states (a transfer) is in the one that it entered last. Filters: queues and agents of the call.
    """
    visits = going_on.visits
    stages = [*_talks([*visits, *going_on.attempts], at), *_dialled(going_on.attempts, at), *_in_ivr(view, at)]
    calls = Calls(view, {*(stage.part for stage in stages), *(visit.whole for visit in visits)}, opened)
    newest: dict[UUID, _Stage] = {}
    for stage in stages:
        whole = calls.whole(stage.part)
        if whole not in newest or _ranks(stage) > _ranks(newest[whole]):
            newest[whole] = stage
    waiting = {visit.whole for visit in visits if visit.waits(at)}
    shown = [
        (stage.since_ms, str(whole), whole, stage)
        for whole, stage in newest.items()
        if _selected(question, stage) and not (whole in waiting and stage.state == "in-ivr")
    ]
    shown.sort(key=lambda one: one[:2])
    return [_row(question, whole, stage, calls) for _, _, whole, stage in shown], calls


def _ranks(stage: _Stage) -> tuple[bool, int, str]:
    return stage.state in ("talking", "held"), stage.since_ms, str(stage.part)


def _talks(talks: Sequence[OpenVisit | OpenAttempt], at: int) -> list[_Stage]:
    found = []
    for one in talks:
        began = one.began_at(at)
        if one.talks(at) and began is not None:
            held = one.held_since(at)
            state: OngoingState = "talking" if held is None else "held"
            found.append(_Stage(one.whole, state, began if held is None else held, one.queue, one.queue_id, one.agent))
    return found


def _dialled(attempts: list[OpenAttempt], at: int) -> list[_Stage]:
    dialled = [one for one in attempts if one.dials(at)]
    return [_Stage(one.id, "dialling", one.dialled_ms, one.queue, one.queue_id, one.agent) for one in dialled]


def _in_ivr(view: TemporalView, at: int) -> list[_Stage]:
    return [
        _Stage(one.id, "in-ivr", one.entered_ms, ivr=one.ivr)
        for one in view.ask(_InIvr, _IVR.format(ivr_calls=view.rows_of("ivr_calls")), at=at)
    ]


def _selected(question: Question, stage: _Stage) -> bool:
    if question.queues and stage.queue not in question.queues:
        return False
    return not question.agents or stage.agent in question.agents


def _row(question: Question, whole: UUID, stage: _Stage, calls: Calls) -> Row:
    return {
        "interaction_id": str(whole),
        **labelled("state", "ongoing_state", stage.state),
        "since": iso(stage.since_ms, question.zone),
        "queue": stage.queue or None,
        "queue_id": None if stage.queue_id is None else str(stage.queue_id),
        "agent": stage.agent or None,
        "ivr": stage.ivr or None,
        **calls.identity(stage.part),
    }
