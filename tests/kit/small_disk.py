"""A small disk in memory that a test can fill: only for root, elsewhere the test is skipped, and in CI it fails."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.servers import missing

_CHUNK = 64 * 1024


class SmallDisk:
    """A mounted disk of a few megabytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Take all the room that is left."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (_CHUNK, 512, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_read_only(self) -> None:
        """From now on nothing can be written, as on a backup's medium."""
        subprocess.run(["mount", "-o", "remount,ro", self.path], check=True)

    def make_room(self) -> None:
        """Give back what was taken."""
        self._ballast.unlink()


@contextmanager
def small_disk(path: Path, size: str = "160m") -> Iterator[SmallDisk]:
    """A disk mounted at `path`, which is made."""
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path], check=False).returncode:
        missing("only root may mount a small disk")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
