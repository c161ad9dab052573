"""Integrations that send the commands of four centers to a deployment's APIs over HTTP: each under its own key, again until it is acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
import msgspec

from api.access_tokens import Tokens
from bootstrap import Held, hold, reach
from cli.company import caller, known_or_new
from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.handler_context import Caller, Command, Receipt
from commands.interactions import (
    AbandonCall,
    AnnounceOutOfHours,
    AnswerCall,
    AnswerDial,
    ChooseOption,
    DialOut,
    EndCall,
    EnterIvr,
    FailDial,
    HoldCall,
    LeaveByKey,
    LeaveIvr,
    MeasureQuality,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    RingAgent,
    RingNoAnswer,
    StartCall,
    TimeOutCall,
    WithdrawCall,
    WrapUp,
)
from commands.users import AppointAdministrator
from domain.access import ACT_FOR_OTHERS
from domain.ids import interaction_id
from settings import Settings, read
from simulator.speaking import PERMISSIONS
from store.clock import SystemClock
from store.event_store import Store
from tests.kit.distributed import Deployment
from tests.kit.killed_center import commands, end_of, figures_of, setting_up
from tests.kit.loads import alongside
from tests.kit.waiting import within

COMPANIES = ("Norte", "Sul", "Leste", "Oeste")
HOURS = 10
"""A working day: more commands than a test sends."""

PATIENCE_S = 120.0
_PAUSE_S = 0.06
_AT_ONCE = 500

_STEPS: dict[type[Command], str] = {
    EnterIvr: "ivr/enter", ChooseOption: "ivr/option", AnnounceOutOfHours: "ivr/out-of-hours", LeaveIvr: "ivr/leave", OfferCall: "offer",
    RingAgent: "ring", RingNoAnswer: "ring-no-answer", AnswerCall: "answer", HoldCall: "hold", ResumeCall: "resume", ReleaseCall: "release",
    AbandonCall: "abandon", TimeOutCall: "time-out", LeaveByKey: "leave-by-key", WithdrawCall: "withdraw", AnswerDial: "dial-answered",
    FailDial: "dial-failed", EndCall: "end", WrapUp: "wrap-up", MeasureQuality: "quality",
}  # fmt: skip
_ROUTES: dict[type[Command], str] = {
    LogIn: "agents/log-in", LogOut: "agents/log-out", PauseAgent: "agents/pause", ResumeAgent: "agents/resume",
    StartCall: "interactions", DialOut: "interactions/dial",
    **{kind: f"interactions/{{interaction}}/{step}" for kind, step in _STEPS.items()},
}  # fmt: skip


def _has_route(command: Command) -> bool:
    # Only sources report that a call was passed on.
    return type(command) in _ROUTES and not (isinstance(command, ReleaseCall) and command.by == "transfer")


def _sendable(company: str, tenant: UUID) -> list[Command]:
    """The commands of a center, without those of calls that HTTP cannot express in full."""
    every = commands(company, HOURS)
    left_out = {_call(command, tenant) for command in every if not _has_route(command)}
    return [command for command in every if _call(command, tenant) not in left_out]


def _call(command: Command, tenant: UUID) -> UUID | None:
    """The call of a command; None for a command about an agent."""
    values = msgspec.structs.asdict(command)
    return values.get("interaction") or (interaction_id(tenant, values["call"]) if "call" in values else None)


def _request(command: Command) -> tuple[str, dict[str, Any]]:
    """The path and the body of a command's request."""
    body = msgspec.structs.asdict(command)
    path = _ROUTES[type(command)].format(interaction=body.pop("interaction", ""))
    body["at"] = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=body["at"])).isoformat()
    return f"/v1/{path}", body


