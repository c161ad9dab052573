"""Stores of each backend."""

from __future__ import annotations

from tests.kit.stores import location, on_server, own_database

__all__ = ["location", "on_server", "own_database"]
