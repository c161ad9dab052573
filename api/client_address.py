"""Who is one client for limits: an address, which a proxy may have forwarded if a setting trusts it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_PREFIX_OF_A_CLIENT = 64
"""An IPv6 network of this length is the smallest that a provider gives to one customer, who can change the rest of the address at will."""


@lru_cache(maxsize=4_096)
def client_of(address: str) -> str:
    """The client to whom an address belongs: an IPv4 address is one client, as is an IPv6 /64. Any other text is itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed, _PREFIX_OF_A_CLIENT), strict=False))


def client_of_scope(client: tuple[str, int] | None) -> str:
    """The client of an ASGI scope; "" if it has none, as on a Unix socket."""
    return client_of(client[0]) if client else ""
