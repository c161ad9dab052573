"""What an IVR (URA) does with a caller: a pure function from the caller's state and what happened to the next state and the next step.

    new ──Arrived──> choosing ──Keyed──> measuring ──Measured──> offering ──Keyed──> queued ──Returned──> over

Phases that the settings do not need are left out. Every path ends: in a queue, in a callback that was promised, or with the end of the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from domain.ivr_settings import PLACEHOLDERS, SILENCE, IvrSettings, Message, minute_of

CALLBACK_KEY = "1"
"""The key with which a caller accepts to be called back."""

_MINUTE_MS = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

OpenState = Literal["open", "closed", "holiday"]
Phase = Literal["new", "choosing", "measuring", "offering", "queued", "over"]


class FlowState(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a caller is. attempts: used up so far. queue: chosen. protocol: the call's protocol number. has_number: whether the caller can be called back."""

    phase: Phase = "new"
    attempts: int = 0
    queue: str = ""
    protocol: str = ""
    has_number: bool = False


class Arrived(msgspec.Struct, frozen=True):
    """A call comes in at an instant (microseconds UTC). is_blocked: its number is on the IVR's blacklist. has_number: the caller's number is known."""

    at_us: int
    is_blocked: bool = False
    protocol: str = ""
    has_number: bool = False


class Keyed(msgspec.Struct, frozen=True):
    """The caller keyed this; "" = nothing in time."""

    keys: str = ""


class Measured(msgspec.Struct, frozen=True):
    """The chosen queue has `waiting` callers; those answered lately have waited `mean_wait_ms` on average, 0 = not known."""

    waiting: int
    mean_wait_ms: int = 0


class Returned(msgspec.Struct, frozen=True):
    """The queue gave the caller back: nobody answered in time, or it took nobody in."""


