"""Recordings of calls through the API: by hand, listened to by permission and by ranges, audited, forgotten with the person; what is broken is said."""

from __future__ import annotations

import hashlib
import os
from uuid import UUID, uuid4

import pytest

from commands.observations import ObserveCall
from commands.recordings import ApplyRecordingRule, BeginRecording, EndRecordings, FailRecording, KeepRecording
from domain.base import NOBODY, SECOND, Personal
from domain.ids import recording_id
from domain.recordings import LISTENING_US, Recording, Sound
from domain.voice.facts import Fact
from store.event_store import project
from tests.kit.http import operator

SOUND = os.urandom(150_000)


def problem_in(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


class Story:
    """A call of a PBX with Ana, which can be recorded."""

    def __init__(self, center, person, rule="by-hand") -> None:
        self.center, self.person = center, person
        person.post("/v1/queues", {"name": "vendas", "recording": rule})
        person.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]})
        now = center.bus.clock.now_us()
        self.pbx = f"{now // SECOND}.1"
        facts = (
            Fact("arrived", now, "ami", text="551140028922", private=Personal(NOBODY, "5511987654321")),
            Fact("offered", now, "ami", queue="vendas"),
            Fact("answered", now, "ami", queue="vendas", agent="Ana"),
        )
        self.call = str(self.do(ObserveCall(call=self.pbx, facts=facts)).id)

    @property
    def id(self) -> UUID:
        return recording_id(UUID(self.call), 0)

    def do(self, command):
        receipt = self.center.bus.execute(command, operator("Empresa"))
        self.position = receipt.position
        return receipt

    def say(self, step):
        answer = self.person.post(f"/v1/interactions/{self.call}/recording/{step}")
        if answer.status_code == 200:
            self.position = answer.json()["position"]
        return answer

    def keep(self, content=SOUND):
        """As the process does that drives the PBX."""
        self.say("start")
        self.do(BeginRecording(recording=self.id, monitor="0x1"))
        self.release()
        self.do(ObserveCall(call=self.pbx, facts=(Fact("hung_up", self.center.bus.clock.now_us(), "ami"),)))
        self.do(EndRecordings(interaction=UUID(self.call)))
        media = uuid4()
        sealed = self.center.media.put(self.recording().tenant, media, [content])
        sound = Sound(media, sealed.size, "audio/wav", sealed.sha256, 9_000)
        self.do(KeepRecording(recording=self.id, sound=sound, content_key=sealed.key.hex()))

    def release(self):
        """As the PBX tells."""
        released = Fact("released", self.center.bus.clock.now_us(), "ami", queue="vendas", agent="Ana", by="agent")
        self.do(ObserveCall(call=self.pbx, facts=(released,)))

    def recording(self) -> Recording:
        found = project(self.center.store.stream(self.id), Recording)
        assert found is not None
        return found

    def listed(self, person=None):
        self.covered()
        answer = (person or self.person).get(f"/v1/interactions/{self.call}/recordings")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def covered(self):
        self.center.cover(self.center.store.end(), lambda _done, _total: None)

    def listen(self, person=None, asked=None):
        self.covered()
        headers = {} if asked is None else {"Range": asked}
        return (person or self.person).get(f"/v1/recordings/{self.id}/audio", headers=headers)

    def history(self):
        self.covered()
        return self.person.get(f"/v1/interactions/{self.call}/history").json()["items"]

    def file(self):
        (path,) = [path for path in (self.center.directory / "media").rglob("*") if path.is_file()]
        return path


@pytest.fixture
def story(center, ana):
    return Story(center, ana)


def test_a_recording_is_listed_and_heard_as_a_whole_and_by_ranges(story):
    story.keep()
    (one,) = story.listed()
    assert (one["status"], one["status_label"], one["by"], one["file"], one["duration_ms"]) == (
        "kept",
        "Disponível",
        "hand",
        "ready",
        9_000,
    )
    assert (one["size_bytes"], one["sha256"]) == (len(SOUND), hashlib.sha256(SOUND).hexdigest())
    whole = story.person.get(one["audio"])
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, SOUND, "audio/wav")
    assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == ("bytes", str(len(SOUND)))
    for asked, first, stop in (("bytes=0-9", 0, 10), ("bytes=65530-65550", 65_530, 65_551), ("bytes=149990-", 149_990, 150_000), ("bytes=-7", 149_993, 150_000), ("bytes=149999-999999", 149_999, 150_000)):  # fmt: skip
        part = story.listen(asked=asked)
        assert (part.status_code, part.content) == (206, SOUND[first:stop])
        assert part.headers["content-range"] == f"bytes {first}-{stop - 1}/{len(SOUND)}"
    for asked in ("bytes=150000-", "bytes=5-3", "bytes=0-1,4-5", "lines=1-2", "bytes=-"):
        assert (story.listen(asked=asked).status_code, len(story.listen(asked=asked).content)) == (200, len(SOUND))


def test_each_listening_is_in_the_history_with_the_listener_and_the_content_key_is_nowhere(center, log_in, story):
    story.keep()
    bia = log_in(email="bia@empresa.example", permissions=("ouvir-gravacoes",))
    for asked in (None, "bytes=0-99", "bytes=100-"):
        assert story.listen(bia, asked).status_code in (200, 206)
    story.listen()
    center.clock.pass_s(LISTENING_US / 1_000_000)
    bia.stay()
    story.listen(bia, "bytes=5-")
    story.person.stay()
    listened = [event for event in story.history() if event["event"] == "recording.listened"]
    assert [event["actor"] for event in listened] == [f"user:{who.tokens['user_id']}" for who in (bia, story.person, bia)]
    (kept,) = [event for event in story.history() if event["event"] == "recording.kept"]
    assert set(kept["content"]) == {"media", "size", "type", "sha256", "duration_ms"}


