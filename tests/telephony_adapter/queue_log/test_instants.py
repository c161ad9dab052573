"""The `time` column of a realtime table, in every form of ISO 8601 that databases write."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from telephony_adapter.queue_log.instants import TableInstants

ZONE = ZoneInfo("America/Sao_Paulo")
HOUR_US = 3_600_000_000


@pytest.mark.parametrize("date", ["2018-02-17", "20180217", "2018-W07-6", "2018W076"])
@pytest.mark.parametrize("time", ["23:30:00", "23:30:00.250000"])
def test_an_hour_that_occurs_twice_is_known_however_the_date_is_written(date: str, time: str) -> None:
    instants = TableInstants(ZONE)
    first, _ = instants.read(f"{date} {time}")
    assert instants.again(f"{date} {time}") == first + HOUR_US


@pytest.mark.parametrize("date", ["2018-02-15", "20180215", "2018-W07-4", "2018W074"])
def test_other_hours_occur_once(date: str) -> None:
    instants = TableInstants(ZONE)
    assert instants.again(f"{date} 23:30:00") is None
    assert instants.again(f"{date} 10:00:00-03:00") is None
