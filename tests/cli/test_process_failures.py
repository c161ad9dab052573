"""`processes failed` and `processes retry`, run in this process over a data directory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bootstrap import Held, hold
from cli.execution import execute
from cli.operator_commands import OperatorCommand, ProcessFailures, RetryProcesses
from commands.agents import LogIn
from commands.handler_context import Caller
from domain.access import ATTEND
from domain.base import Event
from domain.ids import agent_id
from processes.execution import TRIES
from processes.leases import Leases
from processes.manager import Decision
from settings import Settings
from tests.kit.operator_results import RecordingConsole, json_result

TENANT = uuid4()
ANA = "Ana Souza"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with hold(tmp_path / "data", Settings()) as held:
        yield held


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, held: Held) -> Iterator[pytest.MonkeyPatch]:
    """A center whose leases could not react to a login; they can when this is undone."""

    def fails(_: Leases, event: Event, state: int) -> Sequence[Decision]:
        raise ValueError(f"{ANA} {event} {state}")

    with monkeypatch.context() as patched:
        patched.setattr("processes.execution.PAUSES_S", (0.0,))
        patched.setattr(Leases, "react", fails)
        center = held.center
        center.bus.execute(LogIn(agent=ANA, lease_ms=3_600_000), Caller(TENANT, "user:test", frozenset({ATTEND})))
        center.settle()
        yield patched


def ran(held: Held, command: OperatorCommand) -> tuple[int, str, list[str]]:
    heard = RecordingConsole()
    return execute(command, held, heard), heard.result, heard.warnings


def test_what_was_set_aside_is_listed_without_personal_data(held: Held, broken: pytest.MonkeyPatch) -> None:
    (row,) = json_result(held, ProcessFailures(json=True))
    agent, version = row["id"].split(":")
    assert (row["process"], row["event"], row["tries"]) == ("leases", "agent.logged_in", TRIES)
    assert (UUID(agent), int(version)) == (agent_id(TENANT, ANA), 1)
    assert row["position"] == held.center.store.end()
    assert row["reason"].startswith("ValueError at tests.cli.test_process_failures:")
    assert row["tried_at"].endswith("+00:00")
    status, table, _ = ran(held, ProcessFailures())
    assert (status, "leases" in table, "agent.logged_in" in table) == (0, True, True)
    assert "Ana" not in table + json.dumps(row)
    assert json_result(held, ProcessFailures(process="restarts", json=True)) == []


def test_a_retry_that_fails_again_says_why_with_exit_status_1(held: Held, broken: pytest.MonkeyPatch) -> None:
    (row,) = json_result(held, ProcessFailures(json=True))
    status, said, _ = ran(held, RetryProcesses())
    assert (status, said) == (1, f"leases {row['position']} agent.logged_in: {row['reason']}\n")
    assert [row["tries"] for row in json_result(held, ProcessFailures(json=True))] == [TRIES + 1]


def test_a_retry_that_succeeds_does_what_was_left_undone_and_is_listed_no_more(held: Held, broken: pytest.MonkeyPatch) -> None:
    (row,) = json_result(held, ProcessFailures(json=True))
    broken.undo()
    assert held.center.processes.figures["leases"].timers == {}
    retry = RetryProcesses(positions=(row["position"],), process="leases")
    assert ran(held, retry) == (0, f"leases {row['position']} agent.logged_in: it is done\n", [])
    assert [key for _, key in held.center.processes.figures["leases"].timers] == [str(agent_id(TENANT, ANA))]
    assert ran(held, ProcessFailures()) == (0, "", ["no process manager has set anything aside"])


@pytest.mark.parametrize(
    ("command", "status", "warning"),
    [
        (RetryProcesses(positions=(99,)), 0, "nothing that was set aside is at 99"),
        (RetryProcesses(process="lease"), 2, "there is no process manager 'lease', only leases, phones, restarts, retention, webhooks"),
        (ProcessFailures(process="lease"), 2, "there is no process manager 'lease', only leases, phones, restarts, retention, webhooks"),
    ],
)
def test_what_is_not_there_is_said(held: Held, command: OperatorCommand, status: int, warning: str) -> None:
    assert ran(held, command) == (status, "", [warning])
