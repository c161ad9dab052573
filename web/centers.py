"""The centers of which `make screenshots` takes its pictures: a demo, an empty one, and one whose source was cut off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from bootstrap import Center as OpenCenter
from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.handler_context import Caller, Command, Receipt
from commands.interactions import AnswerCall, EndCall, OfferCall, StartCall
from commands.observations import ObserveTimeline
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.recordings import BeginRecording, EndRecordings, KeepRecording, StartRecording
from commands.users import AppointAdministrator, SetPassword
from domain.base import SECOND
from domain.recordings import Sound
from domain.voice.timeline import ALL_QUEUES, Gap
from settings import Settings
from simulator.center import ZONE, sleepless_center
from simulator.story import Story
from telephony_adapter.queue_log.importer import import_queue_log

COLLEAGUE = "beatriz@empresa.example"
_ATENDE = str(Path(sys.executable).with_name("atende"))
_EMAIL = "bia@nova.example"
_READY_S = 900
_PATIENT_S = 60.0
_HOUR_US = 3600 * SECOND
_RATE = 8000
_SOUND_S = 2


@dataclass(frozen=True)
class Center:
    """A console and who signs in to it. link: the one-time link by which that user sets a password, before it is used."""

    url: str
    email: str
    password: str
    link: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers to this user."""
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_PATIENT_S).raise_for_status()
        return answer.json() if answer.content else None

    def enter(self, token: str) -> None:
        """Set a user's password with the token of a one-time link."""
        body = {"token": token, "password": self.password}
        httpx.post(f"{self.url}/v1/auth/password", json=body, timeout=_PATIENT_S).raise_for_status()

    @cached_property
    def _token(self) -> str:
        body = {"email": self.email, "password": self.password}
        answer = httpx.post(f"{self.url}/v1/auth/login", json=body, timeout=_PATIENT_S).raise_for_status()
        return str(answer.json()["access_token"])


@contextmanager
def demo() -> Iterator[Center]:
    """The center at ATENDE_URL as it is, or a demo that runs until the block ends and has some of everything."""
    given = os.environ.get("ATENDE_URL")
    if given:
        yield Center(given, os.environ["ATENDE_EMAIL"], os.environ["ATENDE_PASSWORD"])
        return
    with _running("demo", says=r"(http://[\d.:]+)[^\n]*\s+E-mail\s+(\S+)\s+Senha\s+(\S+)") as found:
        center = Center(*found)
        furnish(center)
        yield center


@contextmanager
def empty(password: str) -> Iterator[Center]:
    """What somebody has who has just installed it."""
    with tempfile.TemporaryDirectory() as directory, _serving(directory) as url:
        link = subprocess.run([_ATENDE, "admin", _EMAIL, "--data", directory], capture_output=True, text=True, check=True).stdout.strip()
        yield Center(url, _EMAIL, password, link)


@contextmanager
def uncertain(password: str) -> Iterator[tuple[Center, UUID]]:
    """A center whose source was cut off an hour ago, whose log lacks the end of a talk; and a call of it that was recorded."""
    with tempfile.TemporaryDirectory() as directory:
        with open_center(Path(directory), Settings()) as opened:
            company = known_or_new(opened, "")
            operator = caller(company)
            now = opened.bus.clock.now_us()
            story = Story(opened.bus, company.id, sleepless_center(0.5), seed=4, start_us=now - 4 * _HOUR_US)
            story.set_up()
            story.tell_until(now)
            token = opened.bus.execute(AppointAdministrator(email=_EMAIL, name="Bia Nogueira"), operator).result["token"]
            opened.bus.execute(SetPassword(token=token, hashed=hashed_password(password)), operator)
            _cut_off(opened, operator, now)
            call = _recorded(opened, operator)
        with _serving(directory) as url:
            yield Center(url, _EMAIL, password), call


