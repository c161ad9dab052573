"""A center on servers that many processes use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap.center import Center
from bootstrap.locations import on_servers
from commands.command_bus import Clock
from settings import Settings
from store.data_directory import Unusable

if TYPE_CHECKING:
    from processes.runner import Leadership
    from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
    from projections.engine.tail import LogTail
    from store.postgres_lock import ServerLock
    from streams.projection_progress import ProjectionProgress
    from streams.relay_progress import RelayProgress


class Distributed(Center):
    """A center on servers: any number of processes send it commands and queries, others make its rows (`atende relay`, `atende worker`)."""

    STANDSTILL_S = 30.0
    ALONE = False

    def __init__(self, directory: Path, settings: Settings, clock: Clock | None = None) -> None:
        self._location = on_servers(directory, settings)
        self._tail: LogTail | None = None
        super().__init__(self._location, settings, clock, watched=True)

    @cached_property
    def warehouse(self) -> ClickhouseWarehouse:
        from migrations.runner import must_be_current
        from projections.engine.clickhouse_warehouse import ClickhouseWarehouse

        warehouse = ClickhouseWarehouse(self._settings.clickhouse_url, makes_database=False)
        try:
            must_be_current(warehouse)
        except BaseException:
            warehouse.close()
            raise
        return warehouse

    @cached_property
    def _lock(self) -> ServerLock:
        from processes.runner import LOCK
        from store.postgres_lock import ServerLock

        return ServerLock(self._settings.store_url, LOCK)

    def _leadership(self) -> Leadership:
        return self._lock

    @cached_property
    def relay_progress(self) -> RelayProgress:
        """The recorded progress of the relay."""
        from streams.relay_progress import RelayProgress

        return RelayProgress(self._location.relay(), self._settings.topics)

    @cached_property
    def progress(self) -> ProjectionProgress:
        from streams.projection_progress import ProjectionProgress

        return ProjectionProgress(self.relay_progress, self.warehouse, self.store.recorder.db)

    @property
    def tail(self) -> LogTail | None:
        return self._tail

    def follow_log(self) -> None:
        from projections.engine.tail import LogTail

        if self._tail is None:
            self._tail = LogTail(self.store.recorder, self.warehouse, self.progress)

    def rebuild(self, say: Callable[[int, int], object]) -> int:
        from streams.brokers import BrokersAway, BrokersRefuse
        from streams.rebuild import RebuildTarget, rebuild
        from streams.swap import Busy

        settings = self._settings
        try:
            return rebuild(
                RebuildTarget(self._location, settings.clickhouse_url, settings.kafka, settings.topics, settings.clickhouse_cluster), say
            )
        except (Busy, BrokersAway, BrokersRefuse) as refused:
            raise Unusable(str(refused)) from refused

    def close(self) -> None:
        if self._tail is not None:
            self._tail.close()
        for opened in ("imports", "processes", "_lock", "progress", "relay_progress", "warehouse"):
            if opened in self.__dict__:
                getattr(self, opened).close()
        self.store.close()
