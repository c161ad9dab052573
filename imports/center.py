"""What imports need of the center into which they take files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from commands.command_bus import CommandBus
from projections.query_bus import QueryBus
from store.disk_reserve import DiskReserve
from store.event_store import Store


class ImportingCenter(Protocol):
    """The wired layers of one center, as imports need them."""

    directory: Path
    store: Store
    bus: CommandBus

    @property
    def queries(self) -> QueryBus:
        """The query bus, which runs all queries."""

    @property
    def reserve(self) -> DiskReserve:
        """Room that files leave free on the disk of the data directory."""

    def covered(self) -> int:
        """The log position that the projections cover."""

    def cover(self, position: int, say: Callable[[int, int], object]) -> None:
        """Wait until the projections cover `position`. say: called with how many events are done, and of how many. Raises ProjectionsStopped."""

    def settle(self, say: Callable[[], object]) -> None:
        """Wait until the process managers have processed everything that is saved now. Raises ProcessStopped."""
