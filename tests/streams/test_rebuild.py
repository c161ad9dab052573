"""All rows made anew from Kafka while workers write and commands come: nobody's figures are lost, and no wrong ones stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.companies import RegisterCompany
from commands.queues import ChangeQueueSettings, RegisterQueue
from domain.ids import company_id, queue_id
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.progress import ProjectionsStopped
from projections.engine.writing import positions_of
from store.postgres_lock import ServerLock
from streams import swap as swapping
from streams.rebuild import RebuildTarget, rebuild
from streams.swap import LOCK, Busy
from streams.write_lock import ROWS
from tests.kit.distributed import Deployment, distributed
from tests.kit.http import operator
from tests.kit.loads import Load, twin
from tests.kit.rows import Killed, cut_off, everything
from tests.kit.waiting import within


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with distributed(tmp_path_factory.mktemp("deployment"), workers=2) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def load(deployment: Deployment) -> Load:
    load = Load(deployment, 5)
    load.observe(1_500)
    deployment.wait_covered()
    return load


def _rows(deployment: Deployment) -> RebuildTarget:
    return RebuildTarget(deployment.location, deployment.clickhouse_url, deployment.kafka, deployment.prefix, processes=2)


def _beside(deployment: Deployment) -> set[str]:
    """What a rebuild has left."""
    live = deployment.warehouse.database
    return {row["name"] for row in deployment.warehouse.execute("SHOW DATABASES")} & {f"{live}_next", f"{live}_old"}


def _wrong(deployment: Deployment) -> None:
    """Let the rows say what never was."""
    deployment.warehouse.execute("TRUNCATE TABLE visits")
    deployment.warehouse.execute(
        "INSERT INTO agents SELECT tenant, id, 99999, position, removed, 'Wrong', person, member, queues, user, interfaces FROM agents FINAL"
    )


def test_rows_that_were_wrong_are_right_afterwards(deployment: Deployment) -> None:
    right = everything(deployment.warehouse)
    _wrong(deployment)
    assert everything(deployment.warehouse) != right
    heard: list[tuple[int, int]] = []
    assert rebuild(_rows(deployment), lambda done, of: heard.append((done, of))) == deployment.store.head()
    assert everything(deployment.warehouse) == right == twin(deployment)
    done, of = heard[-1]
    assert done == of
    assert _beside(deployment) == set()


def test_commands_and_workers_go_on_meanwhile(deployment: Deployment, load: Load) -> None:
    _wrong(deployment)
    before = deployment.store.head()
    with load.going_on(events=8):
        for _ in range(2):
            rebuild(_rows(deployment))
    deployment.wait_covered()
    assert deployment.store.head() > before
    assert everything(deployment.warehouse) == twin(deployment)


def test_the_command_line_rebuilds(deployment: Deployment) -> None:
    right = everything(deployment.warehouse)
    _wrong(deployment)
    ran = deployment.run("rebuild")
    assert ran.stdout == f"rebuilt up to position {deployment.store.head()}\n"
    assert everything(deployment.warehouse) == right


def test_workers_go_on_from_the_new_rows(deployment: Deployment) -> None:
    """Not from the old ones, which they have in memory."""
    tenant, who = company_id("Empresa"), operator("Empresa")

    def change(sla_ms: int) -> bool:
        """Whether the rows are right when the queue promises something else."""
        deployment.bus.execute(ChangeQueueSettings(queue=queue_id(tenant, "vendas"), sla_ms=sla_ms), who)
        deployment.wait_covered()
        return everything(deployment.warehouse, tenant=tenant) == twin(deployment, tenant)

    deployment.bus.execute(RegisterCompany(name="Empresa"), who)
    deployment.bus.execute(RegisterQueue(name="vendas"), who)
    deployment.wait_covered()
    for worker in deployment.workers:
        assert worker.stop() == 0
    deployment.warehouse.execute(
        "INSERT INTO queues SELECT tenant, id, version, position, removed, owner, 'Wrong', spelling, sla_target, sla_ms, tolerated_ms, sla_profile, internal_number, agents, "
        "active FROM queues FINAL WHERE name = 'vendas'"
    )
    for worker in deployment.workers:
        worker.start()
    deployment.wait_share(deployment.workers)
    assert not change(1_000)
    rebuild(_rows(deployment))
    assert change(2_000)


def _cut_off(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    """ClickHouse dies while the new rows are put in place: so many of the moves were made."""
    with monkeypatch.context() as patch:
        patch.setattr(ClickhouseWarehouse, "execute", cut_off(ClickhouseWarehouse.execute, moves))
        with pytest.raises(Killed):
            rebuild(_rows(deployment))
    assert _beside(deployment)


@pytest.mark.parametrize("moves", [0, 9, -1])
def test_migrate_finishes_a_swap_that_was_cut_off(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    right = everything(deployment.warehouse)
    _wrong(deployment)
    _cut_off(deployment, monkeypatch, moves)
    deployment.run("migrate")
    assert (everything(deployment.warehouse), _beside(deployment)) == (right, set())


@pytest.mark.parametrize("moves", [8, 9])
def test_what_workers_wrote_since_a_swap_was_cut_off_stays(
    deployment: Deployment, load: Load, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """After an even number of moves every table is there, after an odd one they cannot go on before it is again."""
    _cut_off(deployment, monkeypatch, moves)
    load.observe(300)
    if moves % 2 == 0:
        deployment.wait_covered()
    deployment.run("migrate")
    deployment.wait_covered()
    assert everything(deployment.warehouse) == twin(deployment)
    assert _beside(deployment) == set()


def test_a_rebuild_that_is_at_work_is_left_alone_by_migrate(deployment: Deployment) -> None:
    with ServerLock(deployment.store_url, LOCK) as other:
        assert other.take(1)
        deployment.warehouse.execute(f"CREATE DATABASE {deployment.warehouse.database}_next")
        deployment.run("migrate")
        assert _beside(deployment)
    deployment.run("migrate")
    assert _beside(deployment) == set()


def test_where_kafka_has_lost_events_the_old_rows_stay(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    right, reached = everything(deployment.warehouse), positions_of(deployment.warehouse)
    head = deployment.store.head()
    monkeypatch.setattr("streams.relay_progress.RelayProgress.position", lambda _: head + 1)
    with pytest.raises(ProjectionsStopped, match=f"Kafka has {head} of the {head + 1} events"):
        rebuild(_rows(deployment))
    assert (everything(deployment.warehouse), positions_of(deployment.warehouse)) == (right, reached)


def test_one_rebuild_at_a_time(deployment: Deployment) -> None:
    with ServerLock(deployment.store_url, LOCK) as other:
        assert other.take(1)
        with pytest.raises(Busy, match="already"):
            rebuild(_rows(deployment))


def test_workers_that_do_not_rest_keep_their_rows(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swapping, "_TURN_S", 0.1)
    right = everything(deployment.warehouse)
    with ServerLock(deployment.store_url, ROWS) as writing:
        assert writing.take(1, shared=True)
        with pytest.raises(Busy, match="the old rows stay"):
            rebuild(_rows(deployment))
    assert everything(deployment.warehouse) == right


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _killed(deployment: Deployment) -> None:
    """A rebuild is killed in the middle of it; the processes that fold for it end too."""
    process = deployment.start("rebuild")
    within(lambda: f"{deployment.warehouse.database}_next" in _beside(deployment) or not process.runs)
    folding = _children(process.pid) if process.runs else []
    process.kill()
    within(lambda: not any(Path(f"/proc/{child}").exists() for child in folding))


def test_a_rebuild_that_is_killed_leaves_the_old_rows_and_no_process(deployment: Deployment) -> None:
    right = everything(deployment.warehouse)
    for _ in range(2):
        _killed(deployment)
        assert everything(deployment.warehouse) == right
    rebuild(_rows(deployment))
    assert (everything(deployment.warehouse), _beside(deployment)) == (right, set())
