"""Calculate service levels (SLA) from counted visits, and round percentages and means.

T is the threshold ("in time" = answered, gone or dequeued after a wait <= T), s the tolerated abandon ("short" = gave up after a
wait <= s); both are those in force when the visit was offered. All arithmetic is on whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import add, attrgetter

from domain.errors import InvalidField


@dataclass(slots=True)
class Counts:
    """Numbers of visits by their end. `*_within_sla`: those that waited no longer than T; `abandoned_short`: no longer than s."""

    offered: int = 0
    answered: int = 0
    answered_within_sla: int = 0
    abandoned: int = 0
    abandoned_within_sla: int = 0
    abandoned_short: int = 0
    timed_out: int = 0
    timed_out_within_sla: int = 0
    transferred_out: int = 0
    left_by_key: int = 0
    left_by_key_within_sla: int = 0
    closed: int = 0
    unknown: int = 0
    waiting: int = 0

    def plus(self, other: Counts, times: int = 1) -> Counts:
        """The sum of these counts and `times` the others."""
        more = _counted(other) if times == 1 else [times * number for number in _counted(other)]
        return Counts(*map(add, _counted(self), more))


COUNTED = tuple(field.name for field in fields(Counts))
_counted: Callable[[Counts], tuple[int, ...]] = attrgetter(*COUNTED)

Ratio = tuple[int, int]
"""Numerator and denominator."""

Formula = Callable[[Counts], Ratio]


def _offered(of: Counts) -> Ratio:
    return of.answered_within_sla, of.offered


def _answered_only(of: Counts) -> Ratio:
    return of.answered_within_sla, of.answered


def _asterisk_perf2(of: Counts) -> Ratio:
    within_sla = of.answered_within_sla + of.abandoned_within_sla + of.timed_out_within_sla
    return within_sla, of.answered + of.abandoned + of.timed_out


def _amazon_connect(of: Counts) -> Ratio:
    return of.answered_within_sla + of.abandoned_within_sla + of.left_by_key_within_sla, of.offered


def _xcally(of: Counts) -> Ratio:
    return of.answered_within_sla, of.answered + of.abandoned - of.abandoned_within_sla


def _offered_minus_short(of: Counts) -> Ratio:
    return of.answered_within_sla, of.offered - of.abandoned_short


def _genesys(switches: frozenset[str]) -> Formula:
    def formula(of: Counts) -> Ratio:
        against = of.answered
        if "no-abandons" not in switches:
            against += of.abandoned - (of.abandoned_short if "no-short" in switches else 0)
        if "flow-outs" in switches:
            against += of.transferred_out + of.timed_out + of.left_by_key
        return of.answered_within_sla, against

    return formula


FORMULAS: dict[str, Formula] = {
    "offered": _offered,
    "answered-only": _answered_only,
    "asterisk-perf2": _asterisk_perf2,
    "amazon-connect": _amazon_connect,
    "genesys": _genesys(frozenset()),
    "xcally": _xcally,
    "offered-minus-short": _offered_minus_short,
}
"""Each profile by its name. `genesys` without switches: flow-outs are not counted, all abandons are."""

SWITCHES = ("flow-outs", "no-short", "no-abandons")
"""What may follow `genesys:`, joined by commas: count flow-outs; leave out short abandons; leave out all abandons."""

DEFAULT = "offered"


def formula_of(profile: str) -> Formula:
    """The formula that `profile` names, as `offered` or `genesys:flow-outs,no-short`; InvalidField for any other text."""
    name, colon, rest = profile.partition(":")
    switches = rest.split(",") if colon else []
    if name == "genesys" and all(switch in SWITCHES for switch in switches):
        return _genesys(frozenset(switches))
    if colon or name not in FORMULAS:
        known = ", ".join(FORMULAS)
        raise InvalidField("sla_profile", f"the SLA profile is one of {known}; genesys may be followed by : and {', '.join(SWITCHES)}")
    return FORMULAS[name]


def canonical(profile: str) -> str:
    """The one spelling of a profile: its switches in the order of SWITCHES, each once."""
    name, colon, rest = profile.partition(":")
    return f"{name}:{','.join(switch for switch in SWITCHES if switch in rest.split(','))}" if colon else name


def percent(part: int, whole: int) -> float | None:
    """A percentage: 100 x part / whole, exact to two decimals, half up; None over zero cases."""
    if whole <= 0:
        return None
    return _half_up(10_000 * part, whole) / 100


def mean(total: int, cases: int) -> int | None:
    """The mean of `cases` durations as a whole number (ms), half up; None over zero cases."""
    return _half_up(total, cases) if cases > 0 else None


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
