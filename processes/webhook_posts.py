"""Post one message to a webhook's URL, signed as Standard Webhooks, to an address that was checked after it was looked up."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv6Address
from socket import gaierror
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from commands.webhooks import SECRET_PREFIX
from domain.webhook_destinations import Address, Destinations
from domain.webhooks import PostTarget
from processes.name_lookups import NameLookups, TooSlow

TIMEOUT_S = 10.0
"""The longest time for one attempt: looking up, connecting, sending, and the answer."""

MOST_READ = 65_536
"""The most bytes of an answer that are read."""

_NOWHERE = "the host has no address to which a webhook may go"
"""Of a host that nobody knows, too: another word for it would tell which hosts the operator's own network has."""

_PORTS = {"https": 443, "http": 80}

Resolve = Callable[[UUID, str, int], Awaitable[Sequence[Address]]]
"""Looks up the addresses of a host (and port) for a company. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. code: the HTTP status, 0 without an answer; error: why it does not count as delivered, "" if it does."""

    code: int
    error: str = ""


def signed(id: str, at_s: int, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of Standard Webhooks: a signature by each secret, of which the receiver needs to know one."""
    text = f"{id}.{at_s}.{body}".encode()
    digests = [hmac.digest(b64decode(secret.removeprefix(SECRET_PREFIX)), text, "sha256") for secret in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests),
    }


class Poster:
    """Posts messages. Follows no redirects and uses no proxy of the environment: both would lead to addresses that are not checked."""

    def __init__(self, destinations: Destinations, resolve: Resolve | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._destinations = destinations
        self._resolve = resolve or NameLookups().look_up
        self._timeout_s = timeout_s

    async def post_signed(self, company: UUID, target: PostTarget, id: str, at_s: int, body: str) -> Answer:
        """Post a message once, signed by each secret at an instant (seconds). Every failure is an answer."""
        return await self.post(company, target.url, signed(id, at_s, body, target.secrets), body)

    async def post(self, company: UUID, url: str, headers: dict[str, str], body: str) -> Answer:
        """Post once, for a company. Every failure is an answer; nothing is raised."""
        import httpx2

        parts = urlsplit(url)
        try:
            async with asyncio.timeout(self._timeout_s):
                address = await self._checked(company, parts)
                if address is None:
                    return Answer(0, _NOWHERE)
                return await self._to(address, parts, headers, body)
        except TooSlow as slow:
            return Answer(0, str(slow))
        except TimeoutError:
            return Answer(0, f"no answer within {self._timeout_s:g} s")
        except gaierror:
            return Answer(0, _NOWHERE)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return Answer(0, f"no connection: {type(error).__name__}")

    async def _checked(self, company: UUID, parts: SplitResult) -> Address | None:
        """An address of the host; None if one of them is refused, since the host may mean that one."""
        addresses = await self._resolve(company, parts.hostname or "", _port(parts))
        if not addresses or not all(self._destinations.may_post_to(address, parts.scheme) for address in addresses):
            return None
        return addresses[0]

    async def _to(self, address: Address, parts: SplitResult, headers: dict[str, str], body: str) -> Answer:
        """Post to this address, whatever the host's name leads to by now. The certificate is that of the host."""
        import httpx2

        where = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        target = f"{parts.scheme}://{where}:{_port(parts)}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        sent = {"Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "Atende", "Connection": "close", **headers}
        transport = httpx2.AsyncHTTPTransport(verify=self._trusted, trust_env=False)
        async with httpx2.AsyncClient(transport=transport, timeout=self._timeout_s, follow_redirects=False, trust_env=False) as client:
            extensions = {"sni_hostname": parts.hostname or ""}
            async with client.stream("POST", target, content=body.encode(), headers=sent, extensions=extensions) as answer:
                read = 0
                async for part in answer.aiter_raw():
                    read += len(part)
                    if read >= MOST_READ:
                        break
        if answer.is_success:
            return Answer(answer.status_code)
        return Answer(answer.status_code, "a redirect, which is not followed" if answer.is_redirect else "the receiver refused it")

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        """The certificate authorities of this machine. Made once: it takes longer than a post."""
        return ssl.create_default_context()


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]
