"""Room on the disk that is kept for calls: files that people send are refused before they take it."""

from __future__ import annotations

import os
from pathlib import Path

from store.database import NoRoom


class ReserveReached(NoRoom):
    """A file would take what is kept free for calls. Commands go on."""

    def __init__(self) -> None:
        super().__init__("the disk has no room for files: what is free is kept for calls")


class DiskReserve:
    """The reserve of a disk. directory: on the disk; it need not exist yet. size: bytes that stay free."""

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory
        self._size = size

    def must_leave(self, wanted: int = 0) -> None:
        """Raises ReserveReached if there is no room for so many more bytes of a file."""
        disk = os.statvfs(self._directory)
        if disk.f_bavail * disk.f_frsize < self._size + wanted:
            raise ReserveReached
