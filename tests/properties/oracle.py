"""A naive oracle: every figure counted again, one call after the other, without code of the metric engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from domain.voice.calls import Visit
from tests.kit.whole_call import WholeCall

Key = Callable[[Visit, int], str]


def local(ms: int, zone: str) -> datetime:
    seconds, rest = divmod(ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000).astimezone(ZoneInfo(zone))


def hour_of(ms: int, zone: str) -> str:
    """The start of the wall clock's hour; all zones used here are whole hours away from UTC."""
    return local(ms - ms % 3_600_000, zone).isoformat()


def day_of(ms: int, zone: str) -> str:
    return local(ms, zone).date().isoformat()


def month_of(ms: int, zone: str) -> str:
    return local(ms, zone).date().isoformat()[:7]


def as_seen(visit: Visit, moment: int) -> Visit | None:
    """The visit as it was at a moment."""
    if visit.offered_ms > moment:
        return None
    seen: dict[str, Any] = {
        "end": "",
        "ended_ms": None,
        "wait_ms": None,
        "agent": "",
        "released_ms": None,
        "talk_ms": None,
        "hold_ms": None,
        "wrap_up_ms": None,
    }
    if visit.ended_ms is not None and visit.ended_ms <= moment:
        seen |= {
            "end": visit.end,
            "ended_ms": visit.ended_ms,
            "wait_ms": visit.wait_ms,
            "agent": visit.agent,
            "talk_unknown": visit.talk_unknown,
        }
        if visit.released_ms is not None and visit.released_ms <= moment:
            seen |= {"released_ms": visit.released_ms, "talk_ms": visit.talk_ms, "hold_ms": visit.hold_ms}
            if visit.wrap_up_ms is not None and visit.released_ms + visit.wrap_up_ms <= moment:
                seen["wrap_up_ms"] = visit.wrap_up_ms
    return Visit(n=visit.n, queue=visit.queue, offered_ms=visit.offered_ms, sla_ms=visit.sla_ms, tolerated_ms=visit.tolerated_ms, **seen)


def visits_of(calls: Iterable[WholeCall], moment: int | None = None) -> list[Visit]:
    visits: list[Visit] = [visit for call in calls for visit in call.visits]
    return visits if moment is None else [seen for visit in visits if (seen := as_seen(visit, moment)) is not None]


def mean(values: list[int]) -> int | None:
    return int((Decimal(sum(values)) / len(values)).quantize(Decimal(1), ROUND_HALF_UP)) if values else None


def percent(part: int, whole: int) -> float | None:
    return float((Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)) if whole else None


def handling(visit: Visit) -> int | None:
    if visit.end != "answered" or visit.talk_ms is None or visit.hold_ms is None or visit.wrap_up_ms is None:
        return None
    return visit.talk_ms + visit.hold_ms + visit.wrap_up_ms


def completed(visit: Visit) -> int | None:
    """When all of it was over."""
    if visit.end != "answered" or visit.talk_unknown:
        return visit.ended_ms
    if visit.released_ms is None or visit.wrap_up_ms is None:
        return None
    return visit.released_ms + visit.wrap_up_ms


def figures(offered: list[Visit], ended: list[Visit], threshold: int | None = None) -> dict[str, Any]:
    """The figures of a row to which these offers and these ends post."""

    def ends(how: str) -> list[Visit]:
        return [visit for visit in ended if visit.end.replace("-", "_") == how]

    answered = ends("answered")
    within = [
        visit for visit in answered if visit.wait_ms is not None and visit.wait_ms <= (visit.sla_ms if threshold is None else threshold)
    ]
    waits = [visit.wait_ms for visit in answered if visit.wait_ms is not None]
    handled = [time for visit in answered if (time := handling(visit)) is not None]
    row = {"offered": len(offered), "answered": len(answered), "answered_within_sla": len(within)}
    row |= {how: len(ends(how)) for how in ("abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown")}
    row["waiting"] = sum(1 for visit in offered if visit.end == "")
    return row | {
        "sla_percent": percent(len(within), len(offered)),
        "abandoned_percent": percent(row["abandoned"], len(offered)),
        "asa_ms": mean(waits),
        "msa_ms": max(waits, default=None),
        "aht_ms": mean(handled),
        "mht_ms": max(handled, default=None),
        "max_queued_ms": max((visit.wait_ms for visit in ended if visit.wait_ms is not None), default=None),
    }


def rows(visits: list[Visit], attribution: str, key: Key, threshold: int | None = None) -> dict[str, dict[str, Any]]:
    """A row per key of the visits' counts. A key is called with the visit and the instant to which the count belongs."""
    offers: dict[str, list[Visit]] = {}
    ends: dict[str, list[Visit]] = {}
    for visit in visits:
        at: dict[str, tuple[int | None, int | None]] = {
            "arrival": (visit.offered_ms, visit.offered_ms),
            "event": (visit.offered_ms, visit.ended_ms),
            "completion": (completed(visit), completed(visit)),
        }
        offer, end = at[attribution]
        if offer is not None:
            offers.setdefault(key(visit, offer), []).append(visit)
        if end is not None:
            ends.setdefault(key(visit, end), []).append(visit)
    return {name: figures(offers.get(name, []), ends.get(name, []), threshold) for name in offers.keys() | ends.keys()}
