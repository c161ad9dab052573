from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.console import Mistake
from cli.instants import instant, position_or_instant, zone

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
    assert instant(text, SAO_PAULO) == round(expected.timestamp() * 1000)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-23T25:00", "23/11/2026", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_is_a_mistake(text: str) -> None:
    with pytest.raises(Mistake, match="neither a date nor an instant"):
        instant(text, SAO_PAULO)


def test_digits_are_a_position_and_all_else_an_instant() -> None:
    assert position_or_instant("812", SAO_PAULO) == (812, None)
    assert position_or_instant("0", SAO_PAULO) == (0, None)
    assert position_or_instant("2026-11-23", SAO_PAULO) == (None, instant("2026-11-23", SAO_PAULO))


def test_a_zone_is_known_by_its_iana_name() -> None:
    assert zone("America/Manaus").key == "America/Manaus"
    for wrong in ("Brasilia", "", "/etc/passwd", "../UTC"):
        with pytest.raises(Mistake, match="is not a time zone"):
            zone(wrong)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))
def test_whatever_the_offset_it_is_the_same_instant(moment: datetime) -> None:
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // timedelta(milliseconds=1)
    assert instant(moment.isoformat(), SAO_PAULO) == milliseconds