def test_only_who_has_the_permission_lists_and_listens(log_in, story):
    story.keep()
    other = log_in(email="caio@empresa.example", permissions=("gerenciar-relatorio", "gerenciar-atendimento"))
    for answer in (story.listen(other), other.get(f"/v1/interactions/{story.call}/recordings")):
        assert (answer.status_code, problem_in(answer)["permission"]) == (403, "ouvir-gravacoes")
    stranger = log_in("Outra", "dora@outra.example")
    assert story.listen(stranger).status_code == 404
    assert stranger.get(f"/v1/interactions/{story.call}/recordings").status_code == 404
    assert "recording.listened" not in {event["event"] for event in story.history()}


def test_who_is_forgotten_is_heard_no_more(center, story):
    story.keep()
    story.covered()
    assert story.person.post("/v1/contacts/forget", {"phone": "5511987654321"}).status_code == 200
    answer = story.listen()
    assert (answer.status_code, problem_in(answer)["type"]) == (409, "urn:problem-type:atende:recording-forgotten")
    (one,) = story.listed()
    assert (one["file"], one["file_label"], one["audio"]) == ("forgotten", "Anonimizada", None)


def test_a_file_that_is_missing_cut_or_changed_is_said(story):
    story.keep()
    raw = story.file().read_bytes()
    for content, status, code, file in (
        (raw[:-1], 409, "recording-broken", "broken"),
        (bytes([raw[0] ^ 1]) + raw[1:], 409, "recording-broken", "ready"),
        (None, 404, "recording-missing", "missing"),
    ):
        if content is None:
            story.file().unlink()
        else:
            story.file().write_bytes(content)
        answer = story.listen()
        assert (answer.status_code, problem_in(answer)["type"]) == (status, f"urn:problem-type:atende:{code}")
        assert story.listed()[0]["file"] == file
    assert "recording.listened" not in {event["event"] for event in story.history()}


def test_what_the_pbx_did_not_do_is_not_shown_as_done(story):
    assert [one["status"] for one in story.listed()] == []
    story.say("start")
    assert story.say("start").status_code == 409
    story.do(FailRecording(recording=story.id, action="start", why="refused"))
    assert [one["status_label"] for one in story.listed()] == ["Não gravada"]
    story.say("start")
    second = recording_id(UUID(story.call), 1)
    story.do(BeginRecording(recording=second, monitor="0x1"))
    assert story.say("resume").status_code == 409
    assert story.say("pause").status_code == 200
    assert (story.listed()[1]["status"], story.listed()[1]["is_confirmed"]) == ("paused", False)
    story.do(FailRecording(recording=second, action="pause", why="failed"))
    assert (story.listed()[1]["status"], story.listed()[1]["is_confirmed"]) == ("recording", True)
    answer = story.listen()
    assert problem_in(answer)["type"] == "urn:problem-type:atende:recording-not-kept"


def test_by_the_queues_rule_a_call_is_recorded_and_only_paused_or_never(center, ana):
    always = Story(center, ana, "always")
    for _ in range(2):
        always.do(ApplyRecordingRule(interaction=UUID(always.call), queue="vendas"))
    always.do(BeginRecording(recording=always.id, monitor="0x1"))
    (one,) = always.listed()
    assert (one["by"], one["by_label"], one["queue"], one["status"]) == ("rule", "Regra do serviço", "vendas", "recording")
    assert problem_in(always.say("stop"))["type"] == "urn:problem-type:atende:recording-by-rule"
    queue = ana.get("/v1/queues").json()["items"][0]["id"]
    assert ana.get(f"/v1/queues/{queue}").json()["recording"] == "always"
    assert ana.ask("PATCH", f"/v1/queues/{queue}", json={"recording": "sometimes"}).status_code == 422
    assert ana.ask("PATCH", f"/v1/queues/{queue}", json={"recording": "never"}).status_code == 200
    always.do(ApplyRecordingRule(interaction=UUID(always.call), queue="vendas"))
    assert always.listed()[0]["status"] == "ended"
    assert problem_in(always.say("start"))["type"] == "urn:problem-type:atende:recording-not-allowed"


def test_a_call_that_no_pbx_leads_is_not_recorded(ana):
    ana.post("/v1/queues", {"name": "vendas"})
    ana.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]})
    call = ana.post("/v1/interactions", {}).json()["id"]
    for step, body in (("offer", {"queue": "vendas"}), ("answer", {"agent": "Ana"})):
        done = ana.post(f"/v1/interactions/{call}/{step}", body)
        assert done.status_code == 200
    answer = ana.post(f"/v1/interactions/{call}/recording/start")
    assert ana.get("/v1/monitoring", params={"at_least": done.json()["position"]}).status_code == 200
    assert (answer.status_code, problem_in(answer)["type"]) == (409, "urn:problem-type:atende:call-not-at-pbx")
    assert ana.get(f"/v1/interactions/{call}/recordings").json()["items"] == []


def test_only_the_agent_of_the_talk_or_who_acts_for_others_records(log_in, story):
    other = log_in(email="caio@empresa.example", permissions=("gerenciar-atendimento",))
    assert other.post(f"/v1/interactions/{story.call}/recording/start").status_code == 403
    story.release()
    assert problem_in(story.say("start"))["type"] == "urn:problem-type:atende:call-not-talking"