def _cut_off(opened: OpenCenter, operator: Caller, now_us: int) -> None:
    """A quarter of an hour without a sign of the PBX; and an agent who had another call before the first one's end was recorded."""
    missed = {"Suporte": 4, "Cobrança": 2, ALL_QUEUES: 5}
    gap = Gap(opened_us=now_us - _HOUR_US, closed_us=now_us - 3 * _HOUR_US // 4, up=2, born=9, missed=missed)
    opened.bus.execute(ObserveTimeline(gap=gap), operator)
    began = (now_us - 2 * _HOUR_US) // SECOND
    lines = [
        f"{began}|{began}.1|Suporte|NONE|ENTERQUEUE||5511987654321|1",
        f"{began + 5}|{began}.1|Suporte|Alice Prado|CONNECT|5|{began}.2|5",
        f"{began + 600}|{began}.3|Suporte|NONE|ENTERQUEUE||5511912345678|1",
        f"{began + 607}|{began}.3|Suporte|Alice Prado|CONNECT|7|{began}.4|7",
        f"{began + 900}|{began}.3|Suporte|Alice Prado|COMPLETECALLER|7|293|1",
    ]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as log:
        log.write("\n".join(lines) + "\n")
        log.flush()
        import_queue_log(opened.bus, operator, [(Path(log.name), "queue_log")], timezone=ZONE)


def _recorded(opened: OpenCenter, operator: Caller) -> UUID:
    """A call with a recording of two seconds of silence."""

    def do(command: Command) -> Receipt:
        return opened.bus.execute(command, operator)

    do(RegisterQueue(name="Gravada"))
    do(LogIn(agent="Téo Barros", queues=("Gravada",)))
    call = do(StartCall(from_number="5511987654321")).id
    do(OfferCall(interaction=call, queue="Gravada"))
    do(AnswerCall(interaction=call, agent="Téo Barros"))
    recording = do(StartRecording(interaction=call)).id
    do(BeginRecording(recording=recording, monitor="0x1"))
    do(EndCall(interaction=call))
    do(EndRecordings(interaction=call))
    media = uuid4()
    sealed = opened.media.put(operator.tenant, media, [_silence()])
    sound = Sound(media, sealed.size, "audio/wav", sealed.sha256, _SOUND_S * 1000)
    do(KeepRecording(recording=recording, sound=sound, content_key=sealed.key.hex()))
    return call


def _silence() -> bytes:
    with wave.open(file := BytesIO(), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(bytes(2 * _RATE * _SOUND_S))
    return file.getvalue()


@contextmanager
def _serving(directory: str) -> Iterator[str]:
    with _running("serve", "--data", directory, says=r" at (http://[\d.:]+)") as (url,):
        yield url


@contextmanager
def _running(*words: str, says: str) -> Iterator[tuple[str, ...]]:
    """What a command of Atende has said (the groups of the pattern `says`), while it runs on a free port."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([_ATENDE, *words], stdout=out, stderr=out, env={**os.environ, "ATENDE_PORT": "0"})
        try:
            end = time.monotonic() + _READY_S
            found = None
            while found is None and time.monotonic() < end and process.poll() is None:
                time.sleep(1)
                out.seek(0)
                found = re.search(says, out.read())
            if found is None:
                sys.exit(f"{words[0]} did not start")
            yield found.groups()
        finally:
            process.terminate()
            process.wait()


def furnish(center: Center) -> None:
    """Make what a demo lacks: an IVR with a menu, a colleague, what other programs and screens use, and an agent who is the administrator."""
    queues = [queue["name"] for queue in center.ask("GET", "/v1/queues")["items"]]
    self = center.ask("GET", "/v1/me")
    spoken = {name: {"text": words} for name, words in _MESSAGES.items()}
    menu = [{"digit": str(at), "queue": queue} for at, queue in enumerate(queues, 1)]
    hours = [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(5)]
    ivr = {"name": "central", "area_code": "11", "number": "40028922", "always_open": False, "hours": hours, "menu": menu, **spoken}
    colleague = {
        "name": "Beatriz Nogueira",
        "email": COLLEAGUE,
        "permissions": ["gerenciar-relatorio", "gerenciar-atendimento"],
    }
    for path, body in (
        ("/v1/ivrs", ivr),
        ("/v1/api-keys", {"name": "CRM", "permissions": ["gerenciar-relatorio", "gerenciar-atendimento"]}),
        ("/v1/screens", {"name": "Sala 2"}),
        ("/v1/webhooks", {"url": "https://crm.empresa.example/atende", "events": ["interaction.answered", "interaction.hung_up"]}),
        ("/v1/agents", {"agent": self["name"], "user_id": self["id"]}),
    ):
        center.ask("POST", path, body)
    center.enter(center.ask("POST", "/v1/users", colleague)["result"]["token"])


_MESSAGES = {
    "welcome": "Bem-vindo à Central.",
    "closed": "Atendemos de segunda a sexta, das oito às dezoito horas.",
    "invalid": "Opção inválida.",
}
