"""The PBX's own numbers show what was missed; a number that somebody else gave a channel shows nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.ids import LEG, PLACED, PULL, placed_id
from tests.kit.packets import T0, event, story


def born(second: float, id: str, number: int) -> str:
    """A channel begins."""
    name = f"PJSIP/phone-{number:08x}"
    return event("Newchannel", second, Channel=name, Uniqueid=id, Linkedid=id, Context="entrada", Exten="4001", CallerIDNum="1140028922")


@pytest.mark.parametrize(
    "id", [placed_id(LEG, T0 * 1_000_000, 912_345_678), placed_id(PLACED, T0 * 1_000_000, 7), f"{PULL}{T0}.90", f"{T0:x}"]
)
def test_a_channel_that_was_placed_under_an_id_of_its_own_hides_no_restart_and_no_gap(tmp_path: Path, id: str) -> None:
    told = story(tmp_path, [born(0, f"{T0}.40", 10), born(1, id, 11), born(9, f"{T0 + 9}.41", 12), born(18, f"{T0 + 18}.42", 13)])
    assert (told.restarts, told.gaps) == ([], [])


def test_a_number_that_is_lower_than_an_older_one_shows_a_restart(tmp_path: Path) -> None:
    told = story(tmp_path, [born(0, f"{T0}.40", 10), born(9, f"{T0 + 9}.1", 0)])
    assert len(told.restarts) == 1
