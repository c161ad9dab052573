"""Who has to go when there are too many connections."""

import resource

import pytest

from api.http_connections import Connections, most_connections


class Connection:
    def __init__(self, connections, client="a"):
        self.is_closed = False
        self.is_in = connections.add(self, client)

    def close_now(self):
        self.is_closed = True


def test_a_client_over_its_limit_loses_the_connection_that_waits_longest():
    connections = Connections(100, 3)
    first, second, third = (Connection(connections) for _ in range(3))
    connections.is_answered(first)
    assert Connection(connections).is_in
    assert [one.is_closed for one in (first, second, third)] == [False, True, False]
    assert len(connections) == 3


def test_a_client_that_is_answered_on_all_of_them_gets_no_more_and_others_do():
    connections = Connections(100, 2)
    for _ in range(2):
        connections.is_answered(Connection(connections))
    assert not Connection(connections).is_in
    assert Connection(connections, "b").is_in
    assert len(connections) == 3


def test_when_all_are_used_the_one_of_anybody_that_waits_longest_makes_room():
    connections = Connections(4, 4)
    first = Connection(connections, "a")
    others = [Connection(connections, client) for client in "bcd"]
    connections.is_answered(first)
    connections.waits(first)
    assert Connection(connections, "e").is_in
    assert [one.is_closed for one in (first, *others)] == [False, True, False, False]


def test_a_connection_that_is_answered_is_never_closed():
    connections = Connections(2, 2)
    both = [Connection(connections, client) for client in "ab"]
    for one in both:
        connections.is_answered(one)
    assert not Connection(connections, "c").is_in
    assert not any(one.is_closed for one in both)


def test_a_trusted_proxy_has_no_limit_of_its_own():
    connections = Connections(100, 2)
    assert all(Connection(connections, "").is_in for _ in range(50))


def test_nothing_is_remembered_of_clients_that_have_gone():
    connections = Connections(8, 2)
    for n in range(100):
        connection = Connection(connections, str(n))
        if n % 2:
            connections.is_answered(connection)
        connections.removed(connection)
        connections.removed(connection)
        connections.waits(connection)
    assert len(connections) == len(connections._count_of) == len(connections._waiting) == len(connections._waiting_of) == 0


@pytest.mark.parametrize(("allowed", "total", "of_one"), [(1_024, 768, 256), (256, 128, 64), (20_000, 15_000, 256), (64, 16, 8)])
def test_descriptors_are_left_for_files_and_room_for_other_clients(monkeypatch, allowed, total, of_one):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, allowed))
    assert most_connections(256) == (total, of_one)
