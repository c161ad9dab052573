"""Room on the disk that is kept for calls: files that people send are refused before they take it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.database import NoRoom


class ReserveReached(NoRoom):
    """A file would take what is kept free for calls. Commands go on."""

    def __init__(self) -> None:
        super().__init__("the disk has no room for files: what is free is kept for calls")


class DiskReserve:
    """The reserve of the disks that files fill. directory: on the usual one. size: bytes that stay free, of each."""

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory
        self._size = size

    @contextmanager
    def leaving(self, wanted: int, at: Path | None = None) -> Iterator[None]:
        """Write so many bytes of a file in the block, below a folder that need not exist yet. Raises ReserveReached, also if others fill the disk meanwhile."""
        self.must_leave(wanted, at)
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise ReserveReached from error

    def must_leave(self, wanted: int = 0, at: Path | None = None) -> None:
        """Raises ReserveReached if there is no room for so many more bytes of a file, below this folder."""
        folder = at or self._directory
        disk = os.statvfs(next(one for one in (folder, *folder.parents) if one.exists()))
        if disk.f_bavail * disk.f_frsize < self._size + wanted:
            raise ReserveReached
