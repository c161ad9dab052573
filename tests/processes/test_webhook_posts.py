"""A post goes to the address that was checked, follows nothing, and waits and reads no longer than it may."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.webhook_destinations import Address, Destinations
from processes.name_lookups import NameLookups
from processes.webhook_posts import MOST_READ, Answer, Poster
from tests.processes.receiving import LOOPBACK, receiver, status

COMPANY = UUID(int=7)


def resolves(*answers: list[str]) -> Callable[[UUID, str, int], object]:
    """A resolver that gives these addresses, one list at a time, as a name server of an attacker does."""
    following = iter(answers)

    async def resolve(company: UUID, host: str, port: int) -> list[Address]:
        return [ip_address(address) for address in next(following)]

    return resolve


def post(url: str, destinations: Destinations = LOOPBACK, resolve: object = None, timeout_s: float = 10.0) -> Answer:
    more = {} if resolve is None else {"resolve": resolve}
    poster = Poster(destinations, timeout_s=timeout_s, **more)  # type: ignore[arg-type]
    return asyncio.run(poster.post(COMPANY, url, {"webhook-id": "msg_1"}, '{"a":1}'))


@pytest.mark.parametrize(("code", "error"), [(200, ""), (204, ""), (404, "refused"), (410, "refused"), (503, "refused")])
def test_only_a_2xx_counts_as_delivered(code: int, error: str) -> None:
    with receiver(status(code)) as (port, got):
        answer = post(f"http://127.0.0.1:{port}/hook?a=1")
    assert (answer.code, bool(answer.error)) == (code, bool(error))
    assert got == [("/hook?a=1", f"127.0.0.1:{port}", b'{"a":1}')]


def test_a_redirect_is_not_followed() -> None:
    with receiver(status(200)) as (other, got), receiver(status(307, Location=f"http://127.0.0.1:{other}/")) as (port, _):
        answer = post(f"http://127.0.0.1:{port}/")
    assert (answer.code, "redirect" in answer.error, got) == (307, True, [])


def test_the_host_is_reached_at_the_address_that_was_checked_and_keeps_its_name() -> None:
    """A name server that first shows an allowed address and then another one (DNS rebinding) is asked once."""
    with receiver(status(200)) as (port, got):
        answer = post(f"http://crm.example.com:{port}/", resolve=resolves(["127.0.0.1"], ["10.0.0.1"]))
    assert (answer, [host for _, host, _ in got]) == (Answer(200), [f"crm.example.com:{port}"])


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], []])
def test_a_host_that_leads_to_a_private_address_gets_nothing(addresses: list[str]) -> None:
    with receiver(status(200)) as (port, got):
        for scheme in ("http", "https"):
            answer = post(f"{scheme}://crm.example.com:{port}/", Destinations(), resolves(addresses))
            assert (answer.code, "no address" in answer.error) == (0, True)
    assert got == []


def test_an_allowed_first_address_does_not_open_the_second_try() -> None:
    """Each attempt looks the host up anew, and checks what it finds."""
    with receiver(status(200)) as (port, got):
        resolve = resolves(["127.0.0.1"], ["10.0.0.1"])
        assert post(f"http://crm.example.com:{port}/", LOOPBACK, resolve) == Answer(200)
        assert post(f"http://crm.example.com:{port}/", LOOPBACK, resolve).code == 0
    assert len(got) == 1


def test_name_servers_that_do_not_answer_are_a_failure_that_says_so() -> None:
    asked, done = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[Address]:
        asked.set()
        done.wait(20)
        return []

    try:
        answer = post("https://crm.example.com/", resolve=NameLookups(resolve, timeout_s=0.05).look_up)
    finally:
        done.set()
    assert asked.is_set()
    assert (answer.code, "not found within" in answer.error) == (0, True)


def test_a_receiver_that_answers_late_or_never_is_a_failure_in_time() -> None:
    done = threading.Event()
    with receiver(lambda _: done.wait(30) and None) as (port, _):
        answer = post(f"http://127.0.0.1:{port}/", timeout_s=0.2)
        done.set()
    assert answer == Answer(0, "no answer within 0.2 s")


def test_a_receiver_that_trickles_its_answer_is_cut_off_in_time() -> None:
    done = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not done.wait(0.01):
            handler.wfile.write(b".")

    with receiver(trickle) as (port, _):
        answer = post(f"http://127.0.0.1:{port}/", timeout_s=1.0)
        done.set()
    assert "no answer within" in answer.error


def test_an_endless_answer_is_read_to_its_limit_only() -> None:
    sent = 0
    closed = threading.Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        try:
            while sent < 1_000 * MOST_READ:
                sent += handler.wfile.write(b"x" * MOST_READ)
        except OSError:
            closed.set()

    with receiver(endless) as (port, _):
        assert post(f"http://127.0.0.1:{port}/") == Answer(200)
        assert closed.wait(30)
    assert sent < 1_000 * MOST_READ


def test_who_is_not_there_or_is_no_host_is_a_failure() -> None:
    with receiver(status(200)) as (port, _):
        pass
    assert "no connection" in post(f"http://127.0.0.1:{port}/").error


def test_a_host_that_nobody_knows_and_a_private_one_get_the_same_answer() -> None:
    """Who may create webhooks does not learn which hosts the operator's own network has."""
    unknown = post("https://nowhere.invalid/", Destinations())
    assert unknown == post("https://crm.intern.example/", Destinations(), resolves(["10.0.0.1"]))
    assert unknown.code == 0


def certificate(folder: Path, host: str) -> Path:
    """A self-signed certificate of a host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + made.public_bytes(pem))
    return path


def test_by_https_the_certificate_must_be_that_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to an address, and the host's name is what is proven."""
    path = certificate(tmp_path, "crm.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with receiver(status(200), context) as (port, got):
        assert post(f"https://crm.example.com:{port}/", resolve=resolves(["127.0.0.1"])) == Answer(200)
        assert "no connection" in post(f"https://other.example.com:{port}/", resolve=resolves(["127.0.0.1"])).error
    assert [host for _, host, _ in got] == [f"crm.example.com:{port}"]
