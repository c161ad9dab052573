"""The editor of IVRs (URAs): uploaded and spoken messages, the dry run, the blacklist; and callbacks."""

from __future__ import annotations

import errno
import os
import sys
import threading
import wave
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from commands.callbacks import RequestCallback
from commands.observations import MatchMember
from domain.ids import company_id
from domain.ivr_settings import MESSAGES
from sounds import folder
from sounds.children import Stopping
from sounds.folder import Sounds
from sounds.speech import CommandSpeech
from tests.kit.agi import SpokenAsWritten, silence
from tests.kit.http import operator
from tests.kit.waiting import DEADLINE_S, within


@pytest.fixture
def speech(center, tmp_path):
    engine = SpokenAsWritten()
    center.sounds = Sounds(tmp_path / "media", engine)
    return engine


@pytest.fixture
def ivr(ana):
    """The path of an IVR that leads to two queues."""
    for queue in ("vendas", "suporte"):
        ana.post("/v1/queues", {"name": queue})
    menu = [{"digit": "1", "queue": "vendas"}, {"digit": "2", "queue": "suporte"}]
    done = ana.post("/v1/ivrs", {"name": "principal", "welcome": {"text": "Olá", "voice": "pt-br"}, "menu": menu})
    assert done.status_code == 201, done.text
    return f"/v1/ivrs/{done.json()['id']}"


def test_every_setting_that_is_written_is_read_and_a_change_leaves_the_others(ana, ivr):
    given = {
        "always_open": False, "holidays": [{"day": "12-25", "name": "Natal"}, {"day": "2026-11-20", "name": ""}], "attempts": 2,
        "choice_wait_ms": 4_000, "fallback_queue": "vendas", "queue_wait_ms": 60_000, "callback_from": 5,
        **{name: {"text": name, "voice": "", "file": ""} for name in MESSAGES},
    }  # fmt: skip
    assert ana.ask("PATCH", ivr, json=given).status_code == 200
    assert ana.ask("PATCH", ivr, json={"attempts": 3}).status_code == 200
    assert ana.get(ivr).json().items() >= (given | {"attempts": 3}).items()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"fallback_queue": "nenhuma"}, "/fallback_queue"),
        ({"attempts": 0}, "/attempts"),
        ({"queue_wait_ms": 1}, "/queue_wait_ms"),
        ({"holidays": [{"day": "2026-02-30"}]}, "/holidays"),
        ({"holidays": [{"day": "ontem"}]}, "/holidays/0/day"),
        ({"welcome": {"text": "{protocol}"}}, "/welcome"),
        ({"welcome": {"voice": "-x"}}, "/welcome/voice"),
    ],
)
def test_a_wrong_setting_is_named(ana, ivr, change, pointer):
    answer = ana.ask("PATCH", ivr, json=change)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_uploaded_audio_is_converted_kept_and_heard_and_stays_with_its_name(ana, ivr, speech):
    answer = ana.ask("PUT", f"{ivr}/audio", params={"message": "closed", "file": "fechado.wav"}, content=silence(1.0, 44_100, 2))
    assert answer.status_code == 200, answer.text
    heard = ana.get(f"{ivr}/audio", params={"message": "closed"})
    assert heard.headers["content-type"] == "audio/wav"
    with wave.open(BytesIO(heard.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8_000, 1, 2)
        assert abs(sound.getnframes() - 8_000) < 200
    closed = ana.get(ivr).json()["closed"]
    assert closed == {"text": "", "voice": "", "file": "fechado.wav"}
    assert ana.ask("PATCH", ivr, json={"closed": closed, "attempts": 2}).status_code == 200
    assert ana.get(f"{ivr}/audio", params={"message": "closed"}).status_code == 200
    assert ana.ask("PATCH", ivr, json={"closed": closed | {"file": "outro.wav"}}).status_code == 200
    assert ana.get(f"{ivr}/audio", params={"message": "closed"}).json()["type"].endswith(":audio-missing")


def test_a_company_uploads_no_more_audio_than_it_may_have_and_what_nothing_plays_makes_room(ana, ivr, speech, center, monkeypatch):
    monkeypatch.setattr(folder, "MOST_UPLOADS", 2)

    def upload(message, length_s):
        return ana.ask("PUT", f"{ivr}/audio", params={"message": message}, content=silence(length_s))

    for message, length_s in (("closed", 0.1), ("welcome", 0.2)):
        answer = upload(message, length_s)
        assert answer.status_code == 200, answer.text
    refused = upload("welcome", 0.3)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "too-much-audio")
    assert ana.ask("PATCH", ivr, json={"welcome": {"text": "Olá"}}).status_code == 200
    for file in (center.sounds.folder / "uploaded").rglob("*.wav"):
        os.utime(file, (0, 0))
    center.cover(center.store.end(), lambda _done, _total: None)
    assert upload("welcome", 0.3).status_code == 200
    assert ana.get(f"{ivr}/audio", params={"message": "closed"}).status_code == 200


