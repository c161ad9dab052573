"""Wires the layers together: on a data directory that one process holds, or on servers that many processes use."""

from bootstrap.center import Center
from bootstrap.distributed import Distributed
from bootstrap.embedded import Embedded
from bootstrap.locations import is_data_directory, location, on_servers
from bootstrap.opening import Held, hold, open_center, reach
from store.data_directory import DirectoryHeld, Unusable

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
