"""A supervisor opens a call from the board: what can be done there, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.web.conftest import ADMINISTRATOR, PASSWORD, PATIENT_S, Console


@pytest.fixture
def api(console: Console) -> Iterator[httpx.Client]:
    """The administrator, who has an agent of their own with a telephone."""
    with httpx.Client(base_url=console.url, timeout=PATIENT_S) as api:
        token = api.post("/v1/auth/login", json={"email": ADMINISTRATOR, "password": PASSWORD}).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        user = api.get("/v1/me").json()["id"]
        api.post("/v1/agents", json={"agent": "Carla Supervisora", "user_id": user}).raise_for_status()
        chosen = {"agent": "Carla Supervisora", "interface": "PJSIP/1702"}
        api.put("/v1/phone/interface", json=chosen).raise_for_status()
        yield api


@pytest.fixture
def talking(api: httpx.Client) -> Iterator[str]:
    """An agent who talks to a customer until the end of the test."""
    free = api.get("/v1/monitoring").json()["agents"]["available"][0]
    call = api.post("/v1/interactions", json={}).raise_for_status().json()["id"]
    api.post(f"/v1/interactions/{call}/offer", json={"queue": free["queues"][0]}).raise_for_status()
    answered = api.post(f"/v1/interactions/{call}/answer", json={"agent": free["agent"]}).raise_for_status().json()
    api.get("/v1/agents", headers={"If-Position": str(answered["position"])}).raise_for_status()
    yield free["agent"]
    for end in ("release", "end"):
        api.post(f"/v1/interactions/{call}/{end}", json={}).raise_for_status()


def test_a_call_on_the_board_is_listened_to_by_whoever_may(console: Console, talking: str) -> None:
    page = console.signed_in(path="/agentes")
    page.get_by_role("button", name=re.compile(f"^Supervisionar .*{re.escape(talking)}")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_have_text("Ninguém supervisiona daqui. Seu telefone vai tocar.")
    dialog.get_by_role("button", name="Desligar a ligação").click()
    expect(dialog.get_by_role("button", name="Desligar? Clique de novo")).to_be_visible()
    dialog.get_by_role("button", name="Escutar").click()
    expect(dialog.get_by_role("status")).to_have_text("Chamando o seu telefone: Escutar")
    expect(dialog.get_by_role("button", name="Sussurrar ao agente")).to_be_disabled()
    page.context.close()
