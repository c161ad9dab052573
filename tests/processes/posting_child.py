"""What is killed: a process that leads, queues the messages of webhooks and posts them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from commands.command_bus import CommandBus
from processes.manager import Ports
from processes.runner import LOCK, ProcessRunner
from processes.webhook_posts import Poster
from processes.webhook_sender import WebhookSender
from processes.webhooks import Webhooks
from projections.queries.webhooks import all_webhooks, known_before
from store.event_store import Store
from store.postgres_lock import ServerLock
from tests.processes.reacting_child import URL, location_in
from tests.processes.receiving import LOOPBACK


def runner_in(directory: Path, store: Store) -> ProcessRunner:
    bus, url = CommandBus(store), directory / URL
    ports = Ports(lambda *_: [], lambda: 0, lambda _: 0, lambda: all_webhooks(store), lambda event: known_before(store, event))
    leadership = ServerLock(url.read_text(), LOCK) if url.exists() else None
    return ProcessRunner(bus, [Webhooks(ports)], leadership, [WebhookSender(bus, Poster(LOOPBACK))])


if __name__ == "__main__":
    runner_in(Path(sys.argv[1]), Store(location_in(Path(sys.argv[1])))).start()
    threading.Event().wait()
