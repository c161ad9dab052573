"""The engine in the process: one directory, one process, rows that stay."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.warehouse import WarehouseError, WarehouseHeld
from tests.contracts.warehouse import TABLE, TENANT, THINGS, put


def test_rows_are_there_again_after_closing(tmp_path: Path) -> None:
    first = ChdbWarehouse(tmp_path / "rows")
    first.execute(TABLE)
    put(first, {"name": "kept"})
    first.close()
    first.close()
    with pytest.raises(WarehouseError, match="closed"):
        first.query(THINGS, TENANT)
    second = ChdbWarehouse(tmp_path / "rows")
    assert [row["name"] for row in second.query(THINGS, TENANT)] == ["kept"]
    second.close()


def test_a_question_that_takes_long_is_given_up_when_it_is_closed(tmp_path: Path) -> None:
    engine = ChdbWarehouse(tmp_path / "rows")
    with ThreadPoolExecutor() as threads:
        endless = threads.submit(engine.for_small_queries.execute, "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1")
        while not engine.execute(
            "SELECT 1 AS runs FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%processes%'"
        ):
            assert not endless.done()
        engine.close()
        with pytest.raises(WarehouseError):
            endless.result(timeout=30)


def test_one_directory_and_one_process_at_a_time(tmp_path: Path) -> None:
    engine = ChdbWarehouse(tmp_path / "rows")
    with pytest.raises(WarehouseHeld):
        ChdbWarehouse(tmp_path / "other")
    code = f"from pathlib import Path; from projections.engine.chdb_warehouse import ChdbWarehouse; ChdbWarehouse(Path({str(engine.directory)!r}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    engine.close()
    assert other.returncode != 0
    assert "WarehouseHeld" in other.stderr
