"""The warehouse on a server keeps the contract, and what is particular to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from clickhouse_driver import Client

from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.warehouse import WarehouseError, WarehouseUnreachable
from services.clickhouse import ClickHouse
from tests.contracts.warehouse import TABLE, TENANT, THINGS, WarehouseContract, put
from tests.kit.ports import closed_port
from tests.kit.rows import on_server as engine
from tests.kit.rows import warehouse
from tests.kit.servers import address

__all__ = ["engine", "warehouse"]


@pytest.fixture(scope="module")
def url() -> str:
    return address(ClickHouse)


class TestClickhouseWarehouse(WarehouseContract):
    pass


def served_by(url: str, **changes: str | int) -> str:
    """The address with other parts."""
    parts = urlsplit(url)
    told = {"user": parts.username, "password": parts.password, "host": parts.hostname, "port": parts.port} | changes
    return f"clickhouse://{told['user']}:{told['password']}@{told['host']}:{told['port']}/nothing"


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with closed_port() as port:
        yield port


def test_where_no_server_answers_the_error_says_where(nobody: int) -> None:
    with pytest.raises(WarehouseUnreachable, match=f"127.0.0.1:{nobody} does not answer"):
        ClickhouseWarehouse(f"clickhouse://ana:secret-word@127.0.0.1:{nobody}/rows")


def test_what_is_no_server_of_this_kind_is_said_so(nobody: int) -> None:
    """Something else answers, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hang_up() -> None:
            other.accept()[0].close()

        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()
        with pytest.raises(WarehouseUnreachable, match="does not answer"):
            ClickhouseWarehouse(f"clickhouse://127.0.0.1:{other.getsockname()[1]}/rows")
        hanging_up.join()


def test_who_lets_one_in_and_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.engine.clickhouse_warehouse._FIRST_WORDS_S", 1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(WarehouseUnreachable, match=f"127.0.0.1:{silent.getsockname()[1]} does not answer"),
    ):
        ClickhouseWarehouse(f"clickhouse://127.0.0.1:{silent.getsockname()[1]}/rows")


@pytest.mark.parametrize("changes", [{"password": "wrong-word"}, {"user": "stranger"}])
def test_who_is_refused_is_told_so_and_no_password_is_shown(url: str, changes: dict[str, str]) -> None:
    with pytest.raises(WarehouseUnreachable) as refused:
        ClickhouseWarehouse(served_by(url, **changes))
    assert f"refuses the user {changes.get('user', 'atende')}" in str(refused.value)
    assert "word" not in str(refused.value).replace("password", "").replace("Password", "")


@pytest.mark.parametrize(
    "wrong", ["", "127.0.0.1:9000", "http://127.0.0.1:9000/rows", "clickhouse://127.0.0.1:port/rows", "clickhouse:///rows"]
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(WarehouseUnreachable, match="not the address of a ClickHouse server"):
        ClickhouseWarehouse(wrong)


class Line:
    """A way to the server that can be cut, and counts how often it was taken."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.cut_at = b""
        self.taken = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.taken += 1
            pair = (client, socket.create_connection(self._server))
            self._pairs.append(pair)
            for source, target in (pair, pair[::-1]):
                thread = threading.Thread(target=self._carry, args=(source, target))
                thread.start()
                self._threads.append(thread)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while told := source.recv(65536):
                if self.cut_at and self.cut_at in told:
                    self.cut_at = b""
                    break
                target.sendall(told)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Break all connections that there are."""
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for pair in self._pairs:
            for end in pair:
                end.close()


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    opened = Line(url)
    yield opened
    opened.close()


@pytest.fixture
def far(url: str, line: Line, warehouse: ClickhouseWarehouse) -> Iterator[ClickhouseWarehouse]:
    """The same database, over a line that can be cut."""
    warehouse.execute(TABLE)
    opened = ClickhouseWarehouse(served_by(url, port=line.port), warehouse.database)
    yield opened
    opened.close()


def test_a_connection_that_broke_while_idle_is_made_anew(far: ClickhouseWarehouse, line: Line) -> None:
    put(far, {"name": "before"})
    for statement in (
        lambda: far.query(THINGS, TENANT),
        lambda: put(far, {"name": "after"}),
        lambda: far.execute("ALTER TABLE things ADD COLUMN colour String"),
    ):
        line.cut()
        statement()
    assert [row["name"] for row in far.query(THINGS, TENANT)] == ["after", "before"]


def test_a_question_and_rows_that_broke_off_in_the_middle_are_sent_once_more(far: ClickhouseWarehouse, line: Line) -> None:
    line.cut_at = b"the row that broke off"
    put(far, {"name": "the row that broke off"})
    line.cut_at = b"things FINAL"
    assert [row["name"] for row in far.query(THINGS, TENANT)] == ["the row that broke off"]


def test_a_statement_that_broke_off_in_the_middle_is_not_sent_again(far: ClickhouseWarehouse, line: Line) -> None:
    """It may have been done."""
    line.cut_at = b"ADD COLUMN"
    with pytest.raises(WarehouseUnreachable, match="does not answer"):
        far.execute("ALTER TABLE things ADD COLUMN colour String")
    assert far.query(THINGS, TENANT) == []


def test_rows_are_written_by_a_column_more_than_the_writer_knows(warehouse: ClickhouseWarehouse) -> None:
    """While a new version of Atende is being rolled out the old one goes on writing."""
    warehouse.execute(TABLE)
    put(warehouse, {"name": "before"})
    other = ClickhouseWarehouse(warehouse.url, warehouse.database)
    other.execute("ALTER TABLE things ADD COLUMN colour String DEFAULT 'blue'")
    put(warehouse, {"name": "after"})
    assert [(row["name"], row["colour"]) for row in other.query(THINGS, TENANT)] == [("after", "blue"), ("before", "blue")]
    other.close()


def test_values_cannot_be_part_of_a_statement(warehouse: ClickhouseWarehouse) -> None:
    """The server would wait for rows that never come."""
    warehouse.execute(TABLE)
    with pytest.raises(WarehouseError, match="INSERT"):
        warehouse.execute("INSERT INTO things (name) VALUES ('a')")


def test_whoever_else_uses_the_driver_gives_ids_as_it_says(warehouse: ClickhouseWarehouse) -> None:
    """What the deployment does for its own ids holds for the whole process."""
    warehouse.execute("CREATE TABLE ids (number UInt8, id UUID, other Nullable(UUID)) ENGINE = Memory")
    one, two = uuid4(), uuid4()
    with Client.from_url(f"{warehouse.url.rpartition('/')[0]}/{warehouse.database}") as other:
        other.execute("INSERT INTO ids VALUES", [[1, 2], [one, str(two)], [None, one]], columnar=True)
        assert other.execute("SELECT id, other FROM ids ORDER BY number") == [(one, None), (two, one)]
    warehouse.insert("ids", {"number": [3], "id": [two.bytes], "other": [None]})
    told = warehouse.execute("SELECT id, other FROM ids ORDER BY number")
    assert [(row["id"], row["other"]) for row in told] == [(str(one), None), (str(two), str(one)), (str(two), None)]
