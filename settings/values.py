"""Single values of the environment, checked: what is wrong with one is said without showing it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from ipaddress import ip_network

SHORTEST_SECRET = 32
POSTGRESQL = ("PostgreSQL", "postgresql://", "postgres://")
CLICKHOUSE = ("ClickHouse", "clickhouse://", "clickhouses://")
_BROKER = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}")
_WEB = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?")
_CLUSTER = re.compile(r"\w{1,100}", re.ASCII)
_TOPIC = re.compile(r"[\w.-]{1,100}", re.ASCII)


class WrongSetting(Exception):
    """A variable of the environment has an invalid value; the message names the variable, and never shows the value."""


def whole(name: str, variables: Mapping[str, str], default: int, allowed: range, what: str) -> int:
    """A whole number, one of those allowed. what: "a port"."""
    text = variables.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) not in allowed:
        raise WrongSetting(f"{name} is not {what}")
    return int(text)


def web(name: str, variables: Mapping[str, str]) -> str:
    """An address of the web, without a slash at its end."""
    text = variables.get(name, "")
    if text and not _WEB.fullmatch(text):
        raise WrongSetting(f"{name} is no address of the web (https://atende.example.com)")
    return text.rstrip("/")


def networks(text: str, wrong: WrongSetting) -> tuple[str, ...]:
    """Addresses and networks, separated by commas. wrong: raised where one is none."""
    networks = tuple(part.strip() for part in text.split(",")) if text.strip() else ()
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise wrong from error
    return networks


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them."""
    origins = tuple(origin.strip() for origin in text.split(",")) if text else ()
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise WrongSetting(
            "ATENDE_CORS_ORIGINS is no list of origins as browsers send them (https://console.example.com,https://other.example.com)"
        )
    return origins


def url(name: str, variables: Mapping[str, str], kind: Sequence[str]) -> str:
    """The URL of a server of this kind."""
    server, *schemes = kind
    text = variables.get(name, "")
    if text and not text.startswith(tuple(schemes)):
        raise WrongSetting(f"{name} is no {server} URL ({schemes[0]}user:password@host:port/database)")
    return text


def brokers(text: str) -> str:
    """Brokers of Kafka."""
    if text and not all(_BROKER.fullmatch(broker) for broker in text.split(",")):
        raise WrongSetting("ATENDE_KAFKA is no list of brokers (host:port,host:port)")
    return text


def cluster(text: str) -> str:
    """The name of a cluster of ClickHouse."""
    if text and not _CLUSTER.fullmatch(text):
        raise WrongSetting("ATENDE_CLICKHOUSE_CLUSTER is not the name of a cluster: letters, digits and '_'")
    return text


def topics(text: str, default: str) -> str:
    """How the names of topics begin."""
    if text and not _TOPIC.fullmatch(text):
        raise WrongSetting("ATENDE_TOPICS cannot begin the name of a topic: letters, digits, '.', '_' and '-' can")
    return text or default


def speech(text: str, default: str) -> str:
    """A command that speaks."""
    try:
        command = shlex.split(text)
    except ValueError:
        raise WrongSetting("ATENDE_SPEECH is no command: a quotation mark is open") from None
    return text if command else default


def secret(text: str) -> str:
    """A secret that is long enough, or none."""
    if 0 < len(text) < SHORTEST_SECRET:
        raise WrongSetting(f"ATENDE_TOKEN_SECRET is shorter than {SHORTEST_SECRET} characters")
    return text
