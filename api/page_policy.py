"""To which PBX a page of the console may connect: none, until its browser has had a phone there.

The Content-Security-Policy of a page names the address, and whoever asks for a page reads its policy, before any sign-in. So the answer that opens
a phone's session sets a signed cookie with the address, and only the pages that are asked for with it name the address.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Protocol

from fastapi import Request, Response

from api.session_cookie import Addresses, SessionCookie

COOKIE = "atende_phone"

_VALID_US = 365 * 24 * 3_600 * 1_000_000


class WithPhones(Addresses, Protocol):
    """What is needed of a center."""

    @property
    def token_secret(self) -> str: ...

    @property
    def phone_addresses(self) -> Mapping[str, str]: ...


class PagePolicy:
    """Signs and reads the cookie. Only what the setting still names is a phone's address."""

    def __init__(self, center: WithPhones) -> None:
        self._center = center
        self._secret = sha256(b"phone of a page\0" + center.token_secret.encode()).digest()

    def let_connect(self, request: Request, response: Response, address: str) -> None:
        """Let the pages that this browser asks for from now on connect to the address."""
        cookie = SessionCookie(request, self._center, COOKIE, _VALID_US)
        cookie.set_for_pages(response, f"{urlsafe_b64encode(address.encode()).decode()}.{self._signature(address)}")

    def connects_to(self, request: Request) -> Sequence[str]:
        """The addresses besides this server to which a page that is asked for may connect."""
        encoded, _, signature = request.cookies.get(COOKIE, "").partition(".")
        try:
            address = urlsafe_b64decode(encoded).decode()
        except ValueError:
            return ()
        is_signed = hmac.compare_digest(self._signature(address).encode(), signature.encode())
        return (address,) if is_signed and address in self._center.phone_addresses.values() else ()

    def _signature(self, address: str) -> str:
        return hmac.new(self._secret, address.encode(), sha256).hexdigest()