class Client:
    """The client of one company, which sends one command after the other. acknowledged: its receipts, in order; in_doubt: requests without a response."""

    def __init__(self, deployment: Deployment, company: str, who: Caller, user: UUID) -> None:
        self.company = company
        self.commands = _sendable(company, who.tenant)
        self.acknowledged: list[Receipt] = []
        self.in_doubt = 0
        self._deployment = deployment
        self._who = replace(who, permissions=PERMISSIONS)
        self._user = user
        self._chance = Random(company)
        self._tokens = Tokens(deployment.env["ATENDE_TOKEN_SECRET"], SystemClock().now_us)
        self._url = ""

    def observe(self, ending: threading.Event) -> None:
        """Send commands until `ending`; now and then repeat an acknowledged one, which changes nothing."""
        with httpx.Client(timeout=30) as http:
            while not ending.wait(self._chance.random() * 2 * _PAUSE_S):
                if len(self.acknowledged) == len(self.commands) or (self.acknowledged and self._chance.random() < 0.05):
                    number = self._chance.randrange(len(self.acknowledged))
                    assert self._send(http, number) == self.acknowledged[number]
                else:
                    self.acknowledged.append(self._send(http, len(self.acknowledged)))

    def _send(self, http: httpx.Client, number: int) -> Receipt:
        receipts: list[Receipt] = []
        within(lambda: receipts.extend(self._answer(http, number)) or bool(receipts), PATIENCE_S)
        return receipts[0]

    def _answer(self, http: httpx.Client, number: int) -> list[Receipt]:
        """The receipt, if this request succeeds; else the next one goes to another API."""
        path, body = _request(self.commands[number])
        token = self._tokens.write(self._user, self._who.tenant, self._who.permissions | {ACT_FOR_OTHERS}, "admin")
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(number)}
        try:
            answer = http.post(f"{self._url}{path}", json=body, headers=headers) if self._url else None
        except httpx.TransportError as error:
            self.in_doubt += not isinstance(error, httpx.ConnectError)
            answer = None
        if answer is None or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self._url = self._chance.choice(self._deployment.urls_of_apis() or [""])
            return []
        assert answer.is_success, answer.text
        return [msgspec.json.decode(answer.content, type=Receipt)]

    def again(self, deployment: Deployment) -> list[Any]:
        """The answers of another process to all acknowledged commands, sent under the same keys."""
        requests = [
            (command, replace(self._who, actor=f"user:{self._user}", idempotency_key=str(number)))
            for number, command in enumerate(self.commands[: len(self.acknowledged)])
        ]
        return [
            answer
            for first in range(0, len(requests), _AT_ONCE)
            for answer in deployment.bus.execute_all(requests[first : first + _AT_ONCE])
        ]


class Clients:
    """All clients of a deployment; they keep their receipts from one `at_work` to the next."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        with self._reached() as held:
            self.clients = [Client(deployment, company, *_set_up(held, company)) for company in COMPANIES]

    @contextmanager
    def _reached(self) -> Iterator[Held]:
        with reach(self._deployment.folder / "none", read(self._deployment.settings)) as held:
            yield held

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The clients send commands meanwhile."""
        with alongside(*(client.observe for client in self.clients)):
            yield

    @property
    def acknowledged(self) -> int:
        """How many commands were acknowledged."""
        return sum(len(client.acknowledged) for client in self.clients)

    @property
    def in_doubt(self) -> int:
        """How many requests got no response."""
        return sum(client.in_doubt for client in self.clients)

    def check(self) -> None:
        """Check that every acknowledged command is in the log, once, and that the figures equal those of an undisturbed center."""
        log = {event.position: (UUID(bytes=event.id), event.version) for event in self._deployment.events()}
        for client in self.clients:
            assert [log[receipt.position] for receipt in client.acknowledged] == [
                (receipt.id, receipt.version) for receipt in client.acknowledged
            ]
            assert [msgspec.structs.astuple(receipt) for receipt in client.again(self._deployment)] == [
                msgspec.structs.astuple(receipt) for receipt in client.acknowledged
            ]
        with TemporaryDirectory() as directory, self._reached() as held, hold(Path(directory, "twin"), Settings()) as twin:
            for client in self.clients:
                who, _ = _set_up(twin, client.company)
                twin.center.bus.execute_all([(command, who) for command in client.commands[: len(client.acknowledged)]])
                assert _happened(self._deployment.store, who.tenant) == _happened(twin.center.store, who.tenant)
            for company in COMPANIES:
                assert figures_of(held, company, end_of(HOURS)) == figures_of(twin, company, end_of(HOURS))


def _set_up(held: Held, company: str) -> tuple[Caller, UUID]:
    """Make the company with its queues and IVRs, if it is missing; a caller without HTTP, and the user who calls by HTTP."""
    who = caller(known_or_new(held.center, company))
    held.center.bus.execute_all([(command, who) for command in setting_up()])
    return who, held.center.bus.execute(AppointAdministrator(email="ana@empresa.example"), who).id


def _happened(store: Store, tenant: UUID) -> list[tuple[int, str]]:
    """The version and the name of each event of a company."""
    mark = f'"tenant":"{tenant}"'.encode()
    return [(event.version, event.topic) for event in store.recorder.events_after(0, 10**6) if mark in event.state]
