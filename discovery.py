"""Find the slices of a package: to add a slice, add its module. No list elsewhere names it.

A module declares its parts by an attribute of a fixed name (`router`, `FOLDS` ...); the code that puts the slices together reads
that attribute. The order is that of the modules' names, the same in every process.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any


@cache
def modules(package: str) -> tuple[ModuleType, ...]:
    """All modules below a package, imported, in the order of their names."""
    root = import_module(package)
    names = sorted(found.name for found in pkgutil.walk_packages(root.__path__, f"{package}."))
    return tuple(import_module(name) for name in names)


def found(package: str, attribute: str) -> dict[str, Any]:
    """The values of `attribute` in the modules of a package, by the modules' names, in their order."""
    return {module.__name__: vars(module)[attribute] for module in modules(package) if attribute in vars(module)}
