"""`make up` with the real processes of Atende: when it returns, both APIs are ready and show the same data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.deployment import FOLDER, down, up
from tests.journeys.command_line import Quick
from tests.journeys.conftest import RUN_B
from tests.kit.distributed import distributed
from tests.kit.http import PASSWORD


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Path]:
    """A directory as `make services` leaves it, with the settings of a deployment without processes."""
    with distributed(tmp_path, relays=0, workers=0) as deployment:
        directory = tmp_path / "services"
        directory.mkdir()
        (directory / "env").write_text("".join(f"{name}={value}\n" for name, value in deployment.settings.items()))
        yield directory
        down(directory, lambda _: None)


def test_a_started_deployment_is_ready_and_works(services: Path) -> None:
    printed: list[str] = []
    up(services, printed.append)
    assert [line.split()[0] for line in printed] == ["api-1", "api-2", "relay", "processes", "worker-1", "worker-2"]
    settings = dict(line.split("=", 1) for line in (services / "env").read_text().splitlines())
    atende = Quick(services / "none", {**settings, "ATENDE_DATA": str(services / "none")})
    assert atende("import", "ami", RUN_B / "ami.timed.jsonl.gz", "--json").json["calls"] == 74
    end = int(atende("verify").out.split()[0])
    urls = (services / FOLDER / "urls").read_text().split()
    for url in urls:
        ready = httpx.get(f"{url}/readyz", timeout=30)
        assert ready.json()["status"] == "ready"
        assert ready.json()["position"] == end
    _an_administrator_logs_in(atende, *urls)
    down(services, printed.append)
    assert printed[-6:] == [f"{name} has ended" for name in ("api-1", "api-2", "relay", "processes", "worker-1", "worker-2")]


def _an_administrator_logs_in(atende: Quick, first: str, second: str) -> None:
    """With the link of the command line: the password is set at one API and used at the other."""
    email = "ana@empresa.example"
    atende.settings["ATENDE_PUBLIC_URL"] = "https://atende.example.com"
    link, _, token = atende("admin", email).out.strip().partition("#")
    assert link == "https://atende.example.com/first-access"
    assert httpx.post(f"{first}/v1/auth/password", json={"token": token, "password": PASSWORD}, timeout=30).status_code == 204
    login = httpx.post(f"{second}/v1/auth/login", json={"email": email, "password": PASSWORD}, timeout=30)
    assert login.status_code == 200, login.text
    bearer = {"Authorization": f"Bearer {login.json()['access_token']}"}
    queues = [httpx.get(f"{url}/v1/queues", headers=bearer, timeout=30).json()["items"] for url in (first, second)]
    assert queues[0] == queues[1]
    assert {row["name"] for row in queues[0]} == {"cobranca", "suporte", "vendas"}
