"""What is dear, though few tests are about it: the hash of a password, and the tables of a new warehouse."""

from __future__ import annotations

import atexit
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from unittest.mock import patch

from argon2 import PasswordHasher

import commands.passwords
from bootstrap import Embedded
from bootstrap.embedded import WAREHOUSE
from projections.engine.chdb_warehouse import ChdbWarehouse

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

_MAKE = "import sys; from pathlib import Path; from bootstrap import Embedded; from settings import Settings; c = Embedded(Path(sys.argv[1]), Settings()); c.warehouse; c.close()"


@contextmanager
def cheap() -> Iterator[None]:
    """Hash passwords quickly, and give new data directories a copy of the tables that the migrations make."""
    opened: Callable[[Embedded], ChdbWarehouse] = Embedded.__dict__["warehouse"].func

    def warehouse(center: Embedded) -> ChdbWarehouse:
        if not (center.directory / WAREHOUSE).exists():
            copytree(_empty(), center.directory / WAREHOUSE, symlinks=True)
        return opened(center)

    copied = cached_property(warehouse)
    copied.__set_name__(Embedded, "warehouse")
    with ExitStack() as patches:
        patches.enter_context(patch.object(commands.passwords, "HASHER", _CHEAP))
        patches.enter_context(patch.object(Embedded, "warehouse", copied))
        yield


@cache
def _empty() -> Path:
    """A warehouse without rows. Another process makes it, because this one may have a warehouse open."""
    directory = Path(mkdtemp(prefix="empty-"))
    atexit.register(rmtree, directory, ignore_errors=True)
    subprocess.run([sys.executable, "-c", _MAKE, directory], check=True)
    return directory / WAREHOUSE
