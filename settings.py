"""What an operator sets from outside: the only reader of the environment.

ATENDE_DATA             the data directory                                    ./data
ATENDE_HOST, _PORT      where `serve` listens                                 127.0.0.1, 8080
ATENDE_MASTER_KEY       32 bytes as hex or base64, wraps every person's key   a file made at first start
ATENDE_TOKEN_SECRET     signs access tokens, 32 characters or more            a file made at first start
ATENDE_MODE             embedded, or distributed: the stores are on servers   embedded
ATENDE_STORE_URL        the event store: postgresql://user:password@host/name (distributed alone)
ATENDE_KEYS_URL         the key store, the same way                           the server of the event store
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SHORTEST_SECRET = 32
MAX_PORT = 65_535
_POSTGRESQL = ("postgresql://", "postgres://")

Mode = Literal["embedded", "distributed"]


class WrongSetting(Exception):
    """A variable of the environment has a value that cannot be; the message names it, never shows it."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Secrets are never shown; "" means: kept in a file of mode 600, made at first start."""

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8080
    master_key: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)
    mode: Mode = "embedded"
    store_url: str = field(default="", repr=False)
    keys_url: str = field(default="", repr=False)


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment gives. Raises WrongSetting."""
    told = os.environ if environment is None else environment
    mode = _mode(told.get("ATENDE_MODE", ""))
    store_url = _url("ATENDE_STORE_URL", told)
    if mode == "distributed" and not store_url:
        raise WrongSetting("ATENDE_STORE_URL is missing: in distributed mode it says where the event store is")
    return Settings(
        data=Path(told.get("ATENDE_DATA") or Settings.data),
        host=told.get("ATENDE_HOST") or Settings.host,
        port=_port(told.get("ATENDE_PORT", "")),
        master_key=told.get("ATENDE_MASTER_KEY", ""),
        token_secret=_secret(told.get("ATENDE_TOKEN_SECRET", "")),
        mode=mode,
        store_url=store_url,
        keys_url=_url("ATENDE_KEYS_URL", told),
    )


def _port(text: str) -> int:
    if not text:
        return Settings.port
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise WrongSetting("ATENDE_PORT is not a port")
    return int(text)


def _mode(text: str) -> Mode:
    if text == "distributed":
        return "distributed"
    if text not in ("", "embedded"):
        raise WrongSetting("ATENDE_MODE is neither embedded nor distributed")
    return "embedded"


def _url(name: str, told: Mapping[str, str]) -> str:
    text = told.get(name, "")
    if text and not text.startswith(_POSTGRESQL):
        raise WrongSetting(f"{name} is no PostgreSQL URL (postgresql://user:password@host:port/database)")
    return text


def _secret(text: str) -> str:
    if 0 < len(text) < SHORTEST_SECRET:
        raise WrongSetting(f"ATENDE_TOKEN_SECRET is shorter than {SHORTEST_SECRET} characters")
    return text
