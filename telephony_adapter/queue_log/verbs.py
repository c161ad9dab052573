"""The fact of each verb of a queue_log, about a call or an agent. Consequences are calculated in the domain.

Some lines prove two facts: an agent whose phone rang, or who answered, must have been in the queue. Such a fact (`beside`)
is added to the agent, beside the line's own fact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from domain.base import Personal
from domain.voice.facts import Fact, FactKind
from telephony_adapter.callers import personal
from telephony_adapter.queue_log.lines import Line

Subject = Literal["visit", "turned_away", "call", "agent", "pbx", "nothing"]
"""The subject of a line: a visit (a call in a queue), a visit that opens and ends at once, a call, an agent, the start of
the PBX; or nothing, and the line only shows that the log covers that moment."""

Beside = Literal["", "seen", "talked"]


class Verb(NamedTuple):
    """The meaning of a verb. `opens`: other lines about the call follow; `ends`: the call has left this queue.

    attempt: its line proves that the call is an outbound attempt, and also has its outcome.
    """

    subject: Subject
    fact: Callable[[Line, str], Fact] | None = None
    beside: Beside = ""
    opens: bool = False
    ends: bool = False
    attempt: bool = False


NO_CALL = frozenset({"", "NONE", "REALTIME", "MANAGER"})
"""The call's id in a line about no call."""


def _ms(data: list[str], place: int, unit: int = 1000) -> int | None:
    """A duration in ms; None if the line has none, or an impossible one."""
    if place >= len(data):
        return None
    try:
        value = int(data[place]) * unit
    except ValueError:
        try:
            value = int(float(data[place]) * unit)
        except (ValueError, OverflowError):
            return None
    return value if value >= 0 else None


def _text(data: list[str]) -> str:
    """Free text that may contain `|`: QueueMetrics adds its own fields after an empty one."""
    return data[0] if len(data) < 2 else "|".join(data[: data.index("")] if "" in data else data)


def _fact(line: Line, ref: str, kind: FactKind, *, by: str = "", text: str = "", private: Personal | None = None) -> Fact:
    return Fact(kind, line.at, line.clock, line.queue, line.agent, by, seq=line.seq, nth=line.nth, ref=ref, text=text, private=private)


# Visits


def _offered(line: Line, ref: str) -> Fact:
    caller = line.data[1] if len(line.data) > 1 else ""
    return Fact("offered", line.at, line.clock, line.queue, seq=line.seq, nth=line.nth, ref=ref, private=personal(caller))


def _answered(line: Line, ref: str) -> Fact:
    return Fact(
        "answered",
        line.at,
        line.clock,
        line.queue,
        line.agent,
        wait_ms=_ms(line.data, 0),
        ring_ms=_ms(line.data, 2),
        seq=line.seq,
        nth=line.nth,
        ref=ref,
    )


def _rung(kind: FactKind) -> Callable[[Line, str], Fact]:
    def fact(line: Line, ref: str) -> Fact:
        return Fact(kind, line.at, line.clock, line.queue, line.agent, ring_ms=_ms(line.data, 0, 1), seq=line.seq, nth=line.nth, ref=ref)

    return fact


def _released(by: str) -> Callable[[Line, str], Fact]:
    def fact(line: Line, ref: str) -> Fact:
        return _talk_ended(line, ref, by, 0)

    return fact


def _transferred(line: Line, ref: str) -> Fact:
    return _talk_ended(line, ref, "transfer", 2, "@".join(line.data[:2]))


_OWN_FIELDS = {"BRIDGE": 2, "APP": 2, "LINK": 3, "THREEWAY": 3}
"""How many fields an attended transfer has before its durations, by what it was made to."""


def _attended(line: Line, ref: str) -> Fact:
    data = line.data
    # An unknown kind: the durations and the position are the last three fields.
    own = _OWN_FIELDS.get(data[0] if data else "", max(len(data) - 3, 0))
    return _talk_ended(line, ref, "transfer", own, "|".join(data[:own]))


def _talk_ended(line: Line, ref: str, by: str, place: int, where: str = "") -> Fact:
    return Fact(
        "released",
        line.at,
        line.clock,
        line.queue,
        line.agent,
        by,
        wait_ms=_ms(line.data, place),
        talk_ms=_ms(line.data, place + 1),
        seq=line.seq,
        nth=line.nth,
        ref=ref,
        private=personal(where.strip("@")),
    )


