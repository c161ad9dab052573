"""Where the log and the keys of a center lie."""

from __future__ import annotations

from pathlib import Path

from settings import Settings
from store.storage_location import InDirectory, OnServers, StorageLocation


def location(directory: Path, settings: Settings) -> StorageLocation:
    """Where the log and the keys of a center are."""
    return on_servers(directory, settings) if settings.mode == "distributed" else InDirectory(directory)


def on_servers(directory: Path, settings: Settings) -> OnServers:
    """The servers of the settings, whose tables `atende migrate` has made. directory: for secrets that the settings do not have."""
    return OnServers(directory, settings.store_url, settings.keys_url, makes_tables=False)


def is_data_directory(directory: Path) -> bool:
    """Whether a center was ever opened there, even if its log was removed since."""
    return InDirectory(directory).exists()
