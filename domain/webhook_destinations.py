"""Where webhooks may go: to servers on the public internet by https, and to networks that the operator allows.

Without this rule whoever may create a webhook could reach servers of the operator's own network through Atende.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from unicodedata import normalize
from urllib.parse import urlsplit

from domain.errors import InvalidField

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC = tuple(map(ip_network, ("192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10", "::/96")))
"""Networks that releases of Python call public, and that lead to an IPv4 address behind a translator (NAT64, 6to4, Teredo) or nowhere."""

_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", re.IGNORECASE)


@dataclass(frozen=True)
class Destinations:
    """The networks that the operator allows besides the public internet (ATENDE_WEBHOOK_ALLOW). Plain http is allowed to these alone."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> Destinations:
        """These networks, as texts: `10.20.0.0/16`. Raises ValueError."""
        return cls(tuple(ip_network(network) for network in networks))

    def may_post_to(self, address: Address, scheme: str) -> bool:
        """Whether a message may be posted to this address."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return self.may_post_to(address.ipv4_mapped, scheme)
        if any(address in network for network in self.allowed):
            return True
        return scheme == "https" and _is_public(address)

    def must_accept(self, url: str) -> None:
        """Refuse (InvalidField) a URL to which nothing could be posted, as far as it shows without looking up its host."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise InvalidField("url", "this is not a URL") from error
        if parts.scheme == "http" and not self.allowed:
            raise InvalidField("url", "a webhook goes by https")
        try:
            address = ip_address(parts.hostname or "")
        except ValueError:
            if _is_number(parts.hostname or ""):
                raise InvalidField(
                    "url", "an IP address is four numbers from 0 to 255 with points between them, or an IPv6 address"
                ) from None
            return
        if not self.may_post_to(address, parts.scheme):
            raise InvalidField("url", "a webhook goes to no private or reserved address")


def _is_number(host: str) -> bool:
    """Whether systems take the host for an IPv4 address, though it is not written as one: `127.1`, `0x7f.1`, `2130706433`."""
    return _NUMBERS.fullmatch(normalize("NFKC", host).removesuffix(".")) is not None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC)
    )
