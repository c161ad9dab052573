"""Ports at which nobody listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def closed_port() -> Iterator[int]:
    """A port at which nobody listens. It stays taken until the end, so that no other process is given it."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound.getsockname()[1]
