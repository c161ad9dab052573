"""Wires the layers together: on a data directory that one process holds, or on servers that many processes use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import discovery
from commands.command_bus import Clock, CommandBus
from domain.webhook_destinations import Destinations
from projections.engine.progress import Following, ProjectionsStopped
from settings import PasswordPolicy, Settings
from store import heartbeats
from store.data_directory import DirectoryHeld, Unusable, kept_secret, locked
from store.event_store import Store
from store.media import MediaFolder, SealedMedia
from store.storage_location import InDirectory, OnServers, StorageLocation, made
from store.store_migration import note_left

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from imports.running import Imports
    from processes.metrics import ProcessMetrics
    from processes.runner import Leadership, ProcessRunner
    from processes.webhook_sender import WebhookSender
    from projections.engine.chdb_warehouse import ChdbWarehouse
    from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
    from projections.engine.runner import Runner
    from projections.engine.tail import LogTail
    from projections.engine.warehouse import Warehouse
    from projections.query_bus import QueryBus
    from sounds.folder import Sounds
    from store.postgres_lock import ServerLock
    from streams.projection_progress import ProjectionProgress
    from streams.relay_progress import RelayProgress
    from telephony_adapter.metrics import AsteriskMetrics

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
MEDIA = "media"
SOUNDS = "sounds"
TOKEN_FILE = "token.secret"  # noqa: S105 - the name of a file
_STEP_S = 0.1


class Center(ABC):
    """The wired layers of one center. The warehouse and the progress are opened when they are first used."""

    STANDSTILL_S: ClassVar[float] = inf
    """If the rows have made no progress for this many seconds, no process seems to write them."""

    ALONE: ClassVar[bool]
    """Whether no other process can have opened the center."""

    def __init__(self, location: StorageLocation, settings: Settings, clock: Clock | None, *, watched: bool) -> None:
        self.name = location.name
        self.directory = location.directory
        self._settings = settings
        self.store = Store(location, master=settings.master_key)
        # Importing a module registers its handlers.
        discovery.modules("commands")
        self.bus = CommandBus(self.store, clock, watched=watched)
        self.destinations = Destinations.of(settings.webhook_allow)
        self.media = SealedMedia(MediaFolder(settings.media or self.directory / MEDIA))

    @property
    @abstractmethod
    def warehouse(self) -> Warehouse:
        """The warehouse, with tables that are up to date."""

    @property
    @abstractmethod
    def progress(self) -> Following:
        """The progress of the rows, which follow the log, or are watched, from now on."""

    @property
    def tail(self) -> LogTail | None:
        """The rows of the newest events, if they are read from the log while the warehouse lacks them."""
        return None

    @abstractmethod
    def follow_log(self) -> None:
        """From now on answer questions about what is newer than the warehouse's rows too, if other processes make them."""

    def answered(self) -> int:
        """The log position up to which questions are answered: what the rows cover, or more."""
        tail = self.tail
        return self.covered() if tail is None else max(self.covered(), tail.position)

    @cached_property
    def processes(self) -> ProcessRunner:
        """The process managers. They run once they are started: in this process or, on servers, in the process that is the leader."""
        from processes.manager import Ports
        from processes.runner import runner_of_all
        from projections.queries.webhooks import all_webhooks, direction_of

        def last_heard(agent: UUID) -> int:
            return heartbeats.last_heard(self.store.recorder.db, agent)

        def query(sql: str, tenant: UUID) -> list[dict[str, Any]]:
            return self.warehouse.query(sql, tenant)

        ports = Ports(
            query, self.covered, last_heard, lambda: all_webhooks(self.store), lambda interaction: direction_of(self.store, interaction)
        )
        return runner_of_all(self.bus, ports, self._leadership(), [self.webhook_sender])

    @cached_property
    def webhook_sender(self) -> WebhookSender:
        """Posts the messages of webhooks while this process leads."""
        from processes.webhook_posts import Poster
        from processes.webhook_sender import WebhookSender

        return WebhookSender(self.bus, Poster(self.destinations))

    def _leadership(self) -> Leadership | None:
        """The leadership that lets one process at a time run them; None if there is only one process."""
        return None

    @cached_property
    def sounds(self) -> Sounds:
        """What callers of IVRs hear."""
        from sounds.folder import Sounds
        from sounds.speech import CommandSpeech

        settings = self._settings
        seen_at = settings.agi.sounds if settings.agi else None
        return Sounds(settings.sounds or self.directory / SOUNDS, CommandSpeech(settings.speech), seen_at)

    @cached_property
    def imports(self) -> Imports:
        """What the API takes in from files, in this process."""
        from imports.running import Imports

        return Imports(self, alone=self.ALONE)

    @cached_property
    def process_metrics(self) -> ProcessMetrics:
        """Prometheus metrics of the process managers."""
        from processes.metrics import ProcessMetrics

        return ProcessMetrics(self.processes, self.store.head, self.webhook_sender.figures)

    @cached_property
    def asterisk_metrics(self) -> AsteriskMetrics:
        """Prometheus metrics of the Asterisks that this process follows."""
        from telephony_adapter.metrics import AsteriskMetrics

        return AsteriskMetrics()

    def collectors(self) -> Sequence[Collector]:
        """Additional Prometheus collectors for an API in this process."""
        return ()

    def settle(self, say: Callable[[], object] = lambda: None) -> None:
        """Wait until the process managers have processed everything that is saved now, so that figures can cover it. Raises ProcessStopped."""
        self.processes.catch_up(self.store.end(), say)

    @abstractmethod
    def rebuild(self, say: Callable[[int, int], object]) -> int:
        """Fold every projection anew beside the old ones, which are read meanwhile, and swap them. Returns the position reached. say: as for `cover`."""

    @abstractmethod
    def close(self) -> None:
        """Close everything that was opened. All changes are saved."""

    @cached_property
    def token_secret(self) -> str:
        """The secret that signs access tokens: from the settings, else from a file made at first start."""
        return self._settings.token_secret or kept_secret(made(self.directory) / TOKEN_FILE)

    @property
    def public_url(self) -> str:
        """The address at which people reach the API; "" if the settings have none."""
        return self._settings.public_url

    @property
    def password_policy(self) -> PasswordPolicy:
        """The rule that new passwords follow."""
        return self._settings.password_policy

    @property
    def phone_addresses(self) -> Mapping[str, str]:
        """Where browsers reach the Asterisk of a company by SIP over WebSocket, by the company's name; "" is the oldest company."""
        return {asterisk.company: asterisk.phone for asterisk in self._settings.asterisks if asterisk.phone}

    @property
    def cors_origins(self) -> Sequence[str]:
        """The origins of other web pages that may use the API."""
        return self._settings.cors_origins

    @cached_property
    def queries(self) -> QueryBus:
        """The query bus, which runs all queries."""
        from projections.query_bus import QueryBus

        return QueryBus(self)

    def must_have_room(self) -> None:
        """Raises NoRoom or WarehouseFull while nothing can be written to a disk that this process writes to."""
        self.store.recorder.db.must_have_room()

    def covered(self) -> int:
        """The log position that the projections cover."""
        return self.progress.position

    def cover(self, position: int, say: Callable[[int, int], object]) -> None:
        """Wait until the projections cover `position`. say: called with how many events are done, and of how many. Raises ProjectionsStopped."""
        began = reached = self.progress.position
        moved = monotonic()
        while not self.progress.wait(position, _STEP_S):
            now = self.progress.position
            if now != reached:
                reached, moved = now, monotonic()
            elif monotonic() - moved > self.STANDSTILL_S:
                raise ProjectionsStopped(
                    f"the figures cover position {reached} of {position}, and no relay or worker seems to run (`atende relay`, "
                    "`atende worker`); all that was saved stays saved"
                )
            say(reached - began, position - began)


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


class Held:
    """A center that this process may open: in a data directory that it holds, or on servers. It is opened when it is first used, so that a damaged one can be inspected.

    url: the address at which its API is, or would be, served. public_url: the address for people, if the settings have one.
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
    """The servers of the settings, whose tables `atende migrate` has made. directory: for secrets that the settings do not have."""
    return OnServers(directory, settings.store_url, settings.keys_url, makes_tables=False)


def is_data_directory(directory: Path) -> bool:
    """Whether a center was ever opened there, even if its log was removed since."""
    return InDirectory(directory).exists()


@contextmanager
def reach(directory: Path, settings: Settings) -> Iterator[Held]:
    """The center of the settings: in `directory`, which is held meanwhile, or on servers, which are not held.

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
    """Lock `directory` against other processes until this one is done or ends. It is created if it is missing.

    moved: allow a directory whose center was moved to servers; otherwise that is refused, because its events would be missing there.
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
    """Open the center of `directory`, which this process holds meanwhile. Raises DirectoryHeld."""
    with reach(directory, settings or Settings()) as held:
        yield held.center
