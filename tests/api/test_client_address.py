"""Who is one client for limits."""

import pytest

from api.client_address import client_of, client_of_scope


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("192.0.2.7", "::ffff:192.0.2.7"),
    ],
)
def test_addresses_of_one_customer_are_one_client(one, other):
    assert client_of(one) == client_of(other)


@pytest.mark.parametrize(("one", "other"), [("2001:db8:1:2::1", "2001:db8:1:3::1"), ("192.0.2.7", "192.0.2.8"), ("proxy", "")])
def test_other_addresses_are_other_clients(one, other):
    assert client_of(one) != client_of(other)


def test_a_unix_socket_has_no_client():
    assert client_of_scope(None) == ""
