"""Generated calls, written as Asterisk writes them, have their true outcomes in every form and order of import."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.kit.queue_logs import as_csv, as_table, import_texts
from tests.kit.recording_bus import RecordingBus

T0 = 1_700_000_000
Outcome = tuple[str, str, int, int | None]
"""Queue, end, seconds waited, seconds talked."""


@dataclass
class Story:
    """Generated calls: the log's lines in order, and the end of each visit. `pause`: the least seconds between two lines of a call."""

    random: Random
    pause: int = 0
    lines: list[tuple[int, int, str]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def observe(self, calls: int) -> Story:
        for call in range(calls):
            self._call(f"{T0}.{call}", T0 + self.random.randint(0, 20))
        self.lines.sort()
        return self

    @property
    def text(self) -> list[str]:
        return [line for _, _, line in self.lines]

    def _write(self, at: int, rest: str) -> None:
        self.lines.append((at, len(self.lines), f"{at}|{rest}"))

    def _later(self, *seconds: int) -> int:
        return max(self.random.choice(seconds), self.pause)

    def _call(self, call: str, at: int) -> None:
        queue = self.random.choice(["vendas", "suporte"])
        for _ in range(self.random.randint(1, 4)):
            began = at
            self._write(at, f"{call}|{queue}|NONE|ENTERQUEUE||21977000111|1")
            for _ in range(self.random.randint(0, 2)):
                at += self._later(0, 0, 1, 2)
                self._write(at, f"{call}|{queue}|{self.random.choice(['Ana', 'Bia'])}|RINGNOANSWER|{self.random.choice([0, 1000])}")
            at += self._later(0, 0, 1, 5, 30)
            ended, goes_on = self._leave(call, queue, at, at - began)
            if not goes_on:
                return
            at = ended + self._later(0, 0, 1)
            queue = self.random.choice([queue, "vendas", "suporte"])

    def _leave(self, call: str, queue: str, at: int, wait: int) -> tuple[int, bool]:
        """End a visit. Returns when the call left that queue, and whether it joins another one."""
        verb, end, goes_on = self.random.choice(
            [
                (f"ABANDON|1|1|{wait}", "abandoned", False),
                (f"EXITWITHTIMEOUT|1|1|{wait}", "timed-out", True),
                (f"EXITWITHKEY|9|1|1|{wait}", "left-by-key", True),
                (f"WITHDRAW|1|1|{wait}|", "transferred-out", True),
                ("", "answered", self.random.choice([True, False])),
            ]
        )
        if verb:
            self._write(at, f"{call}|{queue}|NONE|{verb}")
            self.outcomes.append((queue, end, wait, None))
            return at, goes_on
        agent = self.random.choice(["Ana", "Bia"])
        self._write(at, f"{call}|{queue}|{agent}|CONNECT|{wait}|x|0")
        talk = self._later(0, 1, 5, 60)
        last = f"BLINDTRANSFER|4002|ura|{wait}|{talk}|1" if goes_on else f"COMPLETEAGENT|{wait}|{talk}|1"
        self._write(at + talk, f"{call}|{queue}|{agent}|{last}")
        self.outcomes.append((queue, "answered", wait, talk))
        return at + talk, goes_on


def outcomes_in(bus: RecordingBus) -> list[Outcome]:
    visits = [visit for interaction in bus.interactions.values() for visit in interaction.state.visits]
    return [
        (visit.queue, visit.end, (visit.wait_ms or 0) // 1000, None if visit.talk_ms is None else visit.talk_ms // 1000) for visit in visits
    ]


def read(*contents: str) -> RecordingBus:
    bus = RecordingBus()
    for content in contents:
        with tempfile.TemporaryDirectory() as directory:
            import_texts(Path(directory), content, bus=bus)
    return bus


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_file_gives_the_true_outcomes(random: Random, calls: int) -> None:
    story = Story(random).observe(calls)
    assert sorted(outcomes_in(read("\n".join(story.text))), key=str) == sorted(story.outcomes, key=str)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
@example(Random(479), 4)
@example(Random(8), 3)
@example(Random(1092), 3)
def test_a_table_gives_the_true_outcomes_in_any_order_of_its_rows(random: Random, calls: int) -> None:
    story = Story(random, pause=1).observe(calls)
    rows = as_table("\n".join(story.text))
    random.shuffle(rows)
    cut = random.randint(0, len(rows))
    halves = [half for half in (rows[max(cut - 3, 0) :], rows[:cut]) if half]
    assert sorted(outcomes_in(read(*map(as_csv, halves))), key=str) == sorted(story.outcomes, key=str)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_rotated_parts_give_the_true_outcomes_in_any_order(random: Random, calls: int) -> None:
    story = Story(random).observe(calls)
    seconds = sorted({at for at, _, _ in story.lines})
    cut = random.choice(seconds)
    parts = [[line for at, _, line in story.lines if at >= cut], [line for at, _, line in story.lines if at < cut + 3]]
    random.shuffle(parts)
    assert sorted(outcomes_in(read(*("\n".join(part) for part in parts))), key=str) == sorted(story.outcomes, key=str)
