"""A process that restores a log in small steps: `python -m tests.kit.restoring DIRECTORY STORE_URL MASTER_KEY KAFKA TOPICS KEYS`, to be killed at any moment."""

from __future__ import annotations

import sys
from pathlib import Path

from store.storage_location import OnServers
from streams import bulk
from streams.restore import Source, restore


def main(words: list[str]) -> None:
    """Write each step."""
    directory, store, master, kafka, topics, keys = words
    bulk.AT_ONCE = 40
    restore(OnServers(Path(directory), store), master, Source(kafka, topics, Path(keys)), say)


def say(*step: object) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
