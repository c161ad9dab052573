"""The rest of a call's story: its way through the IVR, its outbound attempt, and the status a person reads."""

from __future__ import annotations

from typing import Literal

from domain.base import MS
from domain.voice.calls import Attempt, IvrPath, Visit
from domain.voice.facts import Fact

Status = Literal[
    "Answered", "Abandoned", "Dequeued", "Transferred", "Left by Key", "Closed", "Unknown", "Abandoned IVR", "Out of Hours", "Ended IVR",
    "Blacklisted", "Bad Phone", "Bad Number", "Ended",
]  # fmt: skip
"""The final statuses (STATUS) that `status_of` gives, the manual's words first."""

_STATUS = {
    "answered": "Answered",
    "abandoned": "Abandoned",
    "timed_out": "Dequeued",
    "transferred_out": "Transferred",
    "left_by_key": "Left by Key",
    "closed": "Closed",
    "unknown": "Unknown",
}
_IVR_STATUS = {
    "abandoned": "Abandoned IVR",
    "out_of_hours": "Out of Hours",
    "ended": "Ended IVR",
    "blacklisted": "Blacklisted",
    "unknown": "Unknown",
}
_ATTEMPT_STATUS = {"answered": "Answered", "bad_number": "Bad Number", "unknown": "Unknown", "": ""}


def path_of(facts: list[Fact], visits: tuple[Visit, ...], hung_up: int | None, restarts: tuple[int, ...]) -> IvrPath | None:
    """The call's way through its first IVR, None when it entered none."""
    entered = next((fact for fact in facts if fact.kind in ("ivr_entered", "ivr_out_of_hours")), None)
    if entered is None:
        return None
    options = tuple(fact.text for fact in facts if fact.kind == "ivr_option")
    outcome, left = _ivr_end(facts, entered, visits, hung_up, restarts)
    return IvrPath(
        ivr=entered.text or entered.queue,
        entered_ms=entered.at // MS,
        left_ms=None if left is None else left // MS,
        outcome=outcome,
        options=options,
    )


def _ivr_end(
    facts: list[Fact], entered: Fact, visits: tuple[Visit, ...], hung_up: int | None, restarts: tuple[int, ...]
) -> tuple[str, int | None]:
    told = {fact.kind: fact.at for fact in reversed(facts)}
    if "ivr_out_of_hours" in told:
        return "out_of_hours", hung_up or told["ivr_out_of_hours"]
    if "ivr_blacklisted" in told:
        return "blacklisted", told["ivr_blacklisted"]
    if visits:
        return "offered", max(visits[0].offered_ms * MS, entered.at)
    if "ivr_left" in told:
        return "ended", told["ivr_left"]
    cut = [fact.at for fact in facts if fact.kind == "unseen" and fact.at >= entered.at] + [at for at in restarts if at > entered.at]
    if cut and (hung_up is None or hung_up > min(cut)):
        return "unknown", min(cut)
    if hung_up is not None:
        return "abandoned", hung_up
    return "", None


def attempt_of(facts: list[Fact], outbound: set[str], hung_up: int | None) -> Attempt | None:
    """The outbound attempt, None for a call that came in."""
    dialled = next((fact for fact in facts if fact.kind in ("dialled", "outbound")), None)
    if dialled is None:
        return None
    mine = [fact for fact in facts if fact.kind.startswith("dial_") or (fact.queue in outbound and fact.kind != "outbound")]
    answered = next((fact for fact in mine if fact.kind in ("dial_answered", "answered")), None)
    over = next((fact for fact in mine if fact.kind in ("dial_failed", "released", "abandoned", "timed_out", "ring_no_answer")), None)
    ended = over.at if over is not None and (answered is None or over.at >= answered.at) else hung_up
    lost = _lost(facts, ended)
    result = "answered" if answered is not None else _failure(over, hung_up, facts)
    agent = next((fact.agent for fact in [dialled, *mine] if fact.agent), "")
    return Attempt(
        dialled_ms=dialled.at // MS,
        queue=dialled.queue,
        agent=agent,
        style=dialled.by,
        answered_ms=answered.at // MS if answered else None,
        ended_ms=next((at // MS for at in (lost, ended) if at is not None), None),
        result=result,
        talk_ms=ended // MS - answered.at // MS if answered and ended is not None and lost is None else None,
    )


def _lost(facts: list[Fact], ended: int | None) -> int | None:
    """The last moment at which an attempt surely went on, when its end fell into a cut: nothing came of it since but that it is over."""
    seen = max((fact.at for fact in facts if fact.kind != "unseen" and fact.by != "gap"), default=0)
    cuts = [fact.at for fact in facts if fact.kind == "unseen" and fact.at >= seen]
    over_by_sight = ended is not None and ended <= seen
    return None if over_by_sight else min(cuts, default=None)


def _failure(over: Fact | None, hung_up: int | None, facts: list[Fact]) -> str:
    if over is not None:
        return over.text if over.kind == "dial_failed" and over.text else "no_answer"
    if any(fact.kind == "unseen" for fact in facts):
        return "unknown"
    return "failed" if hung_up is not None else ""


def status_of(visits: tuple[Visit, ...], path: IvrPath | None, attempt: Attempt | None, ended: bool) -> str:
    """The manual's final status (STATUS); "" while the call goes on."""
    if any(visit.open for visit in visits) or not (ended or visits):
        return _ATTEMPT_STATUS.get(attempt.result, "Bad Phone") if attempt and attempt.result else ""
    if any(visit.end == "answered" for visit in visits):
        return "Answered"
    if visits:
        return _STATUS[visits[-1].end]
    if attempt is not None:
        return _ATTEMPT_STATUS.get(attempt.result, "Bad Phone")
    if path is not None:
        return _IVR_STATUS.get(path.outcome, "")
    return "Ended"
