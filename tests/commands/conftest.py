"""A store of its own, and a command bus with a clock that does not advance."""

from __future__ import annotations

from tests.kit.buses import bus, store
from tests.kit.stores import location, on_server, own_database

__all__ = ["bus", "location", "on_server", "own_database", "store"]
