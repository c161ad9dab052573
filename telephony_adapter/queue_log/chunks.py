"""The lines of a queue_log, gathered into observations: what is said of one call, or of one agent, in one go."""

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
from telephony_adapter.queue_log.verbs import MEMBERS, NO_CALL, SPOKEN_OPENLY, VERBS, Verb, attempted, note


class Gathering:
    """Takes the lines of one file after another; `observations` hands over what they said since the last time.

    A call that still goes on is kept back once, so that it is mostly told in one piece. What is kept is bounded by the
    lines between two observations and the calls that never ended, not by the files.
    """

    def __init__(self, earlier: Earlier | None = None) -> None:
        """earlier: what was observed before, of calls that these lines may be about."""
        self.unknown: dict[str, int] = {}
        self.uneventful = 0
        self.interfaces: set[str] = set()
        self.persons: set[str] = set()
        self._heard_of: set[str] = set()
        self._calls: dict[str, list[Fact]] = {}
        self._agents: dict[str, list[Fact]] = {}
        self._restarts: list[int] = []
        self._notes: list[Fact] = []
        self._going_on: set[str] = set()
        self._kept_back: set[str] = set()
        self._told: set[str] = set()
        self._logged_in: set[str] = set()
        self._turned_away = Counting()
        self._talks = Talks(earlier)
        self._name = ""
        self._broken: Broken = _nobody_listens

    def begin(self, name: str, broken: Broken) -> None:
        """The lines that follow are those of the file `name`."""
        self._name, self._broken = name, broken
        self._heard_of = set()
        self._turned_away = Counting()

    def take(self, line: Line) -> bool:
        """One more line; False (and told to `broken`) if it lacks what its verb is about."""
        verb = VERBS.get(line.verb)
        ref = f"{self._name}:{line.number}"
        if line.odd:
            ref += _as_it_was(line)
        if verb is None:
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
        """What a line says about the call that it names, or about another that it must be about."""
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
            self._say(call, replace(attempted(line, ref), mark=SHOWN))
        self._say(call, fact)
        self._talks.take(call, fact)

    def _transferred(self, leg: str, call: str, fact: Fact) -> None:
        """A consultation, `leg`, was handed over to the customer's `call`: it is a part of it, and its visit that is open goes on there."""
        part = replace(fact, kind="part_of", queue="", agent="", by="", wait_ms=None, talk_ms=None, text=call, private=None, mark=SHOWN)
        self._say(leg, part)
        for offered in self._talks.move(leg, call):
            self._say(call, offered)
            self._say(leg, replace(part, queue=offered.queue))
            self._going_on.add(call)
        self._going_on.discard(leg)

    def look_back(self, since_us: int, until_us: int) -> None:
        """When all lines have been observed, which are of this time: what ended their talks, or followed them, may have come earlier."""
        for call, fact in self._talks.earlier_wrap_ups(since_us, until_us):
            self._say(call, fact)
        for leg, call, fact in list(self._talks.ended_by_earlier_transfers()):
            self._transferred(leg, call, fact)
            self._say(call, fact)
            self._talks.take(call, fact)

    def _take_of_no_call(self, line: Line, verb: Verb, ref: str) -> bool:
        """A line about a call that it does not name: of the agent's last one, where it is about an agent's work after it."""
        about = self._talks.talked(line.agent, line.at) if line.verb == "WRAPUPSTART" and line.agent else None
        if about is None or verb.fact is None:
            self._note(line, ref)
            return True
        call, line.queue = about
        self._say(call, replace(verb.fact(line, ref), mark=line.mark))
        return True

    def _say(self, call: str, fact: Fact) -> None:
        facts = self._calls.get(call)
        if facts is None:
            self._calls[call] = [fact]
        else:
            facts.append(fact)

    def observations(self, *, last: bool = False) -> list[Command]:
        """What was gathered, as commands; `last`: nothing is kept back any more."""
        told: list[Command] = [ObserveTimeline(restart_at=at) for at in self._restarts]
        if self._restarts:
            told += self._weighed_anew()
        kept: dict[str, list[Fact]] = {}
        for call, facts in self._calls.items():
            if call in self._going_on and call not in self._kept_back and not last:
                kept[call] = facts
            elif call in self._told or any(fact.kind != "note" for fact in facts):
                told.append(ObserveCall(call=call, facts=tuple(facts)))
            else:
                self._notes += facts
        told += [ObserveAgent(agent=agent, facts=tuple(facts)) for agent, facts in self._agents.items()]
        told += [ObserveTimeline(note=fact) for fact in self._notes]
        self._told = {call for call in self._calls if call not in kept}
        self._kept_back = set(kept)
        self._calls, self._agents, self._restarts, self._notes = kept, {}, [], []
        return told

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
            if fact.kind == "joined":
                self._logged_in.add(line.agent)
        return True

    def _beside(self, line: Line, verb: Verb, ref: str) -> None:
        """What a call's line shows of the agent."""
        if verb.beside == "talked" and line.agent in self._heard_of:
            return  # This proves only that there was somebody of whom nothing was heard before.
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
            self._say(line.call, note(line, ref))

    def _apart(self, line: Line) -> str:
        """The id of a call that has none, and is over with its only line."""
        key = f"{line.call}/{line.queue}/{line.at}/{line.verb}"
        return f"{key}/{self._turned_away.next(key)}"

    def _of(self, agent: str) -> list[Fact]:
        facts = self._agents.get(agent)
        if facts is None:
            facts = self._agents[agent] = []
            self._heard_of.add(agent)
        return facts

    def _weighed_anew(self) -> Iterable[Command]:
        """Those told before of whom a restart of the PBX may be the end."""
        calls = [ObserveCall(call=call, facts=()) for call in self._going_on if call not in self._calls]
        self._going_on.intersection_update(self._calls)
        return [*calls, *(ObserveAgent(agent=agent, facts=()) for agent in self._logged_in if agent not in self._agents)]


def _as_it_was(line: Line) -> str:
    """For the audit: which bytes were read as Windows-1252. Those that may name a customer are in the fact's own text."""
    shown = [escaped for place, escaped in line.odd if place < _DATA or line.verb in SPOKEN_OPENLY]
    return " ".join([" windows-1252", *shown])


_DATA = 5
"""From this place on a line's fields are its verb's own."""


def _nobody_listens(number: int, why: str) -> None:
    raise AssertionError(f"line {number}: {why}: before any file has begun")
