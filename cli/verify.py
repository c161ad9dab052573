"""`verify`: prove that the log is what was written."""

from __future__ import annotations

from cli.console import Console
from store.storage_location import StorageLocation


def tampered(location: StorageLocation, console: Console) -> bool:
    """Walk the hash chain of the whole log, and report whether it is what was written."""
    verdict = location.verify()
    if verdict.flaw is not None:
        console.out(f"tampered: {verdict.flaw}; the {verdict.events} before it are proved\n")
    else:
        console.out(f"{verdict.events} events proved\n")
    return verdict.flaw is not None
