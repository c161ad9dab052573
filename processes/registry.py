"""The registry of process managers: those that the modules of this package define."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import processes
from processes.manager import ProcessManager


@cache
def process_managers() -> tuple[type[ProcessManager[Any]], ...]:
    """All of them, in the order of their modules' names."""
    return tuple(
        kind for found in sorted(iter_modules(processes.__path__), key=lambda found: found.name) for kind in _defined_by(found.name)
    )


def _defined_by(name: str) -> list[type[ProcessManager[Any]]]:
    module: ModuleType = import_module(f"{processes.__name__}.{name}")
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ProcessManager) and value.__module__ == module.__name__ and hasattr(value, "NAME")
    ]


def names() -> tuple[str, ...]:
    """The names under which their positions are stored."""
    return tuple(kind.NAME for kind in process_managers())
