"""Look up the hosts of webhooks, so that the slow name servers of one company hold up nobody else."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from uuid import UUID

from domain.webhook_destinations import Address

TIMEOUT_S = 5.0
"""The longest wait for the addresses of a host, for a free thread too."""

THREADS_OF_A_COMPANY = 2
"""A thread goes on until the system's resolver gives up, long after nobody waits for it any more: a company with slow name servers waits for its own."""


class TooSlow(OSError):
    """The addresses of a host were not found in time."""


def addresses_of(host: str, port: int) -> Sequence[Address]:
    """The addresses of a host, by the system's resolver. Blocks. Raises OSError."""
    return [ip_address(found[4][0]) for found in getaddrinfo(host, port, type=SOCK_STREAM)]


class NameLookups:
    """Looks up hosts in a few threads for each company. None of them is a thread of the event loop, by which the store is read and written."""

    def __init__(self, resolve: Callable[[str, int], Sequence[Address]] = addresses_of, timeout_s: float = TIMEOUT_S) -> None:
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._threads: defaultdict[UUID, ThreadPoolExecutor] = defaultdict(
            partial(ThreadPoolExecutor, THREADS_OF_A_COMPANY, "webhook-names")
        )

    async def look_up(self, company: UUID, host: str, port: int) -> Sequence[Address]:
        """The addresses of a host. Raises OSError; TooSlow after `timeout_s` seconds."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.get_running_loop().run_in_executor(self._threads[company], self._resolve, host, port)
        except TimeoutError:
            raise TooSlow(f"the addresses of the host were not found within {self._timeout_s:g} s") from None
