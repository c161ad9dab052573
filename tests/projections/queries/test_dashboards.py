"""A dashboard of a day is computed between two writes of rows; a longer one does not hold them up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import pytest

from domain.access import WHOLE_COMPANY
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse
from projections.figures.question import Question
from projections.queries.dashboards import inbound, ivr, outbound

DAY_MS = 86_400_000


class Steady:
    """Answers nothing, and notes whether it was asked for a brief answer."""

    position = 5
    brief: bool | None = None

    def steady(self, ask: Callable[[int | None], Any], *, brief: bool = False) -> tuple[Any, int]:
        self.brief = brief
        return {}, self.position


@pytest.mark.parametrize("dashboard", [inbound, outbound, ivr])
@pytest.mark.parametrize(("days", "is_brief"), [(1, True), (7, False), (None, False)])
def test_a_dashboard_of_a_day_waits_for_the_writing_of_rows_and_a_longer_one_does_not(
    dashboard: Callable[..., Any], days: int | None, is_brief: bool
) -> None:
    progress = Steady()
    until = None if days is None else days * DAY_MS
    dashboard(CompanyRows(cast(Warehouse, None), UUID(int=1), WHOLE_COMPANY, progress), Question(by="hour", since_ms=0, until_ms=until))
    assert progress.brief is is_brief
