"""A data directory in the file system: locked by one process at a time, with secrets that only its owner can read."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "lock"
_OWNER_ALONE = 0o700


class DirectoryHeld(Exception):
    """Another process holds the data directory. `process`: its id, "" when it has just begun."""

    def __init__(self, process: str) -> None:
        super().__init__(f"the data directory is held by process {process}")
        self.process = process


class Unusable(Exception):
    """The data directory cannot be created or opened, or a server cannot be used now: one line that names it."""


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Lock `directory` for this process until the block or the process ends; create it if it is missing. Raises DirectoryHeld, Unusable."""
    try:
        directory.mkdir(mode=_OWNER_ALONE, parents=True, exist_ok=True)
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unusable(f"{directory} cannot be a data directory: {error.strerror}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DirectoryHeld(os.pread(lock, 20, 0).decode().strip()) from error
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def kept_secret(path: Path) -> str:
    """The secret in the file `path` of mode 600. It is created if it is missing."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(file, "w", encoding="ascii") as new:
        new.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")
