"""Webhooks go to servers of the public internet by https, and elsewhere only where the operator allows it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from domain.errors import InvalidField
from domain.webhook_destinations import Destinations

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946")
REFUSED = (
    "10.0.0.1", "172.16.3.4", "172.31.255.255", "192.168.1.1",  # private
    "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "0.1.2.3", "::",  # this machine
    "169.254.169.254", "fe80::1", "fe80::1%eth0",  # link-local: metadata of clouds
    "100.64.0.1", "100.127.255.254",  # CGNAT
    "224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1",  # multicast
    "255.255.255.255", "240.0.0.1",  # reserved
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1",  # special, documentation
    "fc00::1", "fd12::1", "fec0::1", "2001:db8::1", "100::1",  # IPv6: private, documentation, discard
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1",  # IPv4 in IPv6
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::1",  # NAT64, 6to4, Teredo
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached_by_https_alone(address: str) -> None:
    assert Destinations().may_post_to(ip_address(address), "https")
    assert not Destinations().may_post_to(ip_address(address), "http")


@pytest.mark.parametrize("address", REFUSED)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_is_not_public_is_refused(address: str, scheme: str) -> None:
    assert not Destinations().may_post_to(ip_address(address), scheme)


def test_an_allowed_network_is_reached_and_no_other() -> None:
    allowed = Destinations.of(["10.20.0.0/16"])
    for scheme in ("http", "https"):
        assert allowed.may_post_to(ip_address("10.20.3.4"), scheme)
        assert allowed.may_post_to(ip_address("::ffff:10.20.3.4"), scheme)
        assert not allowed.may_post_to(ip_address("10.21.0.1"), scheme)
    assert not allowed.may_post_to(ip_address("8.8.8.8"), "http")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "017700000001", "127.0.0.01", "8.8.2056", "1", "0x7f000001.", "\uff11\uff12\uff17.1"]
)
def test_an_address_that_is_not_written_as_one_is_refused_at_once(host: str) -> None:
    for destinations in (Destinations(), Destinations.of(["127.0.0.0/8"])):
        with pytest.raises(InvalidField) as refused:
            destinations.must_accept(f"https://{host}/x")
        assert refused.value.field == "url"


@pytest.mark.parametrize("host", ["1.example.com", "0x7f.example", "127.1.example", "a.b.c.d", "8.8.8.8"])
def test_a_name_with_numbers_in_it_is_a_name(host: str) -> None:
    Destinations().must_accept(f"https://{host}/x")


@pytest.mark.parametrize(
    "url", ["http://crm.example.com/", "https://127.0.0.1/", "https://[::1]:8443/x", "https://[::ffff:10.0.0.1]/", "https://[::1"]
)
def test_a_url_that_shows_it_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidField):
        Destinations().must_accept(url)
    Destinations().must_accept("https://crm.example.com/")
