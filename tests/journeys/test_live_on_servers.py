"""Answers of a deployment on servers have what just happened, before its rows are written, and stay the same for ever."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import httpx

from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from domain.base import SECOND
from domain.ids import company_id
from simulator.center import sleepless_center
from simulator.story import Story
from store.clock import SystemClock
from tests.kit.distributed import Deployment, distributed
from tests.kit.http import PASSWORD, operator
from tests.kit.waiting import within

EMAIL = "ana@empresa.example"
QUESTIONS = (
    "/v1/monitoring?queue=Vendas&queue=Suporte",
    "/v1/monitoring?",
    "/v1/dashboards/inbound?from=2020-01-01",
    "/v1/dashboards/ivr?from=2020-01-01",
    "/v1/reports/agents?from=2020-01-01",
)
AT_ONCE_S = 10.0
"""A deadline for a machine that is busy with other work; the bench measures how long it takes."""


class Reader:
    """A client of one API of the deployment."""

    def __init__(self, url: str) -> None:
        self.url = url
        answer = httpx.post(f"{url}/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}, timeout=30)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}{path}", headers=self.headers, timeout=30).raise_for_status().json()
        return found


def test_answers_have_what_just_happened_while_workers_stand_still_or_die_and_never_change(tmp_path: Path) -> None:
    chance = Random(5)
    with distributed(tmp_path, workers=2, apis=1) as deployment:
        api = deployment.apis[0]
        url = deployment.url_of_api(api)
        story = _story(deployment)
        reader = Reader(url)
        seen: list[tuple[str, int, dict[str, Any]]] = []
        instant = SystemClock().now_us() - 7_200 * SECOND
        for disturbance in ("none", "paused", "killed", "api killed", "none"):
            _disturb(deployment, disturbance)
            if disturbance == "api killed":
                api.kill()
                api = deployment.api()
                reader = Reader(deployment.url_of_api(api))
            instant += chance.randrange(300, 1_200) * SECOND
            story.tell_until(instant)
            head = deployment.store.head()
            within(lambda reader=reader, head=head: reader.get("/v1/monitoring")["as_of"] >= head, AT_ONCE_S)  # type: ignore[misc]
            for question in chance.sample(QUESTIONS, 3):
                answer = reader.get(question)
                assert answer["as_of"] >= head
                seen.append((question, answer["as_of"], answer))
        for worker in deployment.workers:
            worker.go_on() if worker.runs else worker.start()
        deployment.wait_covered()
        assert len({position for _, position, _ in seen}) >= 4
        for question, position, answer in seen:
            assert reader.get(f"{question}&as_of={position}") == answer, question


def _story(deployment: Deployment) -> Story:
    """A simulated center that goes on as far as a test wants, of the company that the API has made; it gets an administrator."""
    token = deployment.bus.execute(AppointAdministrator(email=EMAIL), operator("Empresa")).result["token"]
    deployment.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator("Empresa"))
    start = SystemClock().now_us() - 7_200 * SECOND
    story = Story(deployment.bus, company_id("Empresa"), sleepless_center(0.3), seed=3, start_us=start)
    story.set_up()
    return story


def _disturb(deployment: Deployment, what: str) -> None:
    if what == "paused":
        for worker in deployment.workers:
            worker.pause()
    elif what == "killed":
        for worker in deployment.workers:
            worker.go_on()
            worker.kill()
