"""Lists that are ahead of the events: a list shows a channel before its event."""

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


def test_a_channel_that_is_listed_just_before_its_first_event_is_no_sign_of_a_gap(tmp_path: Path) -> None:
    late = {"Uniqueid": f"{T0 + 20}.1", "Linkedid": f"{T0 + 20}.1"}
    listed = [UP, undated("Event: CoreShowChannelsComplete", ListItems=1)]
    observed = story(
        tmp_path, [BANNER, BOOTED, event("PeerStatus", 0), event("PeerStatus", 20.6), *listed, born(20.65, **late), hang_up(25, **late)]
    )
    assert observed.gaps == []
    assert observed.kinds(f"{T0 + 20}.1") == ["arrived", "hung_up"]


def test_a_channel_that_is_listed_long_after_its_first_event_was_due_is_a_sign_of_a_gap(tmp_path: Path) -> None:
    listed = [UP, undated("Event: CoreShowChannelsComplete", ListItems=1)]
    observed = story(tmp_path, [BANNER, BOOTED, event("PeerStatus", 0), event("PeerStatus", 23.5), *listed, event("PeerStatus", 30)])
    assert len(observed.gaps) == 1


def test_a_caller_who_is_listed_just_before_the_join_event_visits_once_and_is_no_sign_of_a_gap(tmp_path: Path) -> None:
    listed = [COUNTED, waiting(0), undated("Event: QueueStatusComplete", ListItems=2)]
    observed = story(tmp_path, [BANNER, BOOTED, born(18), SIGN, *listed, join(19.95), leave(23), connect(23, 3), event("PeerStatus", 30)])
    assert observed.gaps == []
    assert observed.kinds(CALL, "waiting", "offered", "answered") == ["offered", "answered"]


def test_a_caller_who_is_listed_as_waiting_for_some_seconds_without_a_join_event_is_a_sign_of_a_gap(tmp_path: Path) -> None:
    listed = [COUNTED, waiting(2), undated("Event: QueueStatusComplete", ListItems=2)]
    observed = story(tmp_path, [BANNER, BOOTED, born(10), SIGN, *listed, leave(23), connect(23, 5), event("PeerStatus", 30)])
    assert observed.kinds(CALL, "waiting", "offered", "answered") == ["waiting", "answered"]
