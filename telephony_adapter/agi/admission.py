"""Who may hand over calls: FastAGI has no login, so the address from which a connection comes decides."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


class NotAdmitted(Exception):
    """The connection comes from no Asterisk of the company."""


def is_admitted(peer: str, hosts: Iterable[str], networks: Sequence[str] = ()) -> bool:
    """Whether a connection from `peer` (an address) comes from one of the `hosts` (names or addresses), or from one of the `networks`.

    Asks the name server: call it in a thread.
    """
    address = _plain(peer)
    if any(address in ip_network(network) for network in networks):
        return True
    return any(address == found for host in hosts for found in _addresses(host))


def _plain(address: str) -> IPv4Address | IPv6Address:
    """An address; an IPv4 one in the form of IPv6 as what it is."""
    found = ip_address(address.partition("%")[0])
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _addresses(host: str) -> set[IPv4Address | IPv6Address]:
    with suppress(OSError):
        return {_plain(str(info[4][0])) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return set()
