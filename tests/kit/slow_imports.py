"""An import that goes on only when a test says so."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import imports.sources
from tests.kit.waiting import DEADLINE_S


class SlowImport:
    """Lets an import go on only when the test says so, after its first report."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        take = imports.sources.import_queue_log

        def slowly(*args: Any, progress: Any, **more: Any) -> Any:
            def report(*done: int) -> None:
                self.reached.set()
                assert self.go.wait(DEADLINE_S)
                progress(*done)

            return take(*args, progress=report, **more)

        monkeypatch.setattr(imports.sources, "import_queue_log", slowly)
        monkeypatch.setattr("imports.records.SAVED_EVERY_S", 0.0)