def _left(kind: FactKind, place: int = 2) -> Callable[[Line, str], Fact]:
    """The end of a wait; `place` is the index of its duration."""

    def fact(line: Line, ref: str) -> Fact:
        return Fact(kind, line.at, line.clock, line.queue, line.agent, wait_ms=_ms(line.data, place), seq=line.seq, nth=line.nth, ref=ref)

    return fact


def _left_by_key(line: Line, ref: str) -> Fact:
    key = line.data[0] if line.data else ""
    return Fact(
        "left_by_key", line.at, line.clock, line.queue, line.agent, wait_ms=_ms(line.data, 3), seq=line.seq, nth=line.nth, ref=ref, text=key
    )


def _withdrawn(line: Line, ref: str) -> Fact:
    reason = personal("|".join(line.data[3:]).strip("|"))
    return Fact(
        "withdrawn",
        line.at,
        line.clock,
        line.queue,
        line.agent,
        wait_ms=_ms(line.data, 2),
        seq=line.seq,
        nth=line.nth,
        ref=ref,
        private=reason,
    )


def _turned_away(line: Line, ref: str) -> Fact:
    return _fact(line, ref, "turned_away", text=line.verb)


# Calls


def _hold(kind: FactKind) -> Callable[[Line, str], Fact]:
    return lambda line, ref: _fact(line, ref, kind)


def _worded(kind: FactKind) -> Callable[[Line, str], Fact]:
    """A fact with the line's text."""
    return lambda line, ref: _fact(line, ref, kind, text=_text(line.data) if line.data else "")


def _wrap_up(line: Line, ref: str) -> Fact:
    return Fact("wrap_up", line.at, line.clock, line.queue, line.agent, wrap_ms=_ms(line.data, 0), seq=line.seq, nth=line.nth, ref=ref)


def attempted(line: Line, ref: str) -> Fact:
    """The fact that the call of this line is an outbound attempt."""
    # The field in which ENTERQUEUE has the caller's number has the dialled one here; custom dialplans may use another field.
    numbers = [field for field in (*line.data[1:2], *line.data) if any(character.isdigit() for character in field)]
    number = numbers[0] if numbers else ""
    return _fact(line, ref, "outbound", private=personal(number))


def _dialled(line: Line, ref: str) -> Fact:
    """PBXware has the number in another field: it is the longest one of digits only."""
    numbers = [field for field in line.data if field.lstrip("+").isdecimal()]
    return _fact(line, ref, "outbound", private=personal(max(numbers, key=len, default="")))


def _of_no_queue(kind: FactKind, text: str = "") -> Callable[[Line, str], Fact]:
    """The outcome of an attempt: it belongs to no queue, whatever the line has as its queue."""
    return lambda line, ref: Fact(kind, line.at, line.clock, "", line.agent, seq=line.seq, nth=line.nth, ref=ref, text=text)


def note(line: Line, ref: str) -> Fact:
    """A line that is kept without an interpretation."""
    text = "|".join([line.agent, *line.data]).strip("|")
    return _fact(line, ref, "note", text=line.verb, private=personal(text))


# Agents


def _joined(line: Line, ref: str) -> Fact:
    # For a member who is added paused Asterisk writes only this line.
    return _fact(line, ref, "logged_in", by="member", text="PAUSED" if line.data[:1] == ["PAUSED"] else "")


def _logged_in(line: Line, ref: str) -> Fact:
    return _fact(line, ref, "logged_in", by="login")


def _removed(line: Line, ref: str) -> Fact:
    return _fact(line, ref, "logged_out", by="member")


def _logged_off(line: Line, ref: str) -> Fact:
    return Fact(
        "logged_out",
        line.at,
        line.clock,
        line.queue,
        line.agent,
        "login",
        session_ms=_ms(line.data, 1),
        seq=line.seq,
        nth=line.nth,
        ref=ref,
    )


def _everywhere(fact: Callable[[Line, str], Fact]) -> Callable[[Line, str], Fact]:
    """A fact for all queues, whatever the line has as its queue."""

    def of_all_queues(line: Line, ref: str) -> Fact:
        line.queue = ""
        return fact(line, ref)

    return of_all_queues


def _unpaused(line: Line, ref: str) -> Fact:
    return _fact(line, ref, "resumed")


def _reason(by: str) -> Callable[[Line, str], Fact]:
    return lambda line, ref: _fact(line, ref, "reason", by=by, text=line.data[0] if line.data else "")