Input = Arrived | Keyed | Measured | Returned
Reason = Literal["", "closed", "holiday", "blocked", "no-choice", "unanswered", "ended"]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the IVR does, after it has played `messages`.

    ask: wait `wait_ms` for a key; a key ends the messages too. measure: look how many wait in `queue`. queue: let the caller wait in `queue`
    for at most `wait_ms`. callback: promise to call back from `queue`, and end the call. hang-up: end the call, for this `reason`.
    """

    kind: Literal["ask", "measure", "queue", "callback", "hang-up"]
    messages: tuple[Message, ...] = ()
    queue: str = ""
    wait_ms: int = 0
    reason: Reason = ""


START = FlowState()


def state_at(settings: IvrSettings, at_us: int) -> OpenState:
    """Whether the IVR takes calls at an instant (microseconds), by the wall clock of its zone."""
    if settings.always_open:
        return "open"
    local = (_EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(settings.timezone))
    date = local.date().isoformat()
    if any(holiday.day in (date, date[5:]) for holiday in settings.holidays):
        return "holiday"
    minute = local.hour * 60 + local.minute
    is_open = any(
        hours.weekday == local.weekday() and minute_of(hours.opens) <= minute < minute_of(hours.closes) for hours in settings.hours
    )
    return "open" if is_open else "closed"


def next_step(settings: IvrSettings, state: FlowState, happened: Input) -> tuple[FlowState, Step]:
    """The state and the step after `happened`. What cannot happen in a state ends the call."""
    match state.phase, happened:
        case "new", Arrived():
            return _arrived(settings, replace(state, protocol=happened.protocol, has_number=happened.has_number), happened)
        case "choosing", Keyed(keys=keys):
            return _chose(settings, state, keys)
        case "measuring", Measured():
            return _measured(settings, state, happened)
        case "offering", Keyed(keys=keys):
            if keys == CALLBACK_KEY:
                return _over(state), Step("callback", _heard(settings.callback_kept), state.queue)
            return _queued(settings, state)
        case "queued", Returned():
            return _hung_up(state, "unanswered", settings.unanswered)
        case _:
            return _hung_up(state, "ended")


class Rehearsed(msgspec.Struct, frozen=True):
    """A step of a dry run, and the key that led to it; None if no key did."""

    step: Step
    keys: str | None = None


def rehearse(settings: IvrSettings, call: Arrived, keys: Sequence[str], queue: Measured, *, is_answered: bool = True) -> list[Rehearsed]:
    """What a caller meets who keys `keys` one after the other ("" = nothing in time), and nothing after these. queue: as it is when the caller comes to one.

    is_answered: whether somebody answers there.
    """
    left = list(keys)
    state, step = next_step(settings, START, call)
    met = [Rehearsed(step)]
    while True:
        happened: Input
        match step.kind:
            case "ask":
                happened = Keyed(left.pop(0) if left else "")
            case "measure":
                happened = queue
            case "queue" if not is_answered:
                happened = Returned()
            case _:
                return met
        state, step = next_step(settings, state, happened)
        met.append(Rehearsed(step, happened.keys if isinstance(happened, Keyed) else None))


def spoken(message: Message, values: Mapping[str, str]) -> tuple[Message, ...]:
    """A message with values in place of its placeholders. A protocol number is read digit by digit, other numbers whole.

    The pieces are messages of their own, so that one recording of a digit serves every number. Text without a placeholder stays one piece.
    """
    pieces: list[Message] = []
    rest = message.text
    for name, value in values.items():
        before, mark, after = rest.partition(f"{{{name}}}")
        if mark:
            said = [before.strip(), *(value if name == PLACEHOLDERS["protocol"] else [value])]
            pieces += [replace(message, text=text) for text in said if text.strip()]
            rest = after.strip()
    if not pieces:
        return (message,)
    return (*pieces, replace(message, text=rest)) if rest.strip(" .,;!") else tuple(pieces)


def menu_prompt(settings: IvrSettings) -> Message:
    """The message that reads out the menu: the configured one, or one made from the options in their order."""
    if settings.prompt != SILENCE or not settings.menu:
        return settings.prompt
    names = {"*": "asterisco", "#": "jogo da velha"}
    text = " ".join(f"Para {option.queue}, tecle {names.get(option.digit, option.digit)}." for option in settings.menu)
    return Message(text=text, voice=settings.welcome.voice)


def _arrived(settings: IvrSettings, state: FlowState, call: Arrived) -> tuple[FlowState, Step]:
    if call.is_blocked:
        return _hung_up(state, "blocked", settings.closed)
    found = state_at(settings, call.at_us)
    if found != "open":
        return _hung_up(state, found, settings.closed)
    if settings.menu:
        step = Step("ask", _heard(settings.welcome, menu_prompt(settings)), wait_ms=settings.choice_wait_ms)
        return replace(state, phase="choosing"), step
    if settings.fallback_queue:
        return _to_queue(settings, state, settings.fallback_queue, settings.welcome)
    return _hung_up(state, "ended", settings.welcome)


def _chose(settings: IvrSettings, state: FlowState, keys: str) -> tuple[FlowState, Step]:
    for option in settings.menu:
        if option.digit == keys:
            return _to_queue(settings, state, option.queue)
    answer = settings.invalid if keys else settings.no_choice
    state = replace(state, attempts=state.attempts + 1)
    if state.attempts < settings.attempts:
        return state, Step("ask", _heard(answer, menu_prompt(settings)), wait_ms=settings.choice_wait_ms)
    if settings.fallback_queue:
        return _to_queue(settings, state, settings.fallback_queue, answer)
    return _hung_up(state, "no-choice", answer)


def _to_queue(settings: IvrSettings, state: FlowState, queue: str, *before: Message) -> tuple[FlowState, Step]:
    """Towards a queue. Its length is measured only if something is said or offered because of it."""
    state = replace(state, queue=queue)
    if settings.position == SILENCE and settings.wait == SILENCE and not settings.callback_from:
        return _queued(settings, state, *before)
    return replace(state, phase="measuring"), Step("measure", _heard(*before), queue)


def _measured(settings: IvrSettings, state: FlowState, found: Measured) -> tuple[FlowState, Step]:
    told: list[Message] = []
    if settings.position != SILENCE:
        told += spoken(settings.position, {"position": str(max(found.waiting, 0) + 1)})
    if settings.wait != SILENCE and found.mean_wait_ms > 0:
        told += spoken(settings.wait, {"minutes": str(-(-found.mean_wait_ms // _MINUTE_MS))})
    if settings.callback_from and found.waiting >= settings.callback_from and state.has_number:
        step = Step("ask", _heard(*told, settings.callback), state.queue, settings.choice_wait_ms)
        return replace(state, phase="offering"), step
    return _queued(settings, state, *told)


def _queued(settings: IvrSettings, state: FlowState, *before: Message) -> tuple[FlowState, Step]:
    protocol = spoken(settings.protocol, {"protocol": state.protocol}) if state.protocol else ()
    return replace(state, phase="queued"), Step("queue", _heard(*before, *protocol), state.queue, settings.queue_wait_ms)


def _hung_up(state: FlowState, reason: Reason, *messages: Message) -> tuple[FlowState, Step]:
    return _over(state), Step("hang-up", _heard(*messages), reason=reason)


def _over(state: FlowState) -> FlowState:
    return replace(state, phase="over")


def _heard(*messages: Message) -> tuple[Message, ...]:
    return tuple(message for message in messages if message != SILENCE)
