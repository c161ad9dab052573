"""A dashboard of a day is computed between two writes of rows; a longer one does not hold them up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, cast
from uuid import UUID

import pytest

from domain.access import WHOLE_COMPANY
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse
from projections.figures.question import Question
from projections.queries.dashboards import inbound, ivr, outbound

DAY_MS = 86_400_000
COMPANY = UUID(int=1)


class Steady:
    """Answers nothing, and notes whether it was asked for a brief answer."""

    position = 5
    brief: Hashable = None

    def steady(self, ask: Callable[[int | None], Any], *, brief: Hashable = None) -> tuple[Any, int]:
        self.brief = brief
        return {}, self.position


@pytest.mark.parametrize("dashboard", [inbound, outbound, ivr])
@pytest.mark.parametrize(("days", "brief"), [(1, COMPANY), (7, None), (None, None)])
def test_a_dashboard_of_a_day_waits_for_the_writing_of_rows_and_a_longer_one_does_not(
    dashboard: Callable[..., Any], days: int | None, brief: UUID | None
) -> None:
    progress = Steady()
    until = None if days is None else days * DAY_MS
    dashboard(CompanyRows(cast(Warehouse, None), COMPANY, WHOLE_COMPANY, progress), Question(by="hour", since_ms=0, until_ms=until))
    assert progress.brief == brief
