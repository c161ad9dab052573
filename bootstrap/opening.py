"""Open a center: lock its data directory, or reach its servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path

from bootstrap.center import Center
from bootstrap.distributed import Distributed
from bootstrap.embedded import Embedded
from bootstrap.locations import location
from settings import Settings
from store.data_directory import Unusable, locked
from store.store_migration import note_left


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


@contextmanager
def reach(directory: Path, settings: Settings) -> Iterator[Held]:
    """The center of the settings: in `directory`, which is held meanwhile, or on servers, which are not held.

    Raises DirectoryHeld, Unusable.
    """
    if settings.mode == "embedded":
        with hold(directory, settings) as held:
            yield held
        return
    with closing(Held(directory, settings)) as held:
        yield held


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
        with closing(Held(directory, settings)) as held:
            yield held


@contextmanager
def open_center(directory: Path, settings: Settings | None = None) -> Iterator[Center]:
    """Open the center of `directory`, which this process holds meanwhile. Raises DirectoryHeld."""
    with reach(directory, settings or Settings()) as held:
        yield held.center
