"""While somebody attacks one process with `ulimit -n` 1,024, others get their answers in 5 times the time of an idle server at most."""

from __future__ import annotations

import resource
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from bootstrap import open_center
from cli.company import caller, known_or_new
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from settings import Settings
from tests.journeys.command_line import CommandLine
from tests.kit.attacks import ATTACKER, CLIENT, attacking, p99, worst_ratio
from tests.kit.http import PASSWORD

EMAIL = "ana@empresa.example"
OF_ATTACKER = "eva@outra.example"
DESCRIPTORS = 1_024
ALLOWED = 5


@dataclass(frozen=True)
class Attacked:
    """A server that is going to be attacked, and access tokens: of an administrator, whose usual address is CLIENT, and of one of the attacker's company."""

    url: str
    token: str = ""
    of_attacker: str = ""

    def log_in(self, address: str, email: str = EMAIL) -> httpx.Response:
        """Log in with the right password."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address), timeout=60) as client:
            return client.post(f"{self.url}/v1/auth/login", json={"email": email, "password": PASSWORD})

    def command(self, client: httpx.Client) -> httpx.Response:
        """A command and what any client of the API sends otherwise."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return client.post("/v1/queues", json={"name": uuid.uuid4().hex}, headers=headers)


class FewDescriptors(CommandLine):
    """`atende` in processes with few descriptors, which they cannot raise: chDB tries."""

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        process = super().start(*words)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        return process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A server with few descriptors and two companies: one is attacked by an administrator of the other, among others."""
    directory = tmp_path_factory.mktemp("attacked") / "data"
    with open_center(directory, Settings()) as center:
        for name, email in (("Empresa", EMAIL), ("Outra", OF_ATTACKER)):
            operator = caller(known_or_new(center, name))
            token = center.bus.execute(AppointAdministrator(email=email), operator).result["token"]
            center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator)
    with FewDescriptors(directory).serving() as running:
        server = Attacked(running.url)
        answers = [server.log_in(CLIENT), server.log_in(ATTACKER, OF_ATTACKER)]
        yield Attacked(running.url, *(answer.json()["access_token"] for answer in answers))


@pytest.mark.parametrize(
    ("attack", "keeps_connection"),
    [("flood_of_bad_bodies", True), ("flood_of_bad_lists", True), ("guesses", True), ("half_open_connections", False), ("uploads", True)],
)
def test_others_are_answered_as_usual_during(server: Attacked, attack: str, keeps_connection: bool) -> None:
    measured = partial(p99, server.url, server.command, keeps_connection=keeps_connection)

    def attacked() -> float:
        with attacking(attack, server.url, EMAIL, server.of_attacker):
            return measured()

    assert worst_ratio(measured, attacked, allowed=ALLOWED) <= ALLOWED


def test_the_owner_logs_in_from_the_usual_address_while_somebody_guesses_the_password(server: Attacked) -> None:
    with attacking("guesses", server.url, EMAIL, server.of_attacker):
        assert server.log_in(ATTACKER).status_code == 429
        answer = server.log_in(CLIENT)
        assert answer.status_code == 200, answer.text
