"""Only the Asterisks of a company hand over its calls."""

from __future__ import annotations

import pytest

from telephony_adapter.agi.admission import is_admitted


@pytest.mark.parametrize(
    ("peer", "hosts", "networks", "admitted"),
    [
        ("10.0.0.5", ["10.0.0.5"], (), True),
        ("::ffff:10.0.0.5", ["10.0.0.5"], (), True),
        ("10.0.0.6", ["10.0.0.5"], (), False),
        ("127.0.0.1", ["localhost"], (), True),
        ("10.0.0.6", ["no.such.host.invalid"], (), False),
        ("10.0.0.6", [], (), False),
        ("10.0.0.6", [], ("10.0.0.0/24",), True),
        ("::ffff:10.0.0.6", [], ("10.0.0.0/24",), True),
        ("10.0.1.6", [], ("10.0.0.0/24", "fd00::/8"), False),
        ("fe80::1%eth0", [], ("fe80::/10",), True),
    ],
)
def test_a_connection_is_admitted_from_a_host_of_the_company_or_a_network_of_the_setting(
    peer: str, hosts: list[str], networks: tuple[str, ...], admitted: bool
) -> None:
    assert is_admitted(peer, hosts, networks) is admitted
