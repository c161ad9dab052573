"""Files below a folder, reached without following a symbolic link: what other programs write beside them leads nowhere else.

A link may be set by whoever may write into the folder, as the PBX does. The folder itself is the operator's setting, and may be reached by one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class NoPlainFile(OSError):
    """What has the name is no file of the folder: a symbolic link, a folder, a pipe, a device."""

    def __init__(self, name: str) -> None:
        super().__init__(errno.ELOOP, "is no plain file", name)


@contextmanager
def folder_in(top: Path, *names: str, mode: int | None = None) -> Iterator[int]:
    """The folder `top/name/name` as a descriptor, during the block. mode: missing ones are made, with this mode whatever the umask. Raises OSError."""
    if mode is not None and not top.exists():
        top.mkdir(parents=True, exist_ok=True)
        top.chmod(mode)
    descriptor = os.open(top, _FOLDER)
    try:
        for name in names:
            below = _below(descriptor, name, mode)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _below(folder: int, name: str, mode: int | None) -> int:
    is_made = False
    if mode is not None:
        with suppress(FileExistsError):
            os.mkdir(_single(name), mode, dir_fd=folder)
            is_made = True
    descriptor = os.open(_single(name), _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    if is_made:
        os.fchmod(descriptor, mode or 0)
    return descriptor


def open_in(folder: int, name: str) -> BinaryIO:
    """A file of the folder, to be read. Raises NoPlainFile, FileNotFoundError, OSError."""
    try:
        # Without O_NONBLOCK a pipe would be waited for.
        descriptor = os.open(_single(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NoPlainFile(name) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoPlainFile(name)
    return open(descriptor, "rb")


def open_below(top: Path, *names: str) -> BinaryIO:
    """The file `top/name/name`, to be read. Raises as `open_in`."""
    with folder_in(top, *names[:-1]) as folder:
        return open_in(folder, names[-1])


@contextmanager
def written_in(folder: int, name: str, mode: int) -> Iterator[BinaryIO]:
    """A new file that has the name, whole and on the disk, once the block has ended without an error; what had it before is replaced. Raises OSError."""
    unfinished = f"{_single(name)}.{uuid4().hex}.new"
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder), "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    finally:
        with suppress(OSError):
            os.unlink(unfinished, dir_fd=folder)


def _single(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise NoPlainFile(name)
    return name
