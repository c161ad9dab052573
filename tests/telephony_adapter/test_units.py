"""Units of work of an import: they keep the order, lose nothing, and are short while others wait for them."""

from __future__ import annotations

import pytest

from commands.interactions import StartCall
from telephony_adapter.units import FEWEST, UNIT_S, Units

MOST = 500
COMMANDS = [StartCall(call=str(number)) for number in range(20_000)]


def sizes(second_of_one: float, waits: list[bool]) -> list[int]:
    """How many commands each unit has, when one command takes so long, and somebody waits for some of the units (at last for every one)."""
    now = 0.0
    units = Units(MOST, lambda: waits.pop(0) if waits else True, lambda: now)
    taken: list[StartCall] = []
    found = []
    for unit in units.of(COMMANDS):
        taken += unit
        found.append(len(unit))
        now += len(unit) * second_of_one
    assert taken == COMMANDS
    return found


def test_while_nobody_waits_units_are_as_large_as_they_may_be_however_slow_the_machine_is():
    assert set(sizes(1.0, [False] * 1_000)) == {MOST}


@pytest.mark.parametrize("fitting", [400, 120, FEWEST])
def test_others_wait_about_as_long_as_one_unit_may_take(fitting):
    assert all(abs(size - fitting) <= 1 for size in sizes(UNIT_S / fitting, [])[1:-1])


def test_they_are_never_so_small_that_ending_them_is_most_of_the_work():
    assert set(sizes(1.0, [])[1:-1]) == {FEWEST}


def test_they_grow_slowly_while_nobody_waits_any_more():
    found = sizes(1.0, [True, False, False, False] + [True] * 10_000)
    assert found[:5] == [MOST, FEWEST, 32, 41, 52]
    assert found[5] == FEWEST