def test_audio_leaves_on_the_disk_what_is_kept_for_calls(ana, ivr, speech, center, monkeypatch):
    def upload():
        answer = ana.ask("PUT", f"{ivr}/audio", params={"message": "closed"}, content=silence(0.4))
        return answer.status_code, answer.json().get("type", "").rpartition(":")[2]

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(center.reserve, "_size", 1 << 60)
        assert upload() == (507, "no-room")
    with monkeypatch.context() as patch:
        patch.setattr(Sounds, "_write", full)
        assert upload() == (507, "no-room")
    assert not list(center.sounds.folder.rglob("*.wav"))
    assert upload()[0] == 200


def test_sounds_that_are_made_for_one_company_keep_no_other_waiting(ana, log_in, speech, monkeypatch):
    eva = log_in(company="Outra", email="eva@outra.example")
    go, begun = threading.Event(), list[str]()
    heard = Sounds.heard

    def slowly(sounds, tenant, message):
        begun.append(message.text)
        if message.text == "longa":
            assert go.wait(DEADLINE_S)
        return heard(sounds, tenant, message)

    monkeypatch.setattr(Sounds, "heard", slowly)
    turns = ana.client.transport.app.state.application.upload_turns._sounds
    with ThreadPoolExecutor(4) as people:
        waiting = [people.submit(ana.post, "/v1/ivrs/speech", {"text": "longa"}) for _ in range(3)]
        try:
            within(lambda: begun == ["longa"] and turns.waiting == 2)
            other = people.submit(eva.post, "/v1/ivrs/speech", {"text": "curta"})
            assert other.result(DEADLINE_S).status_code == 200
            assert begun == ["longa", "curta"]
        finally:
            go.set()
        assert [one.result().status_code for one in waiting] == [200] * 3


def test_audio_that_comes_while_the_server_stops_is_not_called_wrong(ana, ivr, speech, center, monkeypatch):
    def stops(*_):
        raise Stopping

    monkeypatch.setattr(Sounds, "keep", stops)
    answer = ana.ask("PUT", f"{ivr}/audio", params={"message": "closed"}, content=silence(0.1))
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (503, "unavailable")


def test_what_is_no_audio_is_refused_and_too_much_of_it_too(ana, ivr, speech):
    refused = ana.ask("PUT", f"{ivr}/audio", params={"file": "x.mp3"}, content=b"This is no sound.")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (422, "file-not-recognised")
    assert refused.json()["errors"] == [{"pointer": "", "detail": "the body: this is no .mp3 or .wav file"}]
    assert ana.ask("PUT", f"{ivr}/audio", content=b"0" * (5 * 1_048_576 + 1)).status_code == 413
    assert ana.ask("PUT", f"{ivr}/audio", params={"file": "x.ogg"}, content=silence(0.1)).status_code == 422


def test_a_text_is_heard_before_and_after_it_is_saved(ana, ivr, speech):
    assert ana.get(f"{ivr}/audio").content.startswith(b"RIFF")
    assert ana.post("/v1/ivrs/speech", {"text": "Novo"}).content.startswith(b"RIFF")
    assert speech.spoken == ["Olá", "Novo"]
    assert ana.get(f"{ivr}/audio", params={"message": "closed"}).status_code == 409


def test_an_engine_that_cannot_speak_is_said(ana, ivr, center, tmp_path):
    for command in ("no-such-program {voice}", f"{sys.executable} -c 'raise SystemExit(1)'", f"{sys.executable} -c 'print(1)'"):
        center.sounds = Sounds(tmp_path / "other", CommandSpeech(command))
        answer = ana.post("/v1/ivrs/speech", {"text": "Oi"})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "speech-failed")


def steps(answer):
    assert answer.status_code == 200, answer.text
    return [(step["keys"], step["kind"], step["queue"] or step["reason"]) for step in answer.json()["steps"]]


