"""A process that takes a lock, reports it, and keeps it until it is ended: `python -m tests.store.holding_child URL NAME`."""

from __future__ import annotations

import signal
import sys

from store.postgres_lock import ServerLock


def main(url: str, name: str) -> None:
    with ServerLock(url, name) as lock:
        sys.stdout.write(f"taken {lock.take(20)}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
