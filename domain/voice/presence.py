"""An agent's sessions, pauses and direct calls, as the facts prove them.

An agent is logged in when logged in to any queue, and paused when paused in every queue of the session. An agent who is paused
in some queues only is still available; each queue's pause is kept. An agent whose phone rings while logged out is logged in from then on.

A direct call is one that no queue gave the agent and that is no attempt: to or from the telephone itself, transferred to it, or picked up. It is no
visit and proves no presence; an agent who is logged in talks in it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Literal

import msgspec
from msgspec.structs import replace

from domain.base import MS, SECOND
from domain.voice.facts import CLAIMED, Fact
from domain.voice.merging import OF_AGENT, in_order


class PresenceSpan(msgspec.Struct, frozen=True, array_like=True):
    """A span of an agent's presence, in ms; `until_ms` None while it goes on. `implied`: the line that proves its begin, "" if observed.

    reason: of a pause why, of a direct call its channel.
    """

    kind: Literal["session", "pause", "call"]
    from_ms: int
    until_ms: int | None
    reason: str = ""
    implied: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """No two spans of an agent have the same kind and start."""
        return (self.kind, self.from_ms)


class PresenceState(msgspec.Struct, frozen=True, array_like=True):
    """An agent's state after all its facts. It is enough to apply later facts; an earlier fact needs all of them.

    queues: those in which the agent is logged in, and by what (member, login, command, seen); "" means all. paused: the paused queues, with
    their reasons. session, pause: since when (us) the open one lasts. reason: the last reason given for a pause to come.
    closed: the session, the pause and the direct call that ended last. ever: whether there was any fact. latest: the last fact's instant.
    clocks: the clocks of the facts. restarts: the number of known restarts of the PBX. implied: the number of sessions whose begin only another line proves.
    commanded: what live commands said lately, of which a PBX may still send an echo: kind, queue ("" = all) and instant (us).
    calls: the channels of the agent's telephones in direct calls, and since when (us).
    """

    queues: dict[str, str] = {}
    paused: dict[str, str] = {}
    session: tuple[int, str] | None = None
    pause: tuple[int, str] | None = None
    reason: tuple[int, str] = (0, "")
    closed: tuple[PresenceSpan, ...] = ()
    ever: bool = False
    latest: int = 0
    clocks: tuple[str, ...] = ()
    restarts: int = 0
    implied: int = 0
    commanded: tuple[tuple[str, str, int], ...] = ()
    calls: dict[str, int] = {}


class Presence:
    """Applies the facts about one agent in order, from the beginning or from a known state. `spans()` can be called at any time."""

    def __init__(self, state: PresenceState | None = None) -> None:
        before = state or PresenceState()
        self.queues = dict(before.queues)
        self.paused = dict(before.paused)
        self.closed = list(before.closed)
        self.session = before.session
        self.pause = before.pause
        self.reason = before.reason
        self.ever = before.ever
        self.calls = dict(before.calls)

    def last_closed(self) -> tuple[PresenceSpan, ...]:
        """The session, the pause and the direct call that ended last, in the order in which they ended."""
        last = {span.kind: span for span in self.closed}
        return tuple(span for span in self.closed if last[span.kind] is span)

    def take(self, fact: Fact) -> None:
        """Apply one more fact, not earlier than those before it."""
        handler = _HANDLERS.get(fact.kind)
        if fact.kind == "direct_call_began":
            self.calls.setdefault(fact.text, fact.at)
        elif fact.kind == "direct_call_ended":
            self._call_ended(fact)
        elif handler is not None:
            handler(self, fact)
            # What is seen of a telephone that was another agent's meanwhile proves presence again, as at first.
            self.ever = fact.by != CLAIMED
            self._settle(fact)

    def take_all(self, facts: list[Fact]) -> None:
        """Apply facts in order. Among facts of one instant without a known order, those that change something come first."""
        for _, together in groupby(facts, key=lambda fact: (fact.at, fact.seq)):
            tied = list(together)
            if len(tied) > 1:
                tied.sort(key=self._idle)
            for fact in tied:
                self.take(fact)

    def _idle(self, fact: Fact) -> bool:
        """Whether the fact changes nothing now: an unpause of an agent who is not paused, a login of one who is logged in."""
        match fact.kind:
            case "resumed":
                return not (fact.queue in self.paused if fact.queue else self.paused)
            case "logged_in":
                return fact.queue in self.queues
            case _:
                return False

    def is_stated(self, fact: Fact) -> bool:
        """Whether the state says already what the fact reports about a login or a pause."""
        match fact.kind:
            case "logged_in":
                return fact.queue in self.queues
            case "logged_out":
                return self.ever and fact.queue not in self.queues
            case "paused":
                return fact.queue in self.paused and self.paused[fact.queue] == fact.text
            case "resumed":
                return self.ever and fact.queue not in self.paused
            case _:
                return False

    def spans(self) -> dict[tuple[str, int], PresenceSpan]:
        """Every session, pause and direct call, by key; spans of no length are left out."""
        going = [PresenceSpan("session", self.session[0] // MS, None, "", self.session[1])] if self.session else []
        going += [PresenceSpan("pause", self.pause[0] // MS, None, self.pause[1])] if self.pause else []
        going += [PresenceSpan("call", since // MS, None, channel) for channel, since in self.calls.items()]
        return {span.key: span for span in [*self.closed, *going]}

    def _logged_in(self, fact: Fact) -> None:
        if fact.queue not in self.queues:
            self.queues[fact.queue] = fact.by or "member"
            if fact.text == "PAUSED":
                self.paused[fact.queue] = ""
            elif "" in self.paused:
                # A pause in all queues is one in this queue too.
                self.paused[fact.queue] = self.paused[""]

    def _logged_out(self, fact: Fact) -> None:
        if fact.session_ms is not None and "login" not in self.queues.values():
            self._login_unseen(fact)
        if fact.queue:
            self.queues.pop(fact.queue, None)
            self.paused.pop(fact.queue, None)
            if set(self.queues) == {""} and self.queues[""] == "seen":
                self.queues.clear()
        else:
            self.queues.clear()

    def _login_unseen(self, fact: Fact) -> None:
        """A logoff with the length of the session proves the login."""
        since = fact.at - (fact.session_ms or 0) * MS
        earlier = max((span.until_ms or 0 for span in self.closed if span.kind == "session"), default=0)
        since = max(since, earlier * MS)
        if self.session is None or (self.session[1] and since < self.session[0]):
            self.session = (since, fact.ref)
        self.queues[fact.queue] = "login"

    def _seen(self, fact: Fact) -> None:
        self.queues.setdefault(fact.queue, "seen")

    def _talked(self, fact: Fact) -> None:
        if not self.ever:
            self._seen(fact)

    def _paused(self, fact: Fact) -> None:
        if not self._counts(fact):
            return
        reason = fact.text or (self.reason[1] if fact.at - self.reason[0] <= 2 * SECOND else "")
        for queue in [fact.queue] if fact.queue else list(self.queues):
            self.paused[queue] = reason or self.paused.get(queue, "")
        if reason and self.pause is not None and self.pause[1] != reason and self._everywhere():
            self._end_pause(fact.at)
            self.pause = (fact.at, reason)

    def _resumed(self, fact: Fact) -> None:
        if self._counts(fact):
            for queue in [fact.queue] if fact.queue else list(self.paused):
                self.paused.pop(queue, None)

    def _counts(self, fact: Fact) -> bool:
        """Whether a pause or unpause counts: for an agent never observed before it proves presence, for one who logged out it does not."""
        if not self.queues and self.ever:
            return False
        if fact.queue or not self.queues:
            self.queues.setdefault(fact.queue, "seen")
        return True

    def _call_ended(self, fact: Fact) -> None:
        since = self.calls.pop(fact.text, None)
        if since is not None:
            self._close(PresenceSpan("call", since // MS, fact.at // MS, fact.text))

    def _reason(self, fact: Fact) -> None:
        if self.pause is not None:
            self.pause = (self.pause[0], fact.text)
            self.paused = dict.fromkeys(self.paused, fact.text)
        elif fact.by != "unpause":
            self.reason = (fact.at, fact.text)
        elif self.closed and self.closed[-1].kind == "pause" and fact.at // MS - (self.closed[-1].until_ms or 0) <= 2000:
            self.closed[-1] = replace(self.closed[-1], reason=fact.text)

    def _restarted(self, _: Fact) -> None:
        self.queues = {queue: how for queue, how in self.queues.items() if how != "login"}

    def _everywhere(self) -> bool:
        named = [queue for queue in self.queues if queue] or list(self.queues)
        return bool(named) and all(queue in self.paused for queue in named)

    def _settle(self, fact: Fact) -> None:
        """Open and close session and pause according to the queues' state."""
        if not self.queues:
            self.paused.clear()
        if self.session is None and self.queues:
            self.session = (fact.at, fact.ref if fact.kind != "logged_in" else "")
        paused = self._everywhere()
        if self.pause is None and paused:
            self.pause = (fact.at, next(reversed(self.paused.values()), ""))
        elif self.pause is not None and not paused:
            self._end_pause(fact.at)
        if self.session is not None and not self.queues:
            self._close(PresenceSpan("session", self.session[0] // MS, fact.at // MS, "", self.session[1]))
            self.session = None

    def _end_pause(self, at: int) -> None:
        if self.pause is not None:
            self._close(PresenceSpan("pause", self.pause[0] // MS, at // MS, self.pause[1]))
            self.pause = None

    def _close(self, span: PresenceSpan) -> None:
        if span.until_ms is not None and span.until_ms > span.from_ms:
            self.closed.append(span)


_HANDLERS: dict[str, Callable[[Presence, Fact], None]] = {
    "logged_in": Presence._logged_in,
    "logged_out": Presence._logged_out,
    "seen": Presence._seen,
    "talked": Presence._talked,
    "paused": Presence._paused,
    "resumed": Presence._resumed,
    "reason": Presence._reason,
    "restarted": Presence._restarted,
}


def resolve(facts: list[Fact]) -> Presence:
    """The presence that all these facts prove."""
    presence = Presence()
    presence.take_all(in_order(facts, OF_AGENT))
    return presence
