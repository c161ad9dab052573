"""Workers as processes: what they make of the log is what the in-process runner makes of it, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from domain.base import SECOND
from domain.ids import company_id
from migrations.runner import migrate
from projections.folding import Folding
from projections.writing import write
from simulator.center import busy_center
from simulator.story import Story
from tests.kit.distributed import House, distributed
from tests.kit.pasts import OPENS
from tests.kit.rows import everything

COMPANY = "Empresa"
TENANT = company_id(COMPANY)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with distributed(tmp_path_factory.mktemp("house"), workers=2) as made:
        yield made


def twin(house: House, tenant: UUID = TENANT) -> dict[str, list[dict[str, Any]]]:
    """The rows as one process makes them that nobody disturbs."""
    beside = house.warehouse.beside(f"{house.warehouse.database}_twin")
    migrate(beside)
    write(beside, Folding(beside).fold(house.events()))
    try:
        return everything(beside, tenant=tenant)
    finally:
        beside.close()
        house.warehouse.execute(f"DROP DATABASE {house.warehouse.database}_twin")


def told(house: House, hours: float, seed: int = 3) -> Story:
    """Let some hours of a simulated center be told."""
    start = int(OPENS.timestamp()) * SECOND
    story = Story(house.door, TENANT, busy_center(0.3), seed=seed, start_us=start)
    story.set_up()
    story.tell_until(start + int(hours * 3600) * SECOND)
    return story


def test_rows_by_workers_are_those_of_one_process(house: House) -> None:
    house.wait_share(house.workers)
    told(house, 2)
    house.wait_covered()
    assert everything(house.warehouse, tenant=TENANT) == twin(house)
