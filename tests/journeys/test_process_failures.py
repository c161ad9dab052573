"""`atende processes failed|retry`: beside whoever runs the process managers and without, in a directory and on servers."""

from __future__ import annotations

from pathlib import Path

from bootstrap import hold
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.command_bus import CommandBus
from commands.companies import RegisterCompany
from commands.handler_context import Caller
from domain.access import PERMISSIONS
from domain.ids import company_id
from processes.execution import TRIES
from settings import Settings
from store.storage_location import InDirectory, StorageLocation
from tests.journeys.command_line import CommandLine
from tests.kit.distributed import distributed
from tests.kit.stores import behind

LOGIN = LogIn(agent="Ana", lease_ms=3_600_000)


def set_aside(location: StorageLocation, *positions: int) -> None:
    """As if an older release had failed there."""
    for position in positions:
        row = ("leases", f"event {position}", position, 1_700_000_000_000_000, "KeyError at processes.leases:1", TRIES, 0, b"", "", 0, "")
        behind(location, f"INSERT INTO process_failures VALUES ({', '.join('?' * len(row))})", *row)


def listed(atende: CommandLine) -> list[tuple[int, str, int]]:
    rows = atende("processes", "failed", "--json").json
    return [(row["position"], row["event"], row["tries"]) for row in rows]


def lists_and_retries(atende: CommandLine, fails: int, succeeds: int) -> None:
    """This release can react to a login; the registration of a company is no business of leases at all."""
    assert listed(atende) == [(fails, "company.registered", TRIES), (succeeds, "agent.logged_in", TRIES)]
    assert "KeyError at processes.leases:1" in atende("processes", "failed").out
    assert atende("processes", "retry", str(succeeds)).out == f"leases {succeeds} agent.logged_in: it is done\n"
    again = atende("processes", "retry", status=1).out
    assert again.startswith(f"leases {fails} company.registered: AssertionError at processes.leases:")
    assert listed(atende) == [(fails, "company.registered", TRIES + 1)]


def test_beside_a_server_and_without_one(atende: CommandLine) -> None:
    with hold(atende.data, Settings()) as held:
        company = known_or_new(held.center, "")
        held.center.bus.execute(LOGIN, caller(company))
        end = held.center.store.end()
        held.center.settle()
    set_aside(InDirectory(atende.data), 1, end)
    with atende.serving():
        lists_and_retries(atende, 1, end)
    behind(InDirectory(atende.data), "DELETE FROM process_failures")
    set_aside(InDirectory(atende.data), 1, end)
    lists_and_retries(atende, 1, end)
    assert "there is no process manager 'lease'" in atende("processes", "retry", "--process", "lease", status=2).err
    assert "ATENDE_MODE is not distributed" in atende("processes", status=2).err


def test_beside_the_leader_and_without_one(tmp_path: Path) -> None:
    with distributed(tmp_path, relays=0, workers=0) as deployment:
        atende = CommandLine.over(deployment)
        bus = CommandBus(deployment.store)
        tenant = company_id("Empresa")
        bus.execute(RegisterCompany(name="Empresa"), Caller(tenant, "operator", frozenset(PERMISSIONS)))
        bus.execute(LOGIN, Caller(tenant, "operator", frozenset(PERMISSIONS)))
        end = deployment.store.end()
        set_aside(deployment.location, 1, end)
        leader = deployment.start("processes")
        leader.wait_says("Atende reacts")
        leader.wait_says("process begins name=leases")
        lists_and_retries(atende, 1, end)
        assert f"process retried name=leases cause=event {end}" in leader.said
        leader.stop()
        behind(deployment.location, "DELETE FROM process_failures")
        set_aside(deployment.location, 1, end)
        lists_and_retries(atende, 1, end)