_pause = _worded("paused")
_closed = Verb("turned_away", _turned_away, ends=True)
_emptied = Verb("visit", _left("emptied"), ends=True)
_callback_in = Verb("agent", _logged_in)
_callback_off = Verb("agent", _logged_off)
_blind = Verb("visit", _transferred, "talked", ends=True)

VERBS: dict[str, Verb] = {
    "QUEUESTART": Verb("pbx"),
    "CONFIGRELOAD": Verb("nothing"),
    "SYSCOMPAT": Verb("nothing"),
    "PENALTY": Verb("nothing"),
    "DID": Verb("call", _worded("did")),
    "ENTERQUEUE": Verb("visit", _offered, opens=True),
    "CONNECT": Verb("visit", _answered, "seen", opens=True),
    "COMPLETEAGENT": Verb("visit", _released("agent"), "talked", ends=True),
    "COMPLETECALLER": Verb("visit", _released("caller"), "talked", ends=True),
    "TRANSFER": _blind,
    "BLINDTRANSFER": _blind,
    "ATTENDEDTRANSFER": Verb("visit", _attended, "talked", ends=True),
    "ABANDON": Verb("visit", _left("abandoned"), ends=True),
    "EXITWITHTIMEOUT": Verb("visit", _left("timed_out"), ends=True),
    "EXITWITHKEY": Verb("visit", _left_by_key, ends=True),
    "WITHDRAW": Verb("visit", _withdrawn, ends=True),
    "EXITEMPTY": _emptied,
    "LEAVEEMPTY": _emptied,
    "JOINEMPTY": _closed,
    "FULL": _closed,
    "CLOSED": _closed,
    "DIVERT_CA_RATIO": _closed,
    "DIVERT_HOLDTIME": _closed,
    "RINGNOANSWER": Verb("visit", _rung("ring_no_answer"), "seen"),
    "RINGCANCELED": Verb("visit", _rung("ring_canceled"), "seen"),
    "AGENTDUMP": Verb("visit", _rung("agent_dumped"), "seen"),
    "WRAPUPSTART": Verb("call", _wrap_up),
    "CALLERONHOLD": Verb("call", _hold("held")),
    "CALLEROFFHOLD": Verb("call", _hold("resumed")),
    "CALLSTATUS": Verb("call", _worded("tagged")),
    "INFO": Verb("call", note),
    "CALLOUTBOUND": Verb("call", attempted, opens=True),
    "OUTDIAL": Verb("call", _dialled, opens=True),
    "OUTANSWER": Verb("call", _of_no_queue("dial_answered"), opens=True, attempt=True),
    "OUTCANCEL": Verb("call", _of_no_queue("dial_failed", "no-answer"), ends=True, attempt=True),
    "OUTCHANUNAVAIL": Verb("call", _of_no_queue("dial_failed", "unavailable"), ends=True, attempt=True),
    "OUTCONGESTION": Verb("call", _of_no_queue("dial_failed", "congestion"), ends=True, attempt=True),
    "OUTTRANSFER": Verb("call", _of_no_queue("hung_up"), ends=True, attempt=True),
    "ADDMEMBER": Verb("agent", _joined),
    "REMOVEMEMBER": Verb("agent", _removed),
    "AGENTLOGIN": _callback_in,
    "AGENTLOGOFF": _callback_off,
    "AGENTCALLBACKLOGIN": _callback_in,
    "AGENTCALLBACKLOGOFF": _callback_off,
    "PAUSE": Verb("agent", _pause),
    "UNPAUSE": Verb("agent", _unpaused),
    "PAUSEALL": Verb("agent", _everywhere(_pause)),
    "UNPAUSEALL": Verb("agent", _everywhere(_unpaused)),
    "PAUSEREASON": Verb("agent", _everywhere(_reason("pause"))),
    "UNPAUSEREASON": Verb("agent", _everywhere(_reason("unpause"))),
}

NAMES_NO_CUSTOMER = frozenset({"PAUSE", "PAUSEALL", "PAUSEREASON", "UNPAUSEREASON", "CALLSTATUS", "DID", "ADDMEMBER"})
"""Verbs whose fields name no customer."""

MEMBERS = frozenset({"ADDMEMBER", "REMOVEMEMBER", "PENALTY"})
"""Verbs that may name an interface where the others name the member."""
