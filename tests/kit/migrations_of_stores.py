"""A process that moves a store in small steps: `python -m tests.kit.migrations_of_stores DIRECTORY SERVERS_DIRECTORY STORE_URL`, to be killed at any moment."""

from __future__ import annotations

import sys
from pathlib import Path

from store import key_backup as copying
from store import store_migration as moving
from store.storage_location import InDirectory, OnServers


def main(words: list[str]) -> None:
    """Write each step."""
    source, directory, store = words
    moving._AT_ONCE = 40
    copying.AT_ONCE = 20
    master = (Path(source) / "master.key").read_text()
    moving.move(InDirectory(Path(source)), OnServers(Path(directory), store), master, say)
    say("done")


def say(*step: object) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
