"""What the facts about one call prove together: its visits, its way through the IVR, its outbound attempt.

Pure, and the same whatever the order in which the facts were told. A line proves what must have come before it
(an answer proves the offer), and its own durations say when; such instants are `implied` and give way to an
observed one. What no source saw ends `unknown`, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from domain.base import Personal
from domain.ids import interaction_id
from domain.voice.calls import Call, Visit
from domain.voice.facts import Fact
from domain.voice.merging import in_order
from domain.voice.outbound_and_ivr import attempt_of, path_of, status_of
from domain.voice.uniqueids import born_us
from domain.voice.visit_builder import VisitBuilder


class Context(msgspec.Struct, frozen=True):
    """What a call cannot know by itself.

    settings: (queue, offered at, in us) -> (SLA threshold ms, tolerated abandon ms) as they were then.
    restarts: instants (us) at which the PBX started anew, ascending.
    contact: whose call it is; protocol and origin are given once, when the call comes to be.
    """

    tenant: UUID
    call: str
    settings: Callable[[str, int], tuple[int, int]]
    restarts: tuple[int, ...] = ()
    contact: UUID | None = None
    protocol: int = 0
    origin: str = ""


class Resolved(msgspec.Struct, frozen=True):
    """The call, and what its sources disagree about (sentences that name the lines)."""

    call: Call
    conflicts: list[str] = []


def resolve(facts: list[Fact], context: Context) -> Resolved:
    """The call that these facts prove."""
    ordered = in_order(facts)
    told: dict[str, list[Fact]] = {}
    for fact in ordered:
        told.setdefault(fact.kind, []).append(fact)
    outbound = _outbound_queues(ordered) if "outbound" in told else set()
    visiting = VisitBuilder(context.settings, born_us(context.call))
    visiting.take_all([fact for fact in ordered if fact.queue not in outbound or not fact.queue] if outbound else ordered)
    hung_up = max(fact.at for fact in told["hung_up"]) if "hung_up" in told else None
    visits = visiting.close(context.restarts, hung_up)
    attempt = attempt_of(ordered, outbound, hung_up)
    path = path_of(ordered, visits, hung_up, context.restarts)
    ended_ms = _ended_ms(ordered, visits, hung_up, attempt.ended_ms if attempt else None)
    quality = _quality(told["quality"]) if "quality" in told else (None, None)
    return Resolved(
        Call(
            call=context.call,
            protocol=context.protocol,
            origin=context.origin,
            direction="outbound" if attempt else "inbound",
            started_ms=min([ordered[0].at // 1000, *(visit.offered_ms for visit in visits)]),
            ended_ms=ended_ms,
            status=status_of(visits, path, attempt, ended_ms is not None),
            part_of=interaction_id(context.tenant, told["part_of"][0].text) if "part_of" in told else None,
            contact=context.contact,
            number=_number(ordered),
            did=next((fact.text for fact in ordered if fact.kind in ("arrived", "did") and fact.text), ""),
            visits=visits,
            ivr=path,
            attempt=attempt,
            tags=tuple(fact.text for fact in told["tag"]) if "tag" in told else (),
            jitter_ms=quality[0],
            loss_percent=quality[1],
        ),
        visiting.conflicts,
    )


def _ended_ms(facts: list[Fact], visits: tuple[Visit, ...], hung_up: int | None, attempt_ended: int | None) -> int | None:
    """When the call was over: the line's end where it was seen; the last visit's end where no source tells of lines."""
    if hung_up is not None:
        return hung_up // 1000
    tells_of_lines = facts[-1].clock in ("live", "ami") and not any(fact.kind == "unseen" for fact in facts)
    if tells_of_lines or any(visit.open for visit in visits):
        return None
    ends = [visit.released_ms or visit.ended_ms for visit in visits]
    # A leg whose visit goes on under its call's own id is over there.
    leg_ended = max((fact.at // 1000 for fact in facts if fact.kind == "part_of" and fact.queue), default=attempt_ended)
    return max([end for end in ends if end is not None], default=leg_ended)


def _outbound_queues(facts: list[Fact]) -> set[str]:
    """The queues of the outbound attempt. One that was told of no queue is whatever the call was answered in without having been offered."""
    told = {fact.queue for fact in facts if fact.kind == "outbound"}
    if "" in told:
        told |= {fact.queue for fact in facts} - {fact.queue for fact in facts if fact.kind == "offered"}
    return told - {""} if told != {""} else told


def _number(facts: list[Fact]) -> Personal | None:
    """The customer's number: the caller of an inbound call, the called of an attempt."""
    told = [fact.private for fact in facts if fact.private is not None and fact.kind in ("arrived", "dialled", "outbound", "offered")]
    return told[0] if told else None


def _quality(facts: list[Fact]) -> tuple[float | None, float | None]:
    """The worst leg's jitter (ms) and loss (%)."""
    told = [fact.text.split(";") for fact in facts]
    return max(float(jitter) for jitter, _ in told), max(float(loss) for _, loss in told)
