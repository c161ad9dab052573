"""The limits of the HTTP server itself, over real connections."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from api.body_limit import STREAMED
from api.http_connections import Connections
from api.http_server import HEADER_BYTES, LINGER_BYTES, LimitedProtocol, ServerLimits, limited, limits_of
from api.response_headers import security_headers
from tests.kit.waiting import within

DEADLINE_S = 20
SOON_S = 0.3
"""The times of these servers, instead of 10 s and 60 s."""


async def _read(request):
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _take(request):
    request.scope[STREAMED] = True
    return PlainTextResponse(f"{len([part async for part in request.stream() if part])} parts")


async def _early(_):
    return PlainTextResponse("early", 413)


async def _enough(_):
    return PlainTextResponse("enough", 413, {"Connection": "close"})


async def _stream(request):
    async def parts():
        yield "first\n"
        await asyncio.to_thread(request.app.state.go_on.wait)
        yield "last\n"

    return StreamingResponse(parts())


async def _endless(request):
    async def parts():
        while not request.app.state.go_on.is_set():
            yield b"x" * 65_536
        yield b"last"

    return StreamingResponse(parts())


@contextmanager
def serving(**limits):
    routes = [Route(f"/{one.__name__[1:]}", one, methods=["GET", "POST"]) for one in (_read, _take, _early, _enough, _stream, _endless)]
    app = Starlette(routes=routes)
    app.state.go_on = threading.Event()
    known = ServerLimits(**{"connections": Connections(100, 100), "headers_s": SOON_S, "body_s": SOON_S, "stalled_s": SOON_S, **limits})
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=limited(known), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + DEADLINE_S
    while not server.started:
        assert time.monotonic() < end
        thread.join(0.01)
    server.app = app
    server.address = server.servers[0].sockets[0].getsockname()
    try:
        yield server
    finally:
        app.state.go_on.set()
        server.should_exit = True
        thread.join()


@contextmanager
def connected(server, said=b""):
    with socket.create_connection(server.address, timeout=DEADLINE_S) as client:
        client.sendall(said)
        yield client


def read_all(client) -> bytes:
    """Everything until the server closes the connection, or has reset it."""
    try:
        return b"".join(iter(partial(client.recv, 65_536), b""))
    except ConnectionResetError:
        return b""


def read_until(client, words: bytes) -> None:
    said = b""
    while words not in said:
        part = client.recv(1_000)
        assert part, said
        said += part


def answer(server, said: bytes) -> bytes:
    with connected(server, said) as client:
        return read_all(client)


def read(path: bytes = b"/read", more: bytes = b"", method: bytes = b"GET") -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n" + more + b"\r\n"


CLOSE = b"Connection: close\r\n"


@pytest.mark.parametrize("said", [b"", b"GE", b"GET /read HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"\r\n"])
def test_headers_that_do_not_come_in_time_end_the_connection(said):
    with serving() as server:
        assert answer(server, said).startswith(b"HTTP/1.1 408 ")


def test_headers_that_trickle_in_do_not_win_time():
    with serving() as server, connected(server, b"GET /read HTTP/1.1\r\n") as client:
        client.settimeout(SOON_S / 10)
        said, end = b"", time.monotonic() + DEADLINE_S
        while not said and time.monotonic() < end:
            client.sendall(b"X: y\r\n")
            try:
                said = client.recv(1_000)
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in said


@pytest.mark.parametrize("piece", [b"a", b"b: c\r\nX: "])
def test_headers_after_a_chunked_body_are_limited_as_those_before_it(piece):
    trailers = b"0\r\nX: " + piece * (HEADER_BYTES // len(piece) + 9)
    with serving(body_s=DEADLINE_S) as server:
        said = read(more=b"Transfer-Encoding: chunked\r\n", method=b"POST") + b"2\r\n{}\r\n"
        assert answer(server, said + trailers).startswith(b"HTTP/1.1 431 ")
        assert b"\r\n\r\n3000 bytes" in answer(
            server, read(more=CLOSE + b"Transfer-Encoding: chunked\r\n", method=b"POST") + b"1\r\na\r\n" * 3_000 + b"0\r\nX: y\r\n\r\n"
        )


def test_a_second_request_has_its_own_time():
    with serving() as server, connected(server, read()) as client:
        assert client.recv(1_000).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"GET /rea")
        assert read_all(client).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_does_not_come_in_time_ends_the_connection():
    with serving() as server:
        assert answer(server, read(more=b"Content-Length: 10\r\n", method=b"POST") + b"half").startswith(b"HTTP/1.1 408 ")


def test_a_streamed_body_has_the_time_for_each_of_its_parts():
    with serving() as server, connected(server, read(b"/take", b"Content-Length: 1000\r\n" + CLOSE, b"POST")) as client:
        client.settimeout(SOON_S / 10)
        sent, end = 0, time.monotonic() + 3 * SOON_S
        while time.monotonic() < end:
            client.sendall(b"x")
            sent += 1
            with pytest.raises(TimeoutError):
                client.recv(1_000)
        client.settimeout(DEADLINE_S)
        client.sendall(b"x" * (1_000 - sent))
        assert read_all(client).startswith(b"HTTP/1.1 200 ")
    with serving() as server:
        assert answer(server, read(b"/take", b"Content-Length: 10\r\n", b"POST") + b"half").startswith(b"HTTP/1.1 408 ")


def test_a_body_that_nobody_waits_for_ends_the_connection_too():
    with serving() as server:
        said = answer(server, read(b"/early", b"Content-Length: 10\r\n", b"POST") + b"half")
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"408" not in said


@pytest.mark.parametrize("path", [b"/early", b"/enough"])
def test_the_rest_of_a_body_that_nobody_waits_for_has_little_time(path):
    with serving(headers_s=DEADLINE_S, body_s=DEADLINE_S, linger_s=SOON_S) as server:
        began = time.monotonic()
        said = answer(server, read(path, b"Content-Length: 10\r\n", b"POST") + b"half")
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"408" not in said
        assert time.monotonic() - began < DEADLINE_S


@pytest.mark.parametrize("path", [b"/early", b"/enough"])
def test_little_is_read_of_the_rest_of_a_body_that_nobody_waits_for(path):
    said = read(path, b"Content-Length: 1000000000\r\n", b"POST")
    with serving(headers_s=DEADLINE_S, body_s=DEADLINE_S, linger_s=DEADLINE_S) as server, connected(server, said) as client:
        read_until(client, b"\r\n\r\n")
        # What the kernel holds for both ends comes on top.
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            client.sendall(b"x" * 50 * LINGER_BYTES)


def test_a_client_that_sends_all_before_it_reads_gets_the_answer_that_did_not_wait_for_the_body():
    said = read(b"/enough", b"Content-Length: 900000\r\n", b"POST")
    with serving(headers_s=DEADLINE_S, body_s=DEADLINE_S, linger_s=DEADLINE_S) as server, connected(server, said) as client:
        for _ in range(9):
            client.sendall(b"x" * 100_000)
        assert b"\r\n\r\nenough" in read_all(client)


def test_a_connection_is_not_kept_after_a_body_that_nobody_waited_for():
    with serving() as server, connected(server, read(b"/early", b"Content-Length: 4\r\n", b"POST")) as client:
        assert client.recv(1_000).startswith(b"HTTP/1.1 413 ")
        client.sendall(b"rest")
        assert read_all(client).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "headers",
    [b"X-Large: " + b"x" * HEADER_BYTES + b"\r\n", b"".join(b"X-%d: many\r\n" % n for n in range(5_000))],
    ids=["one", "many"],
)
@pytest.mark.parametrize("whole", [True, False])
def test_large_headers_are_refused_whole_or_not(headers, whole):
    with serving(headers_s=DEADLINE_S) as server:
        said = b"GET /read HTTP/1.1\r\nHost: x\r\n" + headers + (b"\r\n" if whole else b"")
        with connected(server) as client:
            for start in range(0, len(said), 8_192):
                try:
                    client.sendall(said[start : start + 8_192])
                except OSError:
                    break
            assert read_all(client)[:13] in (b"HTTP/1.1 431 ", b"")
        assert answer(server, read(more=CLOSE)).startswith(b"HTTP/1.1 200 ")


def test_headers_below_the_limit_and_a_larger_body_in_one_piece_are_taken():
    with serving() as server:
        more = b"X-Large: " + b"x" * (HEADER_BYTES - 200) + b"\r\nContent-Length: 60000\r\n" + CLOSE
        assert answer(server, read(more=more, method=b"POST") + b"x" * 60_000).endswith(b"60000 bytes")


def test_what_is_no_http_is_refused_as_a_problem():
    with serving() as server:
        said = answer(server, b"\x16\x03\x01 hello\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"urn:problem-type:atende:malformed" in said


def headers_of(said: bytes) -> dict[str, str]:
    lines = said.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def refusals(server):
    """Every refusal that the protocol itself writes, by its status."""
    large = b"X-Large: " + b"x" * (HEADER_BYTES + 1) + b"\r\n"
    yield b"408", answer(server, b"GE")
    yield b"400", answer(server, b"\x16\x03\x01 hello\r\n\r\n")
    yield b"431", answer(server, read(more=large))
    with connected(server, read(b"/stream")) as stream:
        read_until(stream, b"200 OK")
        yield b"503", answer(server, b"")


@pytest.mark.parametrize("by_tls", [False, True])
def test_each_refusal_of_the_protocol_is_a_problem_with_the_headers_of_every_response(by_tls):
    with serving(connections=Connections(100, 1), is_public_by_tls=by_tls) as server:
        for status, said in refusals(server):
            assert said.startswith(b"HTTP/1.1 " + status), said
            headers = headers_of(said)
            assert headers["content-type"] == "application/problem+json"
            assert UUID(headers["request-id"])
            for name, value in security_headers(is_by_tls=by_tls, is_private=True).items():
                assert headers[name.lower()] == value, (status, name)
            assert ("strict-transport-security" in headers) == by_tls


def test_a_stream_outlives_every_limit_of_time():
    with serving() as server, connected(server, read(b"/stream", CLOSE)) as client:
        assert answer(server, b"").startswith(b"HTTP/1.1 408 ")
        assert answer(server, b"").startswith(b"HTTP/1.1 408 ")
        server.app.state.go_on.set()
        assert b"last" in read_all(client)


def test_a_stream_outlives_half_a_request_behind_it():
    with serving() as server, connected(server, read(b"/stream") + b"GET /re") as client:
        assert answer(server, b"").startswith(b"HTTP/1.1 408 ")
        assert answer(server, b"").startswith(b"HTTP/1.1 408 ")
        server.app.state.go_on.set()
        said = read_all(client)
        assert said.index(b"last") < said.index(b"HTTP/1.1 408 ")


def test_a_client_that_takes_nothing_of_an_answer_is_cut_off_and_a_slow_one_is_not():
    connections = Connections(100, 100)
    with serving(connections=connections) as server, socket.socket() as idle, socket.socket() as slow:
        for client in (idle, slow):
            client.settimeout(DEADLINE_S)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.connect(server.address)
            client.sendall(read(b"/endless", CLOSE))
        within(lambda: len(connections) == 2, DEADLINE_S)
        end = time.monotonic() + DEADLINE_S
        while len(connections) == 2 and time.monotonic() < end:
            assert slow.recv(16_384)
        assert len(connections) == 1
        server.app.state.go_on.set()
        assert b"last" in read_all(slow)


def test_connections_of_one_client_too_many_are_closed_the_oldest_first_and_a_stream_stays():
    with serving(connections=Connections(100, 3), headers_s=DEADLINE_S) as server, connected(server, read(b"/stream", CLOSE)) as stream:
        read_until(stream, b"first")
        with connected(server) as first, connected(server), connected(server):
            assert read_all(first) == b""
        server.app.state.go_on.set()
        assert b"last" in read_all(stream)


def test_a_client_with_answers_on_all_its_connections_gets_503():
    with serving(connections=Connections(100, 1)) as server, connected(server, read(b"/stream")) as stream:
        assert stream.recv(1_000).startswith(b"HTTP/1.1 200 ")
        said = answer(server, b"")
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"urn:problem-type:atende:too-many-connections" in said


def test_a_trusted_proxy_has_the_connections_of_many_clients():
    limits = {"connections": Connections(100, 1), "trusted_proxies": ("127.0.0.0/8",)}
    with serving(**limits) as server, connected(server, read(b"/stream")), connected(server, read(more=CLOSE)) as other:
        assert read_all(other).startswith(b"HTTP/1.1 200 ")


def test_headers_have_ten_seconds_and_a_body_has_sixty(monkeypatch):
    known = limits_of(100, ())
    assert (known.headers_s, known.body_s, known.stalled_s) == (10, 60, 60)
    waits = []
    own = LimitedProtocol._wait_for

    def noted(protocol, what, seconds):
        waits.append((what, seconds))
        own(protocol, what, seconds)

    monkeypatch.setattr(LimitedProtocol, "_wait_for", noted)
    with (
        serving(headers_s=known.headers_s, body_s=known.body_s) as server,
        connected(server, b"POST /read HTTP/1.1\r\nHost: x\r\n") as client,
    ):
        within(lambda: ("headers", 10) in waits)
        assert ("body", 60) not in waits
        client.sendall(b"Content-Length: 2\r\n\r\n1")
        within(lambda: ("body", 60) in waits)
