"""Gathers the lines of a queue_log into observations: all facts about one call, or one agent, together."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from commands.handler_context import Command
from commands.observations import ObserveAgent, ObserveCall, ObserveTimeline
from domain.agents import is_interface
from domain.voice.facts import SHOWN, Fact
from telephony_adapter.queue_log.earlier import Earlier
from telephony_adapter.queue_log.files import Broken
from telephony_adapter.queue_log.lines import Counting, Line
from telephony_adapter.queue_log.talks import Talks
from telephony_adapter.queue_log.verbs import MEMBERS, NAMES_NO_CUSTOMER, NO_CALL, VERBS, Verb, attempted, note

_MOST_UNKNOWN = 1_000
"""Verbs that are counted by name, of those that no Asterisk writes: a file may be made of them."""


class Gathering:
    """Takes the lines of one file after another; `observations` returns the observations of the lines since the last call.

    A call that is still open is kept back once, so that it is mostly observed as a whole. Memory is bounded by the
    lines between two calls of `observations` and by the calls that never ended, not by the files.
    """

    def __init__(self, earlier: Earlier | None = None) -> None:
        """earlier: earlier observations of calls that these lines may refer to."""
        self.unknown: dict[str, int] = {}
        self.uneventful = 0
        self.interfaces: set[str] = set()
        self.persons: set[str] = set()
        self._known_agents: set[str] = set()
        self._calls: dict[str, list[Fact]] = {}
        self._agents: dict[str, list[Fact]] = {}
        self._restarts: list[int] = []
        self._notes: list[Fact] = []
        self._going_on: set[str] = set()
        self._kept_back: set[str] = set()
        self._observed: set[str] = set()
        self._logged_in: set[str] = set()
        self._turned_away = Counting()
        self._talks = Talks(earlier)
        self._name = ""
        self._broken: Broken = _before_any_file

    def begin(self, name: str, broken: Broken) -> None:
        """The next lines are those of the file `name`."""
        self._name, self._broken = name, broken
        self._known_agents = set()
        self._turned_away = Counting()

    def take(self, line: Line) -> bool:
        """Take one more line. Returns False, and reports it to `broken`, if it lacks a field that its verb needs."""
        verb = VERBS.get(line.verb)
        ref = f"{self._name}:{line.number}"
        if line.odd:
            ref += _as_it_was(line)
        if verb is None:
            if line.verb in self.unknown or len(self.unknown) < _MOST_UNKNOWN:
                self.unknown[line.verb] = self.unknown.get(line.verb, 0) + 1
            self._note(line, ref)
            return True
        if verb.fact is None:
            return self._take_quiet(line, verb)
        if verb.subject == "agent":
            return self._take_presence(line, replace(verb.fact(line, ref), mark=line.mark))
        if verb.subject == "call":
            if line.call in NO_CALL:
                return self._take_of_no_call(line, verb, ref)
            call = line.call
        elif not line.queue:
            self._broken(line.number, f"{line.verb} names no queue")
            return False
        else:
            call = self._apart(line) if line.call in NO_CALL and verb.subject == "turned_away" else line.call
        self._take_of_call(call, line, verb, ref)
        if verb.beside and line.agent:
            self._beside(line, verb, ref)
        return True

    def _take_of_call(self, call: str, line: Line, verb: Verb, ref: str) -> None:
        """Take the facts of a line about the call that it names, or about another call that it must refer to."""
        assert verb.fact is not None
        fact = verb.fact(line, ref)
        set_back = self._talks.set_back(call, line.at, goes_on=not verb.ends)
        if line.mark or set_back is not None:
            fact = replace(fact, mark=line.mark, until=fact.until if set_back is None else set_back)
        call = self._talks.now_of(call, fact.queue)
        talks = self._talks.whose(call, fact) if fact.kind == "released" else call
        if talks != call:
            self._transferred(call, talks, fact)
            call = talks
        if verb.opens:
            self._going_on.add(call)
        elif verb.ends:
            self._going_on.discard(call)
        if verb.attempt:
            self._add(call, replace(attempted(line, ref), mark=SHOWN))
        self._add(call, fact)
        self._talks.take(call, fact)

    def _transferred(self, leg: str, call: str, fact: Fact) -> None:
        """A consultation, `leg`, was transferred to the customer's `call`: it becomes a part of it, with its open visit."""
        part = replace(fact, kind="part_of", queue="", agent="", by="", wait_ms=None, talk_ms=None, text=call, private=None, mark=SHOWN)
        self._add(leg, part)
        for offered in self._talks.move(leg, call):
            self._add(call, offered)
            self._add(leg, replace(part, queue=offered.queue))
            self._going_on.add(call)
        self._going_on.discard(leg)

    def look_back(self, since_us: int, until_us: int) -> None:
        """After all lines, which are of this time, were observed: add ends and wrap-ups of their talks from earlier imports."""
        for call, fact in self._talks.earlier_wrap_ups(since_us, until_us):
            self._add(call, fact)
        for leg, call, fact in list(self._talks.ended_by_earlier_transfers()):
            self._transferred(leg, call, fact)
            self._add(call, fact)
            self._talks.take(call, fact)

    def _take_of_no_call(self, line: Line, verb: Verb, ref: str) -> bool:
        """A line about a call that it does not name: a wrap-up belongs to the agent's last call."""
        about = self._talks.talked(line.agent, line.at) if line.verb == "WRAPUPSTART" and line.agent else None
        if about is None or verb.fact is None:
            self._note(line, ref)
            return True
        call, line.queue = about
        self._add(call, replace(verb.fact(line, ref), mark=line.mark))
        return True

    def _add(self, call: str, fact: Fact) -> None:
        facts = self._calls.get(call)
        if facts is None:
            self._calls[call] = [fact]
        else:
            facts.append(fact)

    def observations(self, *, last: bool = False) -> list[Command]:
        """The gathered observations as commands; `last`: keep nothing back."""
        commands: list[Command] = [ObserveTimeline(restart_at=at) for at in self._restarts]
        if self._restarts:
            commands += self._affected_by_restart()
        kept: dict[str, list[Fact]] = {}
        for call, facts in self._calls.items():
            if call in self._going_on and call not in self._kept_back and not last:
                kept[call] = facts
            elif call in self._observed or any(fact.kind != "note" for fact in facts):
                commands.append(ObserveCall(call=call, facts=tuple(facts)))
            else:
                self._notes += facts
        commands += [ObserveAgent(agent=agent, facts=tuple(facts)) for agent, facts in self._agents.items()]
        commands += [ObserveTimeline(note=fact) for fact in self._notes]
        self._observed = {call for call in self._calls if call not in kept}
        self._kept_back = set(kept)
        self._calls, self._agents, self._restarts, self._notes = kept, {}, [], []
        return commands

    def _take_quiet(self, line: Line, verb: Verb) -> bool:
        """A line that is about neither a call nor an agent."""
        if verb.subject == "pbx":
            self._restarts.append(line.at)
            return True
        self.uneventful += 1
        if line.verb in MEMBERS and is_interface(line.agent):
            self.interfaces.add(line.agent)
        return True

    def _take_presence(self, line: Line, fact: Fact) -> bool:
        if not line.agent:
            self._broken(line.number, f"{line.verb} names no agent")
            return False
        self._of(line.agent).append(fact)
        if line.verb in MEMBERS:
            if is_interface(line.agent):
                self.interfaces.add(line.agent)
        else:
            self.persons.add(line.agent)
            if fact.kind == "logged_in":
                self._logged_in.add(line.agent)
        return True

    def _beside(self, line: Line, verb: Verb, ref: str) -> None:
        """Add what a call's line proves about its agent."""
        if verb.beside == "talked" and line.agent in self._known_agents:
            return  # This fact matters only for an agent without any other fact.
        self.persons.add(line.agent)
        facts = self._of(line.agent)
        for fact in reversed(facts):
            if fact.at != line.at:
                break
            if fact.kind == verb.beside and fact.queue == line.queue:
                return
        if verb.beside:
            facts.append(Fact(verb.beside, line.at, line.clock, line.queue, line.agent, seq=line.seq, ref=ref))

    def _note(self, line: Line, ref: str) -> None:
        if line.call in NO_CALL:
            self._notes.append(note(line, ref))
        else:
            self._add(line.call, note(line, ref))

    def _apart(self, line: Line) -> str:
        """An id for a call without one, which consists of this line only."""
        key = f"{line.call}/{line.queue}/{line.at}/{line.verb}"
        return f"{key}/{self._turned_away.next(key)}"

    def _of(self, agent: str) -> list[Fact]:
        facts = self._agents.get(agent)
        if facts is None:
            facts = self._agents[agent] = []
            self._known_agents.add(agent)
        return facts

    def _affected_by_restart(self) -> Iterable[Command]:
        """Earlier calls and agents whose end may be a restart of the PBX."""
        calls = [ObserveCall(call=call, facts=()) for call in self._going_on if call not in self._calls]
        self._going_on.intersection_update(self._calls)
        return [*calls, *(ObserveAgent(agent=agent, facts=()) for agent in self._logged_in if agent not in self._agents)]


def _as_it_was(line: Line) -> str:
    """For the audit: the bytes that were read as Windows-1252. Bytes that may identify a customer are only in the fact's own text."""
    shown = [escaped for place, escaped in line.odd if place < _DATA or line.verb in NAMES_NO_CUSTOMER]
    return " ".join([" windows-1252", *shown])


_DATA = 5
"""From this index on a line's fields belong to its verb."""


def _before_any_file(number: int, why: str) -> None:
    raise AssertionError(f"line {number}: {why}: before any file has begun")
