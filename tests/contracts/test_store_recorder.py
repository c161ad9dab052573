"""The library's own contract suites, run over the recorder of the store."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder, StoredEvent
from eventsourcing.tests.persistence import AggregateRecorderTestCase, ApplicationRecorderTestCase

from commands.recorder import ChainedRecorder


class _InDirectory:
    def setUp(self) -> None:
        self._directory = tempfile.TemporaryDirectory()
        self._opened: list[ChainedRecorder] = []

    def tearDown(self) -> None:
        for recorder in self._opened:
            recorder.close()
        self._directory.cleanup()

    def _open(self, kind: type[ChainedRecorder]) -> ChainedRecorder:
        recorder = kind(Path(self._directory.name))
        self._opened.append(recorder)
        return recorder


class _WithoutPositions(ChainedRecorder):
    """The suite for recorders of aggregates wants no positions back."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


class TestAsAggregateRecorder(_InDirectory, AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self._open(_WithoutPositions)


class TestAsApplicationRecorder(_InDirectory, ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        return self._open(ChainedRecorder)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


del AggregateRecorderTestCase, ApplicationRecorderTestCase
