"""On servers one process leads; when it dies, or stands still, another one takes over, and what was done is not done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from commands.command_bus import CommandBus
from store.event_store import Store
from store.storage_location import OnServers
from tests.commands.tally import Counted
from tests.kit.killed import ROOT
from tests.kit.stores import on_server, own_database
from tests.kit.waiting import within
from tests.processes.reacting import Echo
from tests.processes.reacting_child import URL, runner_in

__all__ = ["on_server", "own_database"]

TAKES_OVER_S = 20


def leads(directory: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.processes.reacting_child", str(directory), "1"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT, env=dict(os.environ))


def test_another_process_takes_over_from_one_that_stands_still_and_it_does_nothing_when_it_wakes_up(
    tmp_path: Path, on_server: OnServers
) -> None:
    (tmp_path / URL).write_text(on_server.store_url)
    with leads(tmp_path) as leader, closing(Store(on_server)) as store:
        try:
            runner = runner_in(tmp_path, CommandBus(store))
            reacts = runner.figures[Echo.NAME]
            within(lambda: store.head() > 20)
            runner.start()
            assert not reacts.active
            leader.send_signal(signal.SIGSTOP)
            within(lambda: reacts.active, TAKES_OVER_S)
            leader.send_signal(signal.SIGCONT)
            within(lambda: reacts.sent > 20)
            leader.kill()
            leader.wait()
            within(lambda: reacts.position == store.head() and not reacts.timers)
        finally:
            leader.kill()
            runner.close()
        counted = [recorded.event for recorded in store.read(0, 10**6) if isinstance(recorded.event, Counted)]
        assert set(Counter(event.originator_id for event in counted).values()) == {1}
        assert (reacts.failures, reacts.set_aside) == (0, 0)
