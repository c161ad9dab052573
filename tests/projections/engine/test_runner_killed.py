"""A kill at any moment changes nothing: not of the rows that follow the log, not of those that are built anew."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.folding import Folding
from projections.engine.rebuild import open_rows
from projections.engine.runner import Runner
from projections.engine.writing import position_of, write
from tests.kit import projecting
from tests.kit.killed import killed
from tests.kit.rows import everything


def kill_again_and_again(directory: Path, times: int) -> None:
    log = projecting.log()
    chance = Random(times)
    acknowledged = 0
    for seed in range(times):
        lines = killed("tests.kit.projecting", directory / "rows", seed, least=1, most=chance.choice([2, 4] if seed % 2 else [3, 25]))
        acknowledged = max([acknowledged, *(int(line.split()[1]) for line in lines if line.startswith("at"))])

    warehouse = ChdbWarehouse(directory / "rows")
    try:
        open_rows(warehouse)
        assert position_of(warehouse) >= acknowledged > 0
        runner = Runner(log, warehouse)
        runner.run_until(log.head)
        runner.close()
        followed = everything(warehouse), everything(warehouse, as_of=log.head // 2)
        once = warehouse.beside("once")
        open_rows(once)
        write(once, Folding(once).fold(log.events))
        assert followed == (everything(once), everything(once, as_of=log.head // 2))
        assert {row["name"] for row in warehouse.execute("SHOW DATABASES")} & {"atende_next", "atende_old"} == set()
    finally:
        warehouse.close()


def test_rows_survive_kills(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 6)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_rows_survive_many_kills(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 60)
