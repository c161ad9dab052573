"""Turns at writing rows."""

from __future__ import annotations

import threading
from contextlib import closing

from store.storage_location import OnServers
from streams.relay_progress import RelayProgress
from streams.write_lock import WriteLock
from tests.kit.stores import on_server, own_database
from tests.kit.waiting import DEADLINE_S

__all__ = ["on_server", "own_database"]


def test_callers_that_wait_for_rows_are_notified_when_the_lock_is_released(on_server: OnServers) -> None:
    notified = threading.Event()
    with closing(RelayProgress(on_server.relay(), "atende")) as relay_progress, closing(WriteLock(on_server.store_url)) as write_lock:
        relay_progress.listen(notified.set)
        for _ in range(2):
            with write_lock.shared():
                assert not notified.is_set()
            assert notified.wait(DEADLINE_S)
            notified.clear()
