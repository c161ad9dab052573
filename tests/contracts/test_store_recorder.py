"""The library's own contract suites, run over the recorder of the store, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder, StoredEvent
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from store.recorder import ChainedRecorder
from store.storage_location import StorageLocation
from tests.kit.stores import location, on_server, own_database

__all__ = ["location", "on_server", "own_database"]


class _WithoutPositions(ChainedRecorder):
    """The suite for recorders of aggregates wants no positions back."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


class _InDirectory:
    FIXTURE = "location"

    @pytest.fixture(autouse=True)
    def _placed(self, request: pytest.FixtureRequest) -> None:
        self._location: StorageLocation = request.getfixturevalue(self.FIXTURE)
        self._location.directory.mkdir()
        self._closings: list[Any] = []

    def tearDown(self) -> None:
        for close in reversed(self._closings):
            close()

    def _open(self, kind: type[ChainedRecorder]) -> ChainedRecorder:
        keys, db = self._location.keys(), self._location.events()
        head = self._location.head(keys)
        self._closings += [keys.close, db.close, head.close]
        return kind(db, head)


class _OnServer(_InDirectory):
    FIXTURE = "on_server"


class TestAsAggregateRecorder(_InDirectory, AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self._open(_WithoutPositions)


class TestAsApplicationRecorder(_InDirectory, ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        return self._open(ChainedRecorder)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestOrderOfPositions(_InDirectory, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self._open(ChainedRecorder)


class TestAsAggregateRecorderOnPostgreSQL(_OnServer, TestAsAggregateRecorder):
    pass


class TestAsApplicationRecorderOnPostgreSQL(_OnServer, TestAsApplicationRecorder):
    pass


class TestOrderOfPositionsOnPostgreSQL(_OnServer, TestOrderOfPositions):
    pass


del AggregateRecorderTestCase, ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
