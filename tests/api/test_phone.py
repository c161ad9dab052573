"""The phone in the browser over HTTP: a credential for those whose company has an Asterisk that takes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.response_headers import CONTENT_SECURITY_POLICY
from settings import Asterisk
from tests.api.test_auth import problem_of

SOCKET = "wss://pbx.example.com:8089/ws"


@pytest.fixture
def offered(center):
    """The center's oldest company has an Asterisk for phones in the browser."""
    center._settings = replace(center._settings, asterisks=(Asterisk("pbx", "u", "s", phone=SOCKET),))


def test_the_session_is_a_credential_for_the_agents_telephone(offered, ana):
    ana.post("/v1/agents", {"agent": "Ana", "user_id": ana.tokens["user_id"]})
    opened = ana.post("/v1/phone/session", {"agent": "Ana"}).json()
    assert opened["websocket_url"] == SOCKET
    assert opened["uri"] == f"sip:{opened['username']}@pbx.example.com"
    renewed = ana.post("/v1/phone/session", {"agent": "Ana", "session": opened["session"]}).json()
    assert renewed | {"expires_at": ""} == opened | {"expires_at": ""}
    assert ana.ask("DELETE", f"/v1/phone/session?agent=Ana&session={opened['session']}").status_code == 200
    problem_of(ana.post("/v1/phone/session", {"agent": "Ana", "session": opened["session"]}), 409, "phone-session-ended")


def test_a_company_without_such_an_asterisk_is_told_so(ana):
    ana.post("/v1/agents", {"agent": "Ana", "user_id": ana.tokens["user_id"]})
    problem_of(ana.post("/v1/phone/session", {"agent": "Ana"}), 409, "phone-not-offered")
    chosen = ana.ask("PUT", "/v1/phone/interface", json={"agent": "Ana", "interface": "PJSIP/1001"}).json()
    assert chosen["result"]["interfaces"] == ["PJSIP/1001"]


def test_a_page_may_connect_to_the_asterisk_once_its_browser_has_had_a_phone_there_and_nobody_else_reads_the_address(offered, center, ana):
    ana.post("/v1/agents", {"agent": "Ana", "user_id": ana.tokens["user_id"]})

    def policy(cookie="", path="/atender"):
        return ana.client.get(path, headers={"Cookie": cookie}).headers["content-security-policy"]

    opened = ana.post("/v1/phone/session", {"agent": "Ana"})
    assert "HttpOnly" in opened.headers["set-cookie"]
    cookie = opened.headers["set-cookie"].partition(";")[0]
    name, _, value = cookie.partition("=")
    assert policy(cookie).endswith(f"; connect-src 'self' {SOCKET}")
    signed, _, signature = value.strip('"').partition(".")
    forged = (f"{name}={signed}.{'0' * len(signature)}", f"{name}={signed}", f"{name}=%ff.x", f"{name}=", f"other={value}")
    # Every asker without the cookie, and every answer of the API.
    for answer in (*map(policy, forged), policy(), policy(path="/"), policy(path="/docs"), policy(cookie, "/v1/me")):
        assert answer == CONTENT_SECURITY_POLICY
    center._settings = replace(center._settings, asterisks=(Asterisk("pbx", "u", "s", phone="wss://other.example.com/ws"),))
    assert policy(cookie) == CONTENT_SECURITY_POLICY


def test_an_agent_chooses_only_telephones_that_the_setting_of_the_companys_asterisk_gives(center, ana, log_in):
    bruno = log_in(email="bruno@empresa.example", permissions=("gerenciar-atendimento",))
    center._settings = replace(
        center._settings,
        asterisks=(Asterisk("pbx", "u", "s", phones=("PJSIP/10*",)), Asterisk("pbx2", "u", "s", company="Other", phones=("*",))),
    )
    ana.post("/v1/agents", {"agent": "Bruno", "user_id": bruno.tokens["user_id"]})
    for interface, code in (("PJSIP/1001", ""), ("PJSIP/2001", "telephone-not-given")):
        answer = bruno.ask("PUT", "/v1/phone/interface", json={"agent": "Bruno", "interface": interface})
        if code:
            problem_of(answer, 403, code)
        else:
            assert answer.json()["result"]["interfaces"] == [interface]
