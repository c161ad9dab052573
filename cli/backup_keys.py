"""`backup-keys`: a copy of the key store in a file."""

from __future__ import annotations

from pathlib import Path

from bootstrap import location
from cli.console import Console, Mistake
from cli.log_copies import one_line, written
from settings import Settings
from store.key_backup import back_up_keys


def backup_keys(directory: Path, settings: Settings, file: Path, console: Console) -> int:
    """Write the key store into a file, also while servers use it."""
    found = location(directory, settings)
    if not found.exists():
        raise Mistake(f"{found.name}: nothing was ever stored there")
    with one_line():
        noted = back_up_keys(found, file, lambda done: console.progress("keys", done, None, "rows"))
    console.out(
        f"{file} has the keys of the log up to {written(noted)}\n" if noted else f"{file} has the keys; no head of the log is noted\n"
    )
    return 0
