"""A real Asterisk records calls for Atende: what is said is heard, what is paused is not, and nothing of it stays in plain."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from bootstrap import Embedded
from cli.asterisk import following
from cli.company import asker, caller, known_or_new
from commands.agents import LogIn, LogOut
from commands.handler_context import Command, Receipt
from commands.observations import MatchMember
from commands.queues import RegisterQueue
from commands.recordings import PauseRecording, ResumeRecording, StartRecording, StopRecording
from domain.ids import interaction_id, recording_id
from domain.recordings import Recording
from domain.voice.interactions import Interaction
from projections.queries import recordings as queries
from settings import Settings
from store.event_store import project
from telephony_adapter.ami.adapter import Adapter
from tests.kit import asterisk
from tests.kit.asterisk import Lab
from tests.kit.tones import RATE, amplitude
from tests.kit.waiting import within

ANA = "Ana Souza"
CALLER, AGENT = 440, 1000
"""The tones (Hz) of both telephones."""


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with closing(Embedded(tmp_path_factory.mktemp("center") / "data", Settings())) as opened:
        opened.covered()
        yield opened


class Recorded:
    """A company of its own whose PBX records, with one agent, whose telephone sounds a tone, in one queue."""

    def __init__(self, center: Embedded, lab: Lab, rule: str) -> None:
        self.center, self.lab = center, lab
        self.company = known_or_new(center, uuid4().hex)
        self.settings = Settings(asterisks=(lab.setting(company=self.company.name, control=True, recordings=lab.server.monitor),))
        self.do(RegisterQueue(name="suporte", recording=rule))  # type: ignore[arg-type]
        self.do(MatchMember(interface="PJSIP/1701", member=ANA))

    def do(self, command: Command) -> Receipt:
        return self.center.bus.execute(command, caller(self.company))

    def ready(self, adapter: Adapter) -> None:
        within(lambda: adapter.figures.connected, 30)
        self.do(LogIn(agent=ANA, queues=("suporte",)))
        within(lambda: any(row.get("Name") == ANA for row in self.lab.pbx.list("QueueStatus").items), 20)

    def talk(self, life: int = 60) -> UUID:
        """A caller who sounds a tone talks with the agent; returns the interaction."""
        number = self.lab.call(asterisk.SUPORTE, context="sounding", life=life, NAME=f"rec-{uuid4().hex}")
        answer = self.lab.connected(number, 30)
        id = interaction_id(self.company.id, answer["Uniqueid"])
        within(lambda: self.interaction(id) is not None and self.interaction(id).has_talk_of(ANA), 20)  # type: ignore[union-attr]
        return id

    def interaction(self, id: UUID) -> Interaction | None:
        return project(self.center.store.stream(id), Interaction)

    def recording(self, call: UUID, number: int = 0) -> Recording | None:
        return project(self.center.store.stream(recording_id(call, number)), Recording)

    def becomes(self, call: UUID, status: str, number: int = 0) -> Recording:
        def is_so() -> bool:
            found = self.recording(call, number)
            return found is not None and found.status == status

        within(is_so, 30)
        found = self.recording(call, number)
        assert found is not None
        return found

    def hang_up(self) -> None:
        self.lab.world.command("channel request hangup all")
        self.lab.be_quiet()

    def heard(self, recording: Recording, wanted: range | None = None) -> bytes:
        return b"".join(self.center.queries.ask(queries.sound_of_recording, asker(self.company), recording, self.center.media, wanted))

    def plain_files(self) -> list[str]:
        return [path.name for path in (self.lab.server.monitor / "atende").glob("*")]


def passes(seconds: float, of: Recorded, call: UUID, number: int = 0) -> None:
    """Wait until the plain file has grown by so much sound."""
    path = of.lab.server.monitor / "atende" / f"{recording_id(call, number)}.wav"
    within(path.exists, 20)
    goal = path.stat().st_size + int(seconds * RATE * 2)
    within(lambda: path.stat().st_size >= goal, 30)


def tones(sound: bytes) -> list[frozenset[int]]:
    """Which of the two tones are in each half second."""
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    half = RATE // 2
    pieces = [tuple(samples[at : at + half]) for at in range(0, len(samples) - half + 1, half)]
    return [frozenset(tone for tone in (CALLER, AGENT) if amplitude(piece, tone) > 0.02) for piece in pieces]


BOTH: frozenset[int] = frozenset({CALLER, AGENT})
NOTHING: frozenset[int] = frozenset()


def in_order(found: list[Any]) -> list[Any]:
    """Without repeats, and without the half seconds in which one thing becomes another."""
    stable = [one for one, following in pairwise(found) if one == following]
    return [one for at, one in enumerate(stable) if at == 0 or stable[at - 1] != one]


def test_a_call_of_a_queue_that_is_always_recorded_is_heard_by_range_except_for_what_was_paused(center: Embedded, lab: Lab) -> None:
    of = Recorded(center, lab, "always")
    with following(center, of.settings) as (adapter,):
        of.ready(adapter)
        call = of.talk()
        of.becomes(call, "recording")
        passes(2, of, call)
        of.do(PauseRecording(interaction=call))
        within(lambda: of.becomes(call, "paused").unconfirmed is None, 20)
        passes(3, of, call)
        of.do(ResumeRecording(interaction=call))
        passes(2, of, call)
        of.hang_up()
        recording = of.becomes(call, "kept")
        within(lambda: of.plain_files() == [], 20)
        of.do(LogOut(agent=ANA))
    sound = of.heard(recording)
    assert in_order(tones(sound)) == [BOTH, NOTHING, BOTH]
    assert recording.kept is not None
    assert recording.kept.size == len(sound)
    assert abs(recording.kept.duration_ms - (len(sound) - 44) / 16) < 1
    assert of.heard(recording, range(50_000, 50_100)) == sound[50_000:50_100]
    stored = [path.read_bytes() for path in (center.directory / "media").rglob("*") if path.is_file()]
    assert stored
    assert not any(sound[1_000:1_050] in each for each in stored)


def test_an_agent_records_by_hand_and_stops_and_what_nobody_wanted_is_not_recorded(center: Embedded, lab: Lab) -> None:
    of = Recorded(center, lab, "by-hand")
    with following(center, of.settings) as (adapter,):
        of.ready(adapter)
        call = of.talk()
        of.do(StartRecording(interaction=call))
        of.becomes(call, "recording")
        passes(1, of, call)
        of.do(StopRecording(interaction=call))
        first = of.becomes(call, "kept")
        of.do(StartRecording(interaction=call))
        of.becomes(call, "recording", 1)
        passes(1, of, call, 1)
        of.hang_up()
        of.becomes(call, "kept", 1)
        within(lambda: of.plain_files() == [], 20)
        assert in_order(tones(of.heard(first)))[-1:] == [BOTH]
        unwanted = of.talk()
        of.hang_up()
        assert of.recording(unwanted) is None
        of.do(LogOut(agent=ANA))


def test_what_a_crash_left_in_plain_is_kept_at_the_next_start(center: Embedded, lab: Lab) -> None:
    of = Recorded(center, lab, "always")
    with following(center, of.settings) as (adapter,):
        of.ready(adapter)
        call = of.talk()
        of.becomes(call, "recording")
        passes(1, of, call)
    # Nobody is there when the call ends.
    of.hang_up()
    assert of.plain_files() == [f"{recording_id(call, 0)}.wav"]
    with following(center, of.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 30)
        recording = of.becomes(call, "kept")
        within(lambda: of.plain_files() == [], 20)
        of.do(LogOut(agent=ANA))
    assert BOTH in tones(of.heard(recording))
