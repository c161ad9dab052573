"""Settings from the environment. No other module reads it.

ATENDE_DATA             the data directory                                    ./data
ATENDE_HOST, _PORT      where `serve` listens                                 127.0.0.1, 8080
ATENDE_PUBLIC_URL       the API's address for people, used by `atende admin` for its link   where `serve` listens
ATENDE_TRUSTED_PROXIES  addresses and networks of the proxies whose X-Forwarded-For and -Proto count: 10.0.0.7,10.1.0.0/16   none
ATENDE_CLIENT_CONNECTIONS  open connections that one client may have (an IPv4 address, an IPv6 /64)   256
ATENDE_USER_REQUESTS    requests a minute that one user may send to a process, and one screen   18000
ATENDE_DISK_RESERVE     MiB of the disk of the data directory that files which people send leave free for calls   256
ATENDE_PASSWORD_POLICY  composition: 6 to 20 characters of four classes; nist: 12 to 128 that are hard to guess   composition
ATENDE_CORS_ORIGINS     origins of other web pages that may use the API: https://console.example.com,...   none
ATENDE_URL              the center that `atende mcp` asks: https://atende.example.com
ATENDE_API_KEY          the API key with which it asks
ATENDE_MASTER_KEY       32 bytes as hex or base64, wraps every person's key   a file made at first start
ATENDE_TOKEN_SECRET     signs access tokens, 32 characters or more            a file made at first start
ATENDE_MEDIA            the folder of recordings, sealed; processes of several machines share it   `media` in the data directory
ATENDE_MODE             embedded, or distributed: the stores are on servers   embedded
ATENDE_STORE_URL        the event store: postgresql://user:password@host/name (distributed alone)
ATENDE_KEYS_URL         the key store, the same way                           the server of the event store
ATENDE_KAFKA            the brokers: host:port,host:port (distributed alone)
ATENDE_CLICKHOUSE_URL   the rows: clickhouse://user:password@host/name (distributed alone)
ATENDE_CLICKHOUSE_CLUSTER  the cluster of servers over which `atende migrate` spreads them, by the name in their configuration   none
ATENDE_TOPICS           the prefix of the topics' names                       atende
ATENDE_PARTITIONS       partitions of each topic that is made                 4
ATENDE_WEBHOOK_ALLOW    networks to which webhooks may go besides the public internet, also by http: 10.20.0.0/16,fd00::/8   none
ATENDE_ASTERISK         the Asterisks to follow, one or more with spaces between them:
                        ami://user:secret@host:5038/systemname?company=NAME&queue_log=/var/log/asterisk/queue_log   none
                        control=yes lets Atende drive it; then ari=http://user:secret@host:8088 (percent-encoded), trunk=NAME, context=NAME,
                        recordings=FOLDER (its /var/spool/asterisk/monitor, as this process sees it),
                        phone=wss://host:8089/ws: where browsers reach it, for phones in the browser.
                        phones=PJSIP/10*,PJSIP/2[0-4]??: the telephones that agents may choose, as patterns of a shell   none
ATENDE_AGI              where Asterisks reach the IVR, for `AGI(agi://host:4573/NAME-OF-THE-IVR)` in their dialplans: host:port, or
                        host:port?sounds=/path/of/the/folder/of/sounds/as/Asterisk/names/it   none: Atende plays no IVR
                        from=10.0.0.0/24,...: networks of Asterisks that ATENDE_ASTERISK does not name
ATENDE_SOUNDS           the folder with what IVRs play, which all processes and Asterisks share   `sounds` in the data directory
ATENDE_SPEECH           the program that speaks: text on standard input, .wav or .mp3 on standard output, {voice} in its arguments   espeak-ng

In distributed mode the data directory holds only these two secrets, and only if no setting has them: every
process of the deployment needs the same ATENDE_MASTER_KEY and ATENDE_TOKEN_SECRET; those on one machine may share ATENDE_DATA instead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from settings import asterisk, values
from settings.asterisk import Agi, Asterisk
from settings.values import WrongSetting

__all__ = ["Agi", "Asterisk", "Mode", "PasswordPolicy", "Settings", "WrongSetting", "read"]

MAX_PORT = 65_535
MAX_PARTITIONS = 10_000
MAX_CLIENT_CONNECTIONS = 100_000
MAX_USER_REQUESTS = 1_000_000
MAX_DISK_RESERVE_MIB = 1 << 20
_OF_DISTRIBUTED = {
    "ATENDE_STORE_URL": "the event store is",
    "ATENDE_KAFKA": "the brokers are",
    "ATENDE_CLICKHOUSE_URL": "the rows are",
}

Mode = Literal["embedded", "distributed"]
PasswordPolicy = Literal["composition", "nist"]


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Secrets are never shown; "" = in a file of mode 600, made at first start."""

    data: Path = Path("data")
    media: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    client_connections: int = 256
    user_requests: int = 18_000
    disk_reserve_mib: int = 256
    password_policy: PasswordPolicy = "composition"  # noqa: S105 - the name of a rule
    cors_origins: tuple[str, ...] = ()
    url: str = ""
    api_key: str = field(default="", repr=False)
    master_key: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)
    mode: Mode = "embedded"
    store_url: str = field(default="", repr=False)
    keys_url: str = field(default="", repr=False)
    kafka: str = ""
    clickhouse_url: str = field(default="", repr=False)
    clickhouse_cluster: str = ""
    topics: str = "atende"
    partitions: int = 4
    webhook_allow: tuple[str, ...] = ()
    asterisks: tuple[Asterisk, ...] = ()
    agi: Agi | None = None
    sounds: Path | None = None
    speech: str = "espeak-ng -v {voice} -s 150 --stdin --stdout"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment gives. Raises WrongSetting."""
    variables = os.environ if environment is None else environment
    mode = _mode(variables.get("ATENDE_MODE", ""))
    for name, what in _OF_DISTRIBUTED.items():
        if mode == "distributed" and not variables.get(name):
            raise WrongSetting(f"{name} is missing: in distributed mode it names where {what}")
    return Settings(
        data=Path(variables.get("ATENDE_DATA") or Settings.data),
        media=Path(variables["ATENDE_MEDIA"]) if variables.get("ATENDE_MEDIA") else None,
        host=variables.get("ATENDE_HOST") or Settings.host,
        port=values.whole("ATENDE_PORT", variables, Settings.port, range(MAX_PORT + 1), "a port"),
        trusted_proxies=_proxies(variables.get("ATENDE_TRUSTED_PROXIES", "")),
        client_connections=values.whole(
            "ATENDE_CLIENT_CONNECTIONS",
            variables,
            Settings.client_connections,
            range(1, MAX_CLIENT_CONNECTIONS + 1),
            "a number of connections",
        ),
        user_requests=values.whole(
            "ATENDE_USER_REQUESTS", variables, Settings.user_requests, range(1, MAX_USER_REQUESTS + 1), "a number of requests"
        ),
        disk_reserve_mib=values.whole(
            "ATENDE_DISK_RESERVE", variables, Settings.disk_reserve_mib, range(MAX_DISK_RESERVE_MIB + 1), "a number of MiB"
        ),
        password_policy=_password_policy(variables.get("ATENDE_PASSWORD_POLICY", "")),
        public_url=values.web("ATENDE_PUBLIC_URL", variables),
        cors_origins=values.origins(variables.get("ATENDE_CORS_ORIGINS", "")),
        url=values.web("ATENDE_URL", variables),
        api_key=variables.get("ATENDE_API_KEY", ""),
        master_key=variables.get("ATENDE_MASTER_KEY", ""),
        token_secret=values.secret(variables.get("ATENDE_TOKEN_SECRET", "")),
        mode=mode,
        store_url=values.url("ATENDE_STORE_URL", variables, values.POSTGRESQL),
        keys_url=values.url("ATENDE_KEYS_URL", variables, values.POSTGRESQL),
        kafka=values.brokers(variables.get("ATENDE_KAFKA", "")),
        clickhouse_url=values.url("ATENDE_CLICKHOUSE_URL", variables, values.CLICKHOUSE),
        clickhouse_cluster=values.cluster(variables.get("ATENDE_CLICKHOUSE_CLUSTER", "")),
        topics=values.topics(variables.get("ATENDE_TOPICS", ""), Settings.topics),
        partitions=values.whole(
            "ATENDE_PARTITIONS", variables, Settings.partitions, range(1, MAX_PARTITIONS + 1), "a number of partitions"
        ),
        webhook_allow=values.networks(
            variables.get("ATENDE_WEBHOOK_ALLOW", ""), WrongSetting("ATENDE_WEBHOOK_ALLOW is no list of networks (10.20.0.0/16,fd00::/8)")
        ),
        asterisks=asterisk.asterisks(variables.get("ATENDE_ASTERISK", "")),
        agi=asterisk.agi(variables.get("ATENDE_AGI", "")),
        sounds=Path(variables["ATENDE_SOUNDS"]) if variables.get("ATENDE_SOUNDS") else None,
        speech=values.speech(variables.get("ATENDE_SPEECH", ""), Settings.speech),
    )


def _proxies(text: str) -> tuple[str, ...]:
    return values.networks(text, WrongSetting("ATENDE_TRUSTED_PROXIES is no list of addresses and networks (10.0.0.7,10.1.0.0/16)"))


def _password_policy(text: str) -> PasswordPolicy:
    if text == "nist":
        return "nist"
    if text not in ("", "composition"):
        raise WrongSetting("ATENDE_PASSWORD_POLICY is neither composition nor nist")
    return "composition"


def _mode(text: str) -> Mode:
    if text == "distributed":
        return "distributed"
    if text not in ("", "embedded"):
        raise WrongSetting("ATENDE_MODE is neither embedded nor distributed")
    return "embedded"