def test_a_dry_run_shows_what_a_caller_would_meet_and_records_nothing(ana, ivr, center):
    head = center.store.head()
    met = ana.post(f"{ivr}/dry-run", {"keys": ["7", "1"]})
    assert steps(met) == [(None, "ask", ""), ("7", "ask", ""), ("1", "queue", "vendas")]
    assert met.json()["steps"][0]["messages"][0]["text"] == "Olá"
    unsaved = {"always_open": False, "hours": [{"weekday": 0, "opens": "08:00", "closes": "18:00"}]}
    sunday = ana.post(f"{ivr}/dry-run", {"at": "2026-03-01T12:00:00-03:00", "keys": ["1"], "changes": unsaved})
    assert (sunday.json()["state"], sunday.json()["state_label"]) == ("closed", "Fechada")
    assert steps(sunday) == [(None, "hang-up", "closed")]
    monday = ana.post(f"{ivr}/dry-run", {"at": "2026-03-02T12:00:00-03:00", "keys": ["2"], "changes": unsaved, "is_answered": False})
    assert steps(monday) == [(None, "ask", ""), ("2", "queue", "suporte"), (None, "hang-up", "unanswered")]
    assert center.store.head() == head


def test_a_dry_run_names_a_wrong_setting(ana, ivr):
    answer = ana.post(f"{ivr}/dry-run", {"changes": {"timezone": "Lua/Mar"}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/timezone"


def test_callers_are_blocked_and_unblocked_by_those_who_may(ana, ivr, log_in):
    blocked = ana.post(f"{ivr}/blocked-callers", {"phone": "(11) 98765-4321"})
    assert blocked.status_code == 201
    contact = blocked.json()["result"]["contact_id"]
    listed = ana.get(f"{ivr}/blocked-callers").json()["items"]
    assert listed == [{"contact_id": contact, "phone": "(11) 98765-4321"}]
    other = log_in(email="bia@empresa.example", permissions=("gerenciar-phone",))
    assert other.post(f"{ivr}/blocked-callers", {"phone": "11987654321"}).json()["permission"] == "gerenciar-blacklist"
    assert other.get(f"{ivr}/blocked-callers").status_code == 403
    assert ana.post(f"{ivr}/unblock-caller", {"contact_id": contact}).status_code == 200
    assert ana.post(f"{ivr}/unblock-caller", {"contact_id": contact}).status_code == 404
    assert ana.post(f"{ivr}/blocked-callers", {"phone": "1234"}).status_code == 422


def test_a_forgotten_contact_stays_on_no_list_by_number(ana, ivr):
    contact = ana.post(f"{ivr}/blocked-callers", {"phone": "11987654321"}).json()["result"]["contact_id"]
    assert ana.post("/v1/contacts/forget", {"contact_id": contact}).status_code == 200
    assert ana.get(f"{ivr}/blocked-callers").json()["items"] == [{"contact_id": contact, "phone": "(anonimizado)"}]


def test_call_backs_are_listed_until_they_are_concluded(ana, center):
    command = RequestCallback(call="17.1", ivr="principal", queue="vendas", number="11987654321", at=center.clock.us)
    receipt = center.bus.execute(command, operator("Empresa"))
    assert company_id("Empresa")
    (row,) = ana.get("/v1/callbacks", params={"at_least": receipt.position}).json()["items"]
    assert (row["state"], row["state_label"], row["queue"], row["from_number"]) == ("open", "Aguardando", "vendas", "11987654321")
    ana.post("/v1/queues", {"name": "vendas"})
    assert ana.post("/v1/agents/log-in", {"agent": "Ana"}).status_code == 200
    assert ana.post(f"/v1/callbacks/{row['id']}/call", {"agent": "Ana"}).json()["type"].endswith(":agent-without-telephone")
    center.bus.execute(MatchMember(interface="PJSIP/1001", member="Ana"), operator("Empresa"))
    placed = ana.post(f"/v1/callbacks/{row['id']}/call", {"agent": "Ana"})
    assert placed.status_code == 201, placed.text
    called = ana.get(f"/v1/interactions/{placed.json()['id']}", params={"at_least": placed.json()["position"]}).json()
    assert (called["direction"], called["to_number"]) == ("outbound", "11987654321")
    done = ana.post(f"/v1/callbacks/{row['id']}/conclude", {"outcome": "reached"})
    assert done.status_code == 200
    assert ana.post(f"/v1/callbacks/{row['id']}/conclude", {"outcome": "lost"}).status_code == 409
    assert ana.post(f"/v1/callbacks/{row['id']}/call", {"agent": "Ana"}).status_code == 409
    after = {"at_least": done.json()["position"]}
    assert ana.get("/v1/callbacks", params=after).json()["items"] == []
    assert [item["state"] for item in ana.get("/v1/callbacks", params=after | {"state": "any"}).json()["items"]] == ["reached"]


def test_the_folder_of_sounds_is_in_the_data_directory_unless_a_setting_names_another(center):
    assert center.sounds.folder == Path(center.directory / "sounds").absolute()
