"""A call with all its parts in one value, for tests; and the change between two of them that an event contains."""

from __future__ import annotations

from domain.voice.call_state import CallState, difference
from domain.voice.calls import Attempt, Call, Change, Hold, IvrPath, Ring, Visit


class WholeVisit(Visit, frozen=True):
    """A visit with its rings and holds."""

    rings: tuple[Ring, ...] = ()
    holds: tuple[tuple[int, int | None], ...] = ()


class WholeCall(Call, frozen=True):
    """A call with its visits, its way through the IVR, its attempt with its holds, its tags."""

    visits: tuple[WholeVisit, ...] = ()
    ivr: IvrPath | None = None
    attempt: Attempt | None = None
    attempt_holds: tuple[tuple[int, int | None], ...] = ()
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def state_of(call: WholeCall) -> CallState:
    """The call as its aggregate would know it."""
    return CallState(
        call=Call(**{name: getattr(call, name) for name in Call.__struct_fields__}),
        visits=[Visit(**{name: getattr(visit, name) for name in Visit.__struct_fields__}) for visit in call.visits],
        rings=[list(visit.rings) for visit in call.visits],
        holds=[[Hold(*hold) for hold in visit.holds] for visit in call.visits],
        ivr=call.ivr,
        attempt=call.attempt,
        attempt_holds=[Hold(*hold) for hold in call.attempt_holds],
        options=list(call.options),
        tags=list(call.tags),
    )


def change(before: WholeCall | None, now: WholeCall) -> Change:
    """The change of an event after which the call is `now`."""
    return difference(state_of(before) if before is not None else CallState(), state_of(now))
