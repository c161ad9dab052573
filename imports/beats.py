"""The sign of life of a process that holds imports: whoever reads them elsewhere knows by it that they were not interrupted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

BEAT_S = 20.0
"""How often a process writes that its imports go on, whether they run, wait or come. Three beats that are missing tell that it is gone."""


class Beats:
    """Calls `beat` every so many seconds, in a thread of its own, from the first `begin` until `stopping` is set. Thread-safe."""

    def __init__(self, beat: Callable[[], None], stopping: threading.Event) -> None:
        self._beat = beat
        self._stopping = stopping
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """There is something to tell."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="import-beats", daemon=True)
                self._thread.start()

    def close(self, within_s: float) -> None:
        """Wait for the thread: `stopping` is set."""
        with self._lock:
            if self._thread is not None:
                self._thread.join(within_s)

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_S):
            try:
                self._beat()
            except Exception:
                # The store may be away; the next beat tells it.
                log.warning("the beat of imports failed", exc_info=True)
