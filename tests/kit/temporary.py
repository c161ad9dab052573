"""Where the directories of tests are: in memory, where it has room for those of a whole run. Stores wait for the disk at every commit, and tests open thousands."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 8 * 2**30


def prefer_memory() -> None:
    """Let pytest make its temporary directories in memory, unless the user has chosen a place."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and min(shutil.disk_usage(_MEMORY).free, _available()) >= _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def _available() -> int:
    """The bytes of memory that nobody needs."""
    found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
