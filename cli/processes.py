"""`processes`: run the process managers of a deployment until it is stopped; a second process waits until the first has ended."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import ExitStack, closing

from prometheus_client import CollectorRegistry

from bootstrap import Distributed
from cli.console import Console
from cli.metrics import serve
from cli.topics import must_be_distributed
from settings import Settings

_ASLEEP_S = 0.5


def processes(settings: Settings, metrics_port: int | None, console: Console) -> int:
    """React until SIGINT or SIGTERM."""
    must_be_distributed(settings)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("processes").setLevel(logging.INFO)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with ExitStack() as stack:
        center = stack.enter_context(closing(Distributed(settings.data, settings)))
        # What keeps it from reacting is reported now, not at the first event.
        center.covered()
        center.warehouse.execute("SELECT 1 AS answers")
        if metrics_port is not None:
            registry = CollectorRegistry()
            registry.register(center.process_metrics)
            stack.callback(serve(registry, settings.host, metrics_port, console))
        center.processes.start()
        console.warn("Atende reacts to events and timers")
        # A signal that arrives just before this thread sleeps is handled when it wakes.
        while not ending.wait(_ASLEEP_S):
            pass
    return 0
