"""What `backup-keys`, `move` and `restore` share: they copy whole logs and key stores from one storage location to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bootstrap import location
from cli.console import Console, Mistake
from settings import Settings
from store.chain import Head
from store.key_backup import NoBackup
from store.log_restore import NotTheSameLog, Occupied
from store.storage_location import OnServers

_HEAD = re.compile(r"(\d{1,18}):([0-9a-fA-F]{64})")


def head(text: str) -> Head:
    """The head that an operator writes as POSITION:HASH. Raises Mistake."""
    found = _HEAD.fullmatch(text)
    if found is None or not int(found[1]):
        raise Mistake("--head is not POSITION:HASH: a position of the log and 64 hexadecimal digits")
    return Head(int(found[1]), bytes.fromhex(found[2]))


def written(noted: Head) -> str:
    """A head as `head` reads it."""
    return f"{noted.position}:{noted.hash.hex()}"


@contextmanager
def one_line() -> Iterator[None]:
    """Report in one line what exists already or is in use."""
    try:
        yield
    except (NoBackup, NotTheSameLog, Occupied) as refused:
        raise Mistake(str(refused)) from refused


def servers(settings: Settings, command: str) -> OnServers:
    """The servers to which `command` writes. Raises Mistake where the settings name none."""
    found = location(settings.data, settings)
    if not isinstance(found, OnServers):
        raise Mistake(f"`atende {command}` writes to servers, and the settings name none: ATENDE_MODE=distributed")
    return found


def progress_of(console: Console) -> Callable[[str, int, int], None]:
    """A function that shows on `console` how much is copied."""

    def progress(what: str, done: int, total: int) -> None:
        console.progress(what, done, total, "rows" if what in {"keys", "receipts"} else "events")

    return progress
