"""A store of its own, and a command bus with a clock that stands still."""

from __future__ import annotations

from tests.kit.buses import door, store
from tests.kit.stores import on_server, own_database, place

__all__ = ["door", "on_server", "own_database", "place", "store"]
