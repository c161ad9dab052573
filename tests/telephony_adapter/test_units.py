"""Units of work of an import: they keep the order, lose nothing, and are short where the machine is slow."""

from __future__ import annotations

import pytest

from commands.interactions import StartCall
from telephony_adapter.units import FEWEST, UNIT_S, Units

MOST = 500
COMMANDS = [StartCall(call=str(number)) for number in range(20_000)]


def sizes(second_of_one: float) -> list[int]:
    """How many commands each unit has, when one command takes so long."""
    now = 0.0
    units = Units(MOST, lambda: now)
    taken: list[StartCall] = []
    found = []
    for unit in units.of(COMMANDS):
        taken += unit
        found.append(len(unit))
        now += len(unit) * second_of_one
    assert taken == COMMANDS
    return found


def test_on_a_quick_machine_units_are_as_large_as_they_may_be():
    assert set(sizes(UNIT_S / MOST / 2)[:-1]) == {MOST}
    assert set(sizes(0)[:-1]) == {MOST}


@pytest.mark.parametrize("fitting", [400, 120, FEWEST])
def test_on_a_slow_one_others_wait_about_as_long_as_one_unit_may_take(fitting):
    assert all(abs(size - fitting) <= 1 for size in sizes(UNIT_S / fitting)[1:-1])


def test_they_are_never_so_small_that_ending_them_is_most_of_the_work():
    assert set(sizes(1.0)[1:-1]) == {FEWEST}


def test_they_grow_again_when_the_machine_is_quick_again():
    now, cost = 0.0, UNIT_S
    units, found = Units(MOST, lambda: now), []
    for unit in units.of(COMMANDS):
        found.append(len(unit))
        now += len(unit) * cost
        if len(found) == 2:
            cost = 0.0
    assert found[:7] == [MOST, FEWEST, FEWEST, 100, 200, 400, MOST]
