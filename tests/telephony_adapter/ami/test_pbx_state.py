"""Lists that are ahead of the events: what has just begun is listed before it is told."""

from __future__ import annotations

from pathlib import Path

from tests.kit.one_call import CALL, CALLER, born, connect, hang_up, join, leave
from tests.kit.packets import BANNER, T0, event, story, undated

BOOTED = undated("Event: FullyBooted", Uptime=600)
UP = undated("Event: CoreShowChannel", **CALLER | {"Uniqueid": f"{T0 + 20}.1", "Linkedid": f"{T0 + 20}.1"})
COUNTED = undated("Event: QueueParams", Queue="vendas", Completed=0, Abandoned=0)
SIGN = event("PeerStatus", 19.9)


def waiting(seconds: int) -> str:
    return undated("Event: QueueEntry", **CALLER | {"Queue": "vendas", "Position": 1, "Wait": seconds})


def test_a_line_that_is_listed_before_its_birth_is_told_is_no_sign_of_a_gap(tmp_path: Path) -> None:
    late = {"Uniqueid": f"{T0 + 20}.1", "Linkedid": f"{T0 + 20}.1"}
    listed = [UP, undated("Event: CoreShowChannelsComplete", ListItems=1)]
    told = story(
        tmp_path, [BANNER, BOOTED, event("PeerStatus", 0), event("PeerStatus", 20.6), *listed, born(20.65, **late), hang_up(25, **late)]
    )
    assert told.gaps == []
    assert told.kinds(f"{T0 + 20}.1") == ["arrived", "hung_up"]


def test_a_line_that_should_have_been_told_long_before_it_is_listed_is_a_sign_of_a_gap(tmp_path: Path) -> None:
    listed = [UP, undated("Event: CoreShowChannelsComplete", ListItems=1)]
    told = story(tmp_path, [BANNER, BOOTED, event("PeerStatus", 0), event("PeerStatus", 23.5), *listed, event("PeerStatus", 30)])
    assert len(told.gaps) == 1


def test_a_caller_who_is_listed_before_his_joining_is_told_visits_once_and_is_no_sign_of_a_gap(tmp_path: Path) -> None:
    listed = [COUNTED, waiting(0), undated("Event: QueueStatusComplete", ListItems=2)]
    told = story(tmp_path, [BANNER, BOOTED, born(18), SIGN, *listed, join(19.95), leave(23), connect(23, 3), event("PeerStatus", 30)])
    assert told.gaps == []
    assert told.kinds(CALL, "waiting", "offered", "answered") == ["offered", "answered"]


def test_a_caller_who_is_listed_as_waiting_for_some_seconds_and_was_never_told_of_is_a_sign_of_a_gap(tmp_path: Path) -> None:
    listed = [COUNTED, waiting(2), undated("Event: QueueStatusComplete", ListItems=2)]
    told = story(tmp_path, [BANNER, BOOTED, born(10), SIGN, *listed, leave(23), connect(23, 5), event("PeerStatus", 30)])
    assert told.kinds(CALL, "waiting", "offered", "answered") == ["waiting", "answered"]
