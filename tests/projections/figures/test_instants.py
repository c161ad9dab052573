from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from projections.figures.instants import instant

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23", "2026-11-23T03:00:00+00:00"),
        ("2026-11-23T14:30", "2026-11-23T17:30:00+00:00"),
        ("2026-11-23 14:30:00", "2026-11-23T17:30:00+00:00"),
        ("2026-11-23T14:30:00Z", "2026-11-23T14:30:00+00:00"),
        ("2026-11-23T14:30:00-04:00", "2026-11-23T18:30:00+00:00"),
        ("2026-11-23T14:30:00.123999-03:00", "2026-11-23T17:30:00.123+00:00"),
        # daylight saving began at midnight of that day: the day's first instant is 01:00 there
        ("2018-11-04", "2018-11-04T03:00:00+00:00"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999+00:00"),
    ],
)
def test_an_instant_is_read_in_its_own_zone_or_the_given_one(text: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc)
    assert instant("from", text, SAO_PAULO) == round(expected.timestamp() * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-11-23T25:00",
        "23/11/2026",
        "20261123",
        "1795400000000",
        "20261123T143000Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_instant_is_an_invalid_field(text: str) -> None:
    with pytest.raises(InvalidField, match="neither a date nor an instant") as refused:
        instant("from", text, SAO_PAULO)
    assert refused.value.field == "from"


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))
def test_whatever_the_offset_it_is_the_same_instant(moment: datetime) -> None:
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // timedelta(milliseconds=1)
    assert instant("from", moment.isoformat(), SAO_PAULO) == milliseconds
