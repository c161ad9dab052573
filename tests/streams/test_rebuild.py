"""All rows made anew from Kafka while workers write and commands come: nobody's figures are lost, and no wrong ones stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.queues import ChangeQueueSettings, RegisterQueue
from commands.users import RegisterCompany
from domain.ids import company_id, queue_id
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.progress import ProjectionsStopped
from projections.engine.writing import positions_of
from store.postgres_lock import ServerLock
from streams import swap as swapping
from streams.rebuild import Rows, rebuild
from streams.swap import LOCK, Busy
from streams.write_lock import ROWS
from tests.kit.distributed import House, distributed
from tests.kit.http import operator
from tests.kit.loads import Load, twin
from tests.kit.rows import Killed, cut_off, everything
from tests.kit.waiting import within


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with distributed(tmp_path_factory.mktemp("house"), workers=2) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def load(house: House) -> Load:
    load = Load(house, 5)
    load.tell(1_500)
    house.wait_covered()
    return load


def _rows(house: House) -> Rows:
    return Rows(house.place, house.clickhouse_url, house.kafka, house.prefix, processes=2)


def _beside(house: House) -> set[str]:
    """What a rebuild has left."""
    live = house.warehouse.database
    return {row["name"] for row in house.warehouse.execute("SHOW DATABASES")} & {f"{live}_next", f"{live}_old"}


def _wrong(house: House) -> None:
    """Let the rows say what never was."""
    house.warehouse.execute("TRUNCATE TABLE visits")
    house.warehouse.execute(
        "INSERT INTO agents SELECT tenant, id, 99999, position, removed, 'Wrong', person, member, queues FROM agents FINAL"
    )


def test_rows_that_were_wrong_are_right_afterwards(house: House) -> None:
    right = everything(house.warehouse)
    _wrong(house)
    assert everything(house.warehouse) != right
    heard: list[tuple[int, int]] = []
    assert rebuild(_rows(house), lambda done, of: heard.append((done, of))) == house.store.head()
    assert everything(house.warehouse) == right == twin(house)
    done, of = heard[-1]
    assert done == of
    assert _beside(house) == set()


def test_commands_and_workers_go_on_meanwhile(house: House, load: Load) -> None:
    _wrong(house)
    before = house.store.head()
    with load.going_on(events=8):
        for _ in range(2):
            rebuild(_rows(house))
    house.wait_covered()
    assert house.store.head() > before
    assert everything(house.warehouse) == twin(house)


def test_the_command_line_rebuilds(house: House) -> None:
    right = everything(house.warehouse)
    _wrong(house)
    ran = house.run("rebuild")
    assert ran.stdout == f"rebuilt up to position {house.store.head()}\n"
    assert everything(house.warehouse) == right


def test_workers_go_on_from_the_new_rows(house: House) -> None:
    """Not from the old ones, which they have in memory."""
    tenant, who = company_id("Empresa"), operator("Empresa")

    def change(sla_ms: int) -> bool:
        """Whether the rows are right when the queue promises something else."""
        house.door.execute(ChangeQueueSettings(queue=queue_id(tenant, "vendas"), sla_ms=sla_ms), who)
        house.wait_covered()
        return everything(house.warehouse, tenant=tenant) == twin(house, tenant)

    house.door.execute(RegisterCompany(name="Empresa"), who)
    house.door.execute(RegisterQueue(name="vendas"), who)
    house.wait_covered()
    for worker in house.workers:
        assert worker.stop() == 0
    house.warehouse.execute(
        "INSERT INTO queues SELECT tenant, id, version, position, removed, owner, 'Wrong', sla_target, sla_ms, tolerated_ms, profile, agents, "
        "active FROM queues FINAL WHERE name = 'vendas'"
    )
    for worker in house.workers:
        worker.start()
    house.wait_share(house.workers)
    assert not change(1_000)
    rebuild(_rows(house))
    assert change(2_000)


def _cut_off(house: House, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    """ClickHouse dies while the new rows are put in place: so many of the moves were made."""
    with monkeypatch.context() as patch:
        patch.setattr(ClickhouseWarehouse, "execute", cut_off(ClickhouseWarehouse.execute, moves))
        with pytest.raises(Killed):
            rebuild(_rows(house))
    assert _beside(house)


@pytest.mark.parametrize("moves", [0, 9, -1])
def test_migrate_finishes_a_swap_that_was_cut_off(house: House, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    right = everything(house.warehouse)
    _wrong(house)
    _cut_off(house, monkeypatch, moves)
    house.run("migrate")
    assert (everything(house.warehouse), _beside(house)) == (right, set())


@pytest.mark.parametrize("moves", [8, 9])
def test_what_workers_wrote_since_a_swap_was_cut_off_stays(house: House, load: Load, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    """After an even number of moves every table is there, after an odd one they cannot go on before it is again."""
    _cut_off(house, monkeypatch, moves)
    load.tell(300)
    if moves % 2 == 0:
        house.wait_covered()
    house.run("migrate")
    house.wait_covered()
    assert everything(house.warehouse) == twin(house)
    assert _beside(house) == set()


def test_a_rebuild_that_is_at_work_is_left_alone_by_migrate(house: House) -> None:
    with ServerLock(house.store_url, LOCK) as other:
        assert other.take(1)
        house.warehouse.execute(f"CREATE DATABASE {house.warehouse.database}_next")
        house.run("migrate")
        assert _beside(house)
    house.run("migrate")
    assert _beside(house) == set()


def test_where_kafka_has_lost_events_the_old_rows_stay(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    right, reached = everything(house.warehouse), positions_of(house.warehouse)
    head = house.store.head()
    monkeypatch.setattr("streams.relay_progress.Ledger.position", lambda _: head + 1)
    with pytest.raises(ProjectionsStopped, match=f"Kafka has {head} of the {head + 1} events"):
        rebuild(_rows(house))
    assert (everything(house.warehouse), positions_of(house.warehouse)) == (right, reached)


def test_one_rebuild_at_a_time(house: House) -> None:
    with ServerLock(house.store_url, LOCK) as other:
        assert other.take(1)
        with pytest.raises(Busy, match="already"):
            rebuild(_rows(house))


def test_workers_that_do_not_rest_keep_their_rows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swapping, "_TURN_S", 0.1)
    right = everything(house.warehouse)
    with ServerLock(house.store_url, ROWS) as writing:
        assert writing.take(1, shared=True)
        with pytest.raises(Busy, match="the old rows stay"):
            rebuild(_rows(house))
    assert everything(house.warehouse) == right


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _killed(house: House) -> None:
    """A rebuild is killed in the middle of it; the processes that fold for it end too."""
    process = house.start("rebuild")
    within(lambda: f"{house.warehouse.database}_next" in _beside(house) or not process.runs)
    folding = _children(process.pid) if process.runs else []
    process.kill()
    within(lambda: not any(Path(f"/proc/{child}").exists() for child in folding))


def test_a_rebuild_that_is_killed_leaves_the_old_rows_and_no_process(house: House) -> None:
    right = everything(house.warehouse)
    for _ in range(2):
        _killed(house)
        assert everything(house.warehouse) == right
    rebuild(_rows(house))
    assert (everything(house.warehouse), _beside(house)) == (right, set())
