"""A center in a data directory that one process holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap.center import Center
from commands.command_bus import Clock
from projections.engine.progress import Following
from settings import Settings
from store.storage_location import InDirectory

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from projections.engine.chdb_warehouse import ChdbWarehouse
    from projections.engine.runner import Runner

WAREHOUSE = "warehouse"


class Embedded(Center):
    """A center in a data directory: one process holds it, and makes its rows."""

    ALONE = True

    def __init__(self, directory: Path, settings: Settings, clock: Clock | None = None) -> None:
        super().__init__(InDirectory(directory), settings, clock, watched=False)
        # Register the process managers, so that they process events from now on, whenever a command runs them.
        self.processes  # noqa: B018 - creating them registers them

    @cached_property
    def warehouse(self) -> ChdbWarehouse:
        from projections.engine.chdb_warehouse import ChdbWarehouse
        from projections.engine.rebuild import open_rows

        warehouse = ChdbWarehouse(self.directory / WAREHOUSE)
        open_rows(warehouse)
        return warehouse

    @cached_property
    def runner(self) -> Runner:
        """The runner that makes the rows follow the log, from now on."""
        from projections.engine.runner import Runner

        runner = Runner(self.store.recorder, self.warehouse)
        runner.start()
        return runner

    @property
    def progress(self) -> Following:
        return self.runner.progress

    def follow_log(self) -> None:
        """Nothing is to be done: the rows of this process are never behind the log by more than a batch."""

    def collectors(self) -> Sequence[Collector]:
        return (self.process_metrics, self.asterisk_metrics)

    def must_have_room(self) -> None:
        super().must_have_room()
        self.runner.must_have_room()

    def rebuild(self, say: Callable[[int, int], object]) -> int:
        from projections.engine.rebuild import rebuild

        return rebuild(self.store.recorder, self.warehouse, self.runner, say)

    def close(self) -> None:
        if "imports" in self.__dict__:
            self.imports.close()
        self.processes.close()
        if "runner" in self.__dict__:
            self.runner.close()
        if "warehouse" in self.__dict__:
            self.warehouse.close()
        self.store.close()
