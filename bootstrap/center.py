"""The wired layers of one center, however they are opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import discovery
from commands.command_bus import Clock, CommandBus
from domain.webhook_destinations import Destinations
from projections.engine.progress import Following, ProjectionsStopped
from settings import PasswordPolicy, Settings
from store import heartbeats
from store.data_directory import kept_secret
from store.disk_reserve import DiskReserve
from store.event_store import Store
from store.media import MediaFolder, SealedMedia
from store.storage_location import StorageLocation, made

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from imports.running import Imports
    from processes.metrics import ProcessMetrics
    from processes.runner import Leadership, ProcessRunner
    from processes.webhook_posts import Poster
    from processes.webhook_sender import WebhookSender
    from projections.engine.tail import LogTail
    from projections.engine.warehouse import Warehouse
    from projections.query_bus import QueryBus
    from sounds.children import Children
    from sounds.folder import Sounds
    from telephony_adapter.metrics import AsteriskMetrics

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
        from projections.queries.webhooks import all_webhooks, known_before

        def last_heard(agent: UUID) -> int:
            return heartbeats.last_heard(self.store.recorder.db, agent)

        def query(sql: str, tenant: UUID) -> list[dict[str, Any]]:
            return self.warehouse.query(sql, tenant)

        ports = Ports(query, self.covered, last_heard, lambda: all_webhooks(self.store), lambda event: known_before(self.store, event))
        return runner_of_all(self.bus, ports, self._leadership(), [self.webhook_sender])

    @cached_property
    def webhook_sender(self) -> WebhookSender:
        """Posts the messages of webhooks while this process leads."""
        from processes.webhook_sender import WebhookSender

        return WebhookSender(self.bus, self.webhook_poster)

    @cached_property
    def webhook_poster(self) -> Poster:
        """Posts messages to receivers of webhooks."""
        from processes.webhook_posts import Poster

        return Poster(self.destinations)

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
        speech = CommandSpeech(settings.speech, children=self.sound_programs)
        return Sounds(settings.sounds or self.directory / SOUNDS, speech, seen_at, self.sound_programs)

    @cached_property
    def sound_programs(self) -> Children:
        """The programs that make what callers hear."""
        from sounds.children import Children

        return Children()

    @cached_property
    def reserve(self) -> DiskReserve:
        """Room that files leave free on the disk of the data directory."""
        return DiskReserve(self.directory, self._settings.disk_reserve_mib << 20)

    def stop(self) -> None:
        """The process is going to end: tell whatever takes long. `close` waits for it."""
        if "imports" in self.__dict__:
            self.imports.stop()
        if "sounds" in self.__dict__:
            self.sound_programs.end_all()

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
    def user_requests(self) -> int:
        """Requests a minute that one user may send to a process, and one screen."""
        return self._settings.user_requests

    @property
    def password_policy(self) -> PasswordPolicy:
        """The rule that new passwords follow."""
        return self._settings.password_policy

    @property
    def phone_addresses(self) -> Mapping[str, str]:
        """Where browsers reach the Asterisk of a company by SIP over WebSocket, by the company's name; "" is the oldest company."""
        return {asterisk.company: asterisk.phone for asterisk in self._settings.asterisks if asterisk.phone}

    @property
    def given_phones(self) -> Mapping[str, Sequence[str]]:
        """Patterns of the telephones that agents may choose, by the company's name; "" is the oldest company."""
        given: dict[str, tuple[str, ...]] = {}
        for asterisk in self._settings.asterisks:
            given[asterisk.company] = given.get(asterisk.company, ()) + asterisk.phones
        return given

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
