"""The one place that puts the layers together: over a data directory that one process holds, or over servers that many use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import discovery
from commands.command_bus import Clock, CommandBus
from projections.engine.progress import Following, ProjectionsStopped
from settings import Settings
from store import heartbeats
from store.data_directory import DirectoryHeld, Unusable, kept_secret, locked
from store.event_store import Store
from store.storage_location import InDirectory, OnServers, StorageLocation, made
from store.store_migration import note_left

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from processes.metrics import ProcessMetrics
    from processes.runner import Leadership, ProcessRunner
    from projections.engine.chdb_warehouse import ChdbWarehouse
    from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
    from projections.engine.runner import Runner
    from projections.engine.warehouse import Warehouse
    from projections.query_bus import QueryBus
    from store.postgres_lock import ServerLock
    from streams.projection_progress import ProjectionProgress
    from streams.relay_progress import RelayProgress

__all__ = [
    "Center",
    "DirectoryHeld",
    "Distributed",
    "Embedded",
    "Held",
    "Unusable",
    "hold",
    "is_data_directory",
    "location",
    "on_servers",
    "open_center",
    "reach",
]

WAREHOUSE = "warehouse"
TOKEN_FILE = "token.secret"  # noqa: S105 - the name of a file
_STEP_S = 0.1


class Center(ABC):
    """The wired layers of one center. The rows, and what tells how far they are, are opened when they are first asked for."""

    STANDSTILL_S: ClassVar[float] = inf
    """When the rows have not come nearer to the log for so long, nobody seems to write them."""

    def __init__(self, location: StorageLocation, settings: Settings, clock: Clock | None, *, watched: bool) -> None:
        self.name = location.name
        self.directory = location.directory
        self._settings = settings
        self.store = Store(location, master=settings.master_key)
        # A handler is known once its module is imported.
        discovery.modules("commands")
        self.bus = CommandBus(self.store, clock, watched=watched)

    @property
    @abstractmethod
    def warehouse(self) -> Warehouse:
        """The rows, in tables that are up to date."""

    @property
    @abstractmethod
    def progress(self) -> Following:
        """How far the rows are; they follow the log, or are watched, from now on."""

    @cached_property
    def processes(self) -> ProcessRunner:
        """The process managers; they run once they are started, here or, of a center on servers, where another process leads."""
        from processes.manager import Ports
        from processes.runner import runner_of_all

        def last_heard(agent: UUID) -> int:
            return heartbeats.last_heard(self.store.recorder.db, agent)

        def query(sql: str, tenant: UUID) -> list[dict[str, Any]]:
            return self.warehouse.query(sql, tenant)

        ports = Ports(query, self.covered, last_heard)
        return runner_of_all(self.bus, ports, self._leadership())

    def _leadership(self) -> Leadership | None:
        """What lets one process at a time run them; None where there is only one."""
        return None

    @cached_property
    def process_metrics(self) -> ProcessMetrics:
        """What they say to Prometheus."""
        from processes.metrics import ProcessMetrics

        return ProcessMetrics(self.processes, self.store.head)

    def collectors(self) -> Sequence[Collector]:
        """What an API in this process says to Prometheus of what else runs in it."""
        return ()

    def settle(self, say: Callable[[], object] = lambda: None) -> None:
        """Wait until the process managers have reacted to all that is saved now, so that its figures can be. Raises ProcessStopped."""
        self.processes.catch_up(self.store.end(), say)

    @abstractmethod
    def rebuild(self, say: Callable[[int, int], object]) -> int:
        """Fold every projection anew beside the old ones, which answer meanwhile, and swap; the position reached. `say` as for `cover`."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything, all of it saved."""

    @cached_property
    def token_secret(self) -> str:
        """What signs access tokens: of the settings, else of a file made at first start."""
        return self._settings.token_secret or kept_secret(made(self.directory) / TOKEN_FILE)

    @cached_property
    def queries(self) -> QueryBus:
        """Through which everything is asked of the rows."""
        from projections.query_bus import QueryBus

        return QueryBus(self)

    def covered(self) -> int:
        """The position of the log up to which the projections answer."""
        return self.progress.position

    def cover(self, position: int, say: Callable[[int, int], object]) -> None:
        """Wait until the projections answer up to `position`; `say` hears how many events are done, of how many. Raises ProjectionsStopped."""
        began = reached = self.progress.position
        moved = monotonic()
        while not self.progress.wait(position, _STEP_S):
            now = self.progress.position
            if now != reached:
                reached, moved = now, monotonic()
            elif monotonic() - moved > self.STANDSTILL_S:
                raise ProjectionsStopped(
                    f"the figures stand at position {reached} of {position}, and no relay or worker seems to run (`atende relay`, "
                    "`atende worker`); all that was saved stays saved"
                )
            say(reached - began, position - began)


