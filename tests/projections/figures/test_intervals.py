"""Hours, days, weeks and months of Brazil's four clocks, with and without daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidField
from projections.figures.intervals import Clock, intervals, iso, moment, zone

HOUR = 3_600_000
ZONES = (
    "America/Sao_Paulo",
    "America/Manaus",
    "America/Rio_Branco",
    "America/Noronha",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Havana",
)
CLOCKS: tuple[Clock, ...] = ("half-hour", "hour", "day", "week", "month")


def at(text: str, where: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(where)).timestamp()) * 1000


def lengths(clock: Clock, since: str, until: str, where: str) -> list[int]:
    edges = intervals(clock, at(since, where), at(until, where), zone(where)).edges
    return [(after - before) // HOUR for before, after in pairwise(edges)]


def test_the_days_in_which_sao_paulo_sets_its_clock_are_23_and_25_hours_long() -> None:
    assert lengths("day", "2018-11-03", "2018-11-06", "America/Sao_Paulo") == [24, 23, 24]
    assert lengths("day", "2018-02-16", "2018-02-19", "America/Sao_Paulo") == [24, 25, 24]


def test_a_day_whose_midnight_was_skipped_starts_at_one_o_clock() -> None:
    where = zone("America/Sao_Paulo")
    edges = intervals("day", at("2018-11-04T12:00", "America/Sao_Paulo"), at("2018-11-04T13:00", "America/Sao_Paulo"), where).edges
    assert [iso(edge, where) for edge in edges] == ["2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]


def test_the_hour_lived_twice_is_two_intervals() -> None:
    where = zone("America/Sao_Paulo")
    found = intervals("hour", at("2018-02-17T22:00", "America/Sao_Paulo"), at("2018-02-18T01:00", "America/Sao_Paulo"), where)
    assert [iso(edge, where) for edge in found.edges] == [
        "2018-02-17T22:00:00-02:00",
        "2018-02-17T23:00:00-02:00",
        "2018-02-17T23:00:00-03:00",
        "2018-02-18T00:00:00-03:00",
        "2018-02-18T01:00:00-03:00",
    ]


@pytest.mark.parametrize(
    ("where", "offset"),
    [("America/Sao_Paulo", "-03:00"), ("America/Manaus", "-04:00"), ("America/Rio_Branco", "-05:00"), ("America/Noronha", "-02:00")],
)
def test_each_zone_has_its_own_midnight(where: str, offset: str) -> None:
    found = intervals("day", at("2026-11-23T15:00", where), at("2026-11-23T16:00", where), zone(where))
    assert [iso(edge, zone(where)) for edge in found.edges] == [f"2026-11-23T00:00:00{offset}", f"2026-11-24T00:00:00{offset}"]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    where = "America/Sao_Paulo"
    weeks = intervals("week", at("2026-11-22T23:59", where), at("2026-11-23T00:01", where), zone(where)).edges
    assert [iso(edge, zone(where))[:10] for edge in weeks] == ["2026-11-16", "2026-11-23", "2026-11-30"]
    months = intervals("month", at("2026-01-31", where), at("2026-03-01T00:00:01", where), zone(where)).edges
    assert [iso(edge, zone(where))[:10] for edge in months] == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]


def test_an_interval_is_half_open_and_fractions_are_cut() -> None:
    where = "America/Sao_Paulo"
    found = intervals("hour", at("2026-11-23T08:00", where), at("2026-11-23T10:00", where), zone(where))
    nine = at("2026-11-23T09:00", where)
    assert (found.index(nine - 1), found.index(nine)) == (0, 1)
    assert (found.index(found.edges[0] - 1), found.index(found.edges[-1])) == (-1, len(found))


def test_instants_show_milliseconds_only_where_there_are_some() -> None:
    where = zone("America/Noronha")
    assert iso(0, where) == "1969-12-31T22:00:00-02:00"
    assert iso(1, where) == "1969-12-31T22:00:00.001-02:00"


def test_too_many_intervals_and_unknown_zones_are_refused() -> None:
    with pytest.raises(InvalidField) as refused:
        intervals("hour", 0, 20 * 366 * 24 * HOUR, zone("America/Manaus"))
    assert refused.value.field == "by"
    for name in ("America/Nowhere", "", "../etc/passwd"):
        with pytest.raises(InvalidField) as refused:
            zone(name)
        assert refused.value.field == "timezone"


@settings(deadline=None, max_examples=60)
@given(
    clock=st.sampled_from(CLOCKS),
    where=st.sampled_from(ZONES),
    since=st.datetimes(datetime(1996, 1, 1), datetime(2027, 1, 1)),
    hours=st.integers(min_value=1, max_value=24 * 70),
)
def test_intervals_tile_the_time_and_carry_the_wall_clock(clock: Clock, where: str, since: datetime, hours: int) -> None:
    begin = int((since.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    end = begin + hours * HOUR
    found = intervals(clock, begin, end, zone(where))
    assert found.edges[0] <= begin < found.edges[1]
    assert found.edges[-2] < end <= found.edges[-1]
    assert all(before < after for before, after in pairwise(found.edges))
    assert all((edge - found.edges[0]) % found.grain == 0 for edge in found.edges)
    for before, after in pairwise(found.edges):
        first, last = moment(before, zone(where)), moment(after - 1, zone(where))
        if clock in ("half-hour", "hour"):
            assert (first.date(), first.hour, first.utcoffset()) == (last.date(), last.hour, last.utcoffset())
        elif clock == "day":
            assert first.date() == last.date()
        elif clock == "week":
            assert first.isocalendar()[:2] == last.isocalendar()[:2]
        else:
            assert (first.year, first.month) == (last.year, last.month)


def test_a_zone_is_known_by_its_iana_name() -> None:
    assert zone("America/Manaus").key == "America/Manaus"
    for wrong in ("Brasilia", "", "/etc/passwd", "../UTC"):
        with pytest.raises(InvalidField, match="is not a time zone"):
            zone(wrong)
