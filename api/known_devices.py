"""Devices from which a user has logged in before: a signed cookie tells them from strangers who guess the user's password."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

from api.throttle import Account

KNOWN_S = 365 * 24 * 3_600
"""A browser keeps the cookie for a year after the last login."""

_PREFIX = "atende_device_"
_LONGEST_COOKIES = 16_384


class KnownDevices:
    """Signs and reads the cookies of devices. A cookie is good for one account, an e-mail address in one company, and says nothing about it to whoever has not got the secret."""

    def __init__(self, secret: str) -> None:
        self._secret = sha256(b"known devices\0" + secret.encode()).digest()

    def device(self, cookies: str, account: Account) -> str:
        """The device that a Cookie header proves to be known to the account; "" if it proves none."""
        name = self._name(account)
        return self._proved(cookies).get(name, "")

    def any_device(self, cookies: str) -> str:
        """A device that a Cookie header proves to be known to some account; "" if it proves none."""
        return next(iter(self._proved(cookies).values()), "")

    def cookie(self, account: Account, device: str) -> tuple[str, str]:
        """The name and the value of the cookie by which a device is known to the account from now on. device: the one that it is already, "" for a new one."""
        name, device = self._name(account), device or secrets.token_urlsafe(16)
        return name, f"{device}.{self._signature(name, device)}"

    def _proved(self, cookies: str) -> dict[str, str]:
        """The devices of a Cookie header by the cookies' names, those alone whose signature is right."""
        if _PREFIX not in cookies or len(cookies) > _LONGEST_COOKIES:
            return {}
        try:
            sent = SimpleCookie(cookies)
        except CookieError:
            return {}
        parts = {name: morsel.value.partition(".") for name, morsel in sent.items() if name.startswith(_PREFIX)}
        return {name: device for name, (device, _, signature) in parts.items() if self._is_signed(name, device, signature)}

    def _is_signed(self, name: str, device: str, signature: str) -> bool:
        return hmac.compare_digest(self._signature(name, device).encode(), signature.encode())

    def _name(self, account: Account) -> str:
        return _PREFIX + self._signature("account", f"{account.company}\0{account.name}")[:16]

    def _signature(self, what: str, value: str) -> str:
        return hmac.new(self._secret, f"{what}\0{value}".encode(), sha256).hexdigest()[:32]
