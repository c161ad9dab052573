"""While somebody attacks one process with `ulimit -n` 1,024, others get their answers in 5 times the time of an idle server at most."""

from __future__ import annotations

import re
import resource
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.journeys.command_line import CommandLine
from tests.kit.attacks import ATTACKER, CLIENT, attacking, p99, worst_ratio
from tests.kit.http import PASSWORD

EMAIL = "ana@empresa.example"
DESCRIPTORS = 1_024
ALLOWED = 5


@dataclass(frozen=True)
class Attacked:
    """A server that is going to be attacked, and an access token of its administrator, whose usual address is CLIENT."""

    url: str
    token: str

    def log_in(self, address: str) -> httpx.Response:
        """Log in with the right password."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address), timeout=60) as client:
            return client.post(f"{self.url}/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})

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
    """A server with few descriptors, and its administrator."""
    atende = FewDescriptors(tmp_path_factory.mktemp("attacked") / "data")
    with atende.serving() as running:
        link = re.search(r"#(\S+)", atende("admin", EMAIL).out)
        assert link is not None
        body = {"token": link[1], "password": PASSWORD}
        assert httpx.post(f"{running.url}/v1/auth/password", json=body).status_code == 204
        answer = Attacked(running.url, "").log_in(CLIENT)
        assert answer.status_code == 200, answer.text
        yield Attacked(running.url, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("attack", "keeps_connection"), [("flood_of_bad_bodies", True), ("guesses", True), ("half_open_connections", False)]
)
def test_others_are_answered_as_usual_during(server: Attacked, attack: str, keeps_connection: bool) -> None:
    measured = partial(p99, server.url, server.command, keeps_connection=keeps_connection)

    def attacked() -> float:
        with attacking(attack, server.url, EMAIL):
            return measured()

    assert worst_ratio(measured, attacked, allowed=ALLOWED) <= ALLOWED


def test_the_owner_logs_in_from_the_usual_address_while_somebody_guesses_the_password(server: Attacked) -> None:
    with attacking("guesses", server.url, EMAIL):
        assert server.log_in(ATTACKER).status_code == 429
        answer = server.log_in(CLIENT)
        assert answer.status_code == 200, answer.text
