"""The recordings of a call in the console: heard in the page, with its trace in the history; what is wrong with a file is said; begun and paused by hand."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, expect

from api.app import create_app
from bootstrap import Center, open_center
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.handler_context import Command, Receipt
from commands.interactions import AnswerCall, EndCall, OfferCall, StartCall
from commands.observations import ObserveCall
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.recordings import BeginRecording, EndRecordings, KeepRecording, StartRecording
from commands.users import AppointAdministrator, SetPassword
from domain.base import NOBODY, SECOND, Personal
from domain.ids import recording_id
from domain.recordings import Sound
from domain.voice.facts import Fact
from settings import Settings
from tests.kit.served import server_of
from tests.kit.waiting import within
from tests.web.conftest import ADMINISTRATOR, PASSWORD, Console

RATE = 8000


class Story:
    """Calls of one agent, recorded as by a PBX."""

    def __init__(self, center: Center) -> None:
        self.center = center
        self.company = known_or_new(center, "")
        self.do(RegisterQueue(name="Suporte"))
        self.do(LogIn(agent="Ana", queues=("Suporte",)))

    def do(self, command: Command) -> Receipt:
        return self.center.bus.execute(command, caller(self.company))

    def talk(self) -> UUID:
        call = self.do(StartCall(from_number="5511987654321")).id
        self.do(OfferCall(interaction=call, queue="Suporte"))
        self.do(AnswerCall(interaction=call, agent="Ana"))
        return call

    def talk_at_pbx(self) -> UUID:
        """A call of which a PBX tells."""
        now = self.center.bus.clock.now_us()
        facts = (
            Fact("arrived", now, "ami", private=Personal(NOBODY, "5511987654321")),
            Fact("offered", now, "ami", queue="Suporte"),
            Fact("answered", now, "ami", queue="Suporte", agent="Ana"),
        )
        return self.do(ObserveCall(call=f"{now // SECOND}.1", facts=facts)).id

    def recorded(self) -> UUID:
        """A call with a recording of two seconds."""
        call = self.talk()
        recording = self.do(StartRecording(interaction=call)).id
        self.do(BeginRecording(recording=recording, monitor="0x1"))
        self.do(EndCall(interaction=call))
        self.do(EndRecordings(interaction=call))
        media = uuid4()
        sealed = self.center.media.put(self.company.id, media, [tone()])
        sound = Sound(media, sealed.size, "audio/wav", sealed.sha256, 2_000)
        self.do(KeepRecording(recording=recording, sound=sound, content_key=sealed.key.hex()))
        return call


def tone() -> bytes:
    with wave.open(file := io.BytesIO(), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(struct.pack("<h", int(9_000 * math.sin(at * 440 * math.tau / RATE))) for at in range(2 * RATE)))
    return file.getvalue()


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    with open_center(tmp_path_factory.mktemp("recordings") / "data", Settings()) as center:
        operator = caller(known_or_new(center, ""))
        token = center.bus.execute(AppointAdministrator(email=ADMINISTRATOR), operator).result["token"]
        center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator)
        center.covered()
        yield center


@pytest.fixture(scope="module")
def console(center: Center, built: None, browser: Browser) -> Iterator[Console]:
    with server_of(create_app(center)) as url:
        yield Console(url, browser)


def test_a_recording_is_heard_and_one_without_its_file_says_so_and_one_by_hand_is_paused(center: Center, console: Console) -> None:
    story = Story(center)
    lost = story.recorded()
    for path in (center.directory / "media").rglob("*"):
        if path.is_file():
            path.unlink()
    call = story.recorded()
    open_call = story.talk_at_pbx()
    center.cover(center.store.end(), lambda *_: None)

    page = console.signed_in(path=f"/interacoes/{call}")
    page.get_by_role("button", name="Ouvir").click()
    player = page.locator("audio")
    player.wait_for()
    within(lambda: bool(player.evaluate("audio => audio.duration > 0")), 30)
    assert player.evaluate("audio => audio.duration") == pytest.approx(2, abs=0.1)
    within(lambda: bool(player.evaluate("audio => audio.currentTime > 0.2")), 30)
    center.cover(center.store.end(), lambda *_: None)
    page.reload()
    expect(page.locator("[data-event='recording.listened']")).to_have_count(1)
    expect(page.get_by_text("Gravação ouvida").first).to_be_visible()

    page.goto(f"{console.url}/interacoes/{lost}")
    expect(page.locator("[data-file=missing]")).to_contain_text("Arquivo ausente")
    expect(page.get_by_role("button", name="Ouvir")).to_have_count(0)

    page.goto(f"{console.url}/interacoes/{open_call}")
    page.get_by_role("button", name="Gravar", exact=True).click()
    expect(page.locator("[data-status=asked]")).to_contain_text("Aguardando")
    story.do(BeginRecording(recording=recording_id(open_call, 0), monitor="0x1"))
    page.get_by_role("button", name="Pausar gravação").click()
    expect(page.locator("[data-status=paused]")).to_contain_text("Pausada")
    page.get_by_role("button", name="Retomar gravação").click()
    expect(page.locator("[data-status=recording]")).to_contain_text("Gravando")


def test_the_rule_of_a_queue_is_chosen_in_its_form(center: Center, console: Console) -> None:
    queue = center.bus.execute(RegisterQueue(name="Vendas"), caller(known_or_new(center, ""))).id
    page = console.signed_in(path=f"/servicos/{queue}")
    page.get_by_label("Gravação", exact=True).select_option("always")
    page.get_by_role("button", name="Salvar").first.click()
    expect(page.get_by_text("Salvo").first).to_be_visible()
    assert console.get(f"/v1/queues/{queue}").json()["recording"] == "always"