class Embedded(Center):
    """A center in a data directory: one process has it, and makes its rows."""

    def __init__(self, directory: Path, settings: Settings, clock: Clock | None = None) -> None:
        super().__init__(InDirectory(directory), settings, clock, watched=False)
        # What happens from now on is reacted to, by whichever command lets the process managers run.
        self.processes  # noqa: B018 - they are registered by being made

    @cached_property
    def warehouse(self) -> ChdbWarehouse:
        from projections.engine.chdb_warehouse import ChdbWarehouse
        from projections.engine.rebuild import open_rows

        warehouse = ChdbWarehouse(self.directory / WAREHOUSE)
        open_rows(warehouse)
        return warehouse

    @cached_property
    def runner(self) -> Runner:
        """What makes the rows follow the log; it follows from now on."""
        from projections.engine.runner import Runner

        runner = Runner(self.store.recorder, self.warehouse)
        runner.start()
        return runner

    @property
    def progress(self) -> Following:
        return self.runner.progress

    def collectors(self) -> Sequence[Collector]:
        return (self.process_metrics,)

    def rebuild(self, say: Callable[[int, int], object]) -> int:
        from projections.engine.rebuild import rebuild

        return rebuild(self.store.recorder, self.warehouse, self.runner, say)

    def close(self) -> None:
        self.processes.close()
        if "runner" in self.__dict__:
            self.runner.close()
        if "warehouse" in self.__dict__:
            self.warehouse.close()
        self.store.close()


class Distributed(Center):
    """A center on servers: any number of processes ask it and bring commands to it, others make its rows (`atende relay`, `atende worker`)."""

    STANDSTILL_S = 30.0

    def __init__(self, directory: Path, settings: Settings, clock: Clock | None = None) -> None:
        self._location = on_servers(directory, settings)
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
        """What the relay has written down."""
        from streams.relay_progress import RelayProgress

        return RelayProgress(self._location.relay(), self._settings.topics)

    @cached_property
    def progress(self) -> ProjectionProgress:
        from streams.projection_progress import ProjectionProgress

        return ProjectionProgress(self.relay_progress, self.warehouse, self.store.recorder.db)

    def rebuild(self, say: Callable[[int, int], object]) -> int:
        from streams.brokers import BrokersAway, BrokersRefuse
        from streams.rebuild import RebuildTarget, rebuild
        from streams.swap import Busy

        told = self._settings
        try:
            return rebuild(RebuildTarget(self._location, told.clickhouse_url, told.kafka, told.topics, told.clickhouse_cluster), say)
        except (Busy, BrokersAway, BrokersRefuse) as refused:
            raise Unusable(str(refused)) from refused

    def close(self) -> None:
        for opened in ("processes", "_lock", "progress", "relay_progress", "warehouse"):
            if opened in self.__dict__:
                getattr(self, opened).close()
        self.store.close()


class Held:
    """A center within this process's reach: of a data directory that it holds, or on servers. It is opened when it is first asked for: a broken one can be looked at without.

    `url`: where its API is, or would be, served. `public_url`: where people reach it, if the settings say so.
    """

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.directory = directory
        self.location = location(directory, settings)
        self.url = f"http://{settings.host}:{settings.port}"
        self.public_url = settings.public_url
        self._settings = settings

    @cached_property
    def center(self) -> Center:
        """The open center."""
        kind = Distributed if self._settings.mode == "distributed" else Embedded
        return kind(self.directory, self._settings)

    def close(self) -> None:
        """Close what was opened."""
        if "center" in self.__dict__:
            self.center.close()


def location(directory: Path, settings: Settings) -> StorageLocation:
    """Where the log and the keys of a center are."""
    return on_servers(directory, settings) if settings.mode == "distributed" else InDirectory(directory)


def on_servers(directory: Path, settings: Settings) -> OnServers:
    """The servers that the settings name, whose tables `atende migrate` has made. `directory`: for the secrets that no setting gives."""
    return OnServers(directory, settings.store_url, settings.keys_url, makes_tables=False)


def is_data_directory(directory: Path) -> bool:
    """Whether a center has ever been opened there, even if its log was taken away since."""
    return InDirectory(directory).exists()


@contextmanager
def reach(directory: Path, settings: Settings) -> Iterator[Held]:
    """The center that the settings name: that of `directory`, held meanwhile, or the one on servers, which nobody holds.

    Raises DirectoryHeld, Unusable.
    """
    if settings.mode == "embedded":
        with hold(directory, settings) as held:
            yield held
        return
    held = Held(directory, settings)
    try:
        yield held
    finally:
        held.close()


@contextmanager
def hold(directory: Path, settings: Settings, *, moved: bool = False) -> Iterator[Held]:
    """Keep every other process off `directory`, made if it is missing, until the end or the death of this one.

    moved: also one whose center went elsewhere; else that is refused, for what happens there would be missing here.
    Raises DirectoryHeld, Unusable.
    """
    with locked(directory):
        gone = note_left(directory)
        if gone and not moved:
            raise Unusable(f"the center of {directory} was moved to {gone}: use it there (ATENDE_MODE=distributed)")
        held = Held(directory, settings)
        try:
            yield held
        finally:
            held.close()


@contextmanager
def open_center(directory: Path, settings: Settings | None = None) -> Iterator[Center]:
    """The center of `directory`, which this process holds meanwhile. Raises DirectoryHeld."""
    with reach(directory, settings or Settings()) as held:
        yield held.center
