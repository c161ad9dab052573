"""Turns at writing rows."""

from __future__ import annotations

import threading
from contextlib import closing

from store.storage_location import OnServers
from streams.relay_progress import Ledger
from streams.write_lock import Turns
from tests.kit.stores import on_server, own_database
from tests.kit.waiting import DEADLINE_S

__all__ = ["on_server", "own_database"]


def test_whoever_waits_for_rows_hears_of_the_end_of_each_turn(on_server: OnServers) -> None:
    told = threading.Event()
    with closing(Ledger(on_server.relay(), "atende")) as ledger, closing(Turns(on_server.store_url)) as turns:
        ledger.listen(told.set)
        for _ in range(2):
            with turns.shared():
                assert not told.is_set()
            assert told.wait(DEADLINE_S)
            told.clear()
