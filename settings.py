"""Settings from the environment. No other module reads it.

ATENDE_DATA             the data directory                                    ./data
ATENDE_HOST, _PORT      where `serve` listens                                 127.0.0.1, 8080
ATENDE_PUBLIC_URL       the API's address for people, used by `atende admin` for its link   where `serve` listens
ATENDE_TRUSTED_PROXIES  addresses and networks of the proxies whose X-Forwarded-For and -Proto count: 10.0.0.7,10.1.0.0/16   none
ATENDE_CLIENT_CONNECTIONS  open connections that one client may have (an IPv4 address, an IPv6 /64)   256
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
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

SHORTEST_SECRET = 32
MAX_PORT = 65_535
MAX_PARTITIONS = 10_000
MAX_CLIENT_CONNECTIONS = 100_000
MAX_DISK_RESERVE_MIB = 1 << 20
_POSTGRESQL = ("PostgreSQL", "postgresql://", "postgres://")
_CLICKHOUSE = ("ClickHouse", "clickhouse://", "clickhouses://")
_BROKER = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}")
_WEB = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?")
_CLUSTER = re.compile(r"\w{1,100}", re.ASCII)
_TOPIC = re.compile(r"[\w.-]{1,100}", re.ASCII)
_OF_DISTRIBUTED = {
    "ATENDE_STORE_URL": "the event store is",
    "ATENDE_KAFKA": "the brokers are",
    "ATENDE_CLICKHOUSE_URL": "the rows are",
}

Mode = Literal["embedded", "distributed"]
PasswordPolicy = Literal["composition", "nist"]


@dataclass(frozen=True)
class Asterisk:
    """An Asterisk whose events are followed. company: whose calls they are, "" = the oldest. queue_log: the log that it writes, where this process can read it.

    recordings: the folder in which this process sees what Asterisk has in its monitor directory (astspooldir/monitor), None if it cannot.

    system: its `systemname` (asterisk.conf), with which the ids of its calls begin; "" if it has none.
    control: whether Atende drives it; without it Atende only reads. ari: the address of its ARI without a path, "" if it has none. trunk: the PJSIP
    endpoint by which calls go out. context: the dialplan's context that agents dial in. phone: where browsers reach it by SIP over WebSocket
    (wss://pbx.example.com:8089/ws), for phones in the browser; "" = there are none. phones: patterns of the telephones that agents may choose for
    themselves (`PJSIP/10*`); without any only those who administer agents choose telephones.
    """

    host: str
    user: str
    secret: str = field(repr=False)
    port: int = 5038
    company: str = ""
    system: str = ""
    queue_log: Path | None = None
    control: bool = False
    ari: str = ""
    ari_user: str = ""
    ari_secret: str = field(default="", repr=False)
    trunk: str = ""
    context: str = ""
    recordings: Path | None = None
    phone: str = ""
    phones: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its address, for people."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Agi:
    """Where the FastAGI server listens. sounds: the folder of sounds as Asterisk names it, None = as Atende does.

    networks: from which calls may come besides the hosts of ATENDE_ASTERISK.
    """

    host: str
    port: int
    sounds: Path | None = None
    networks: tuple[str, ...] = ()


class WrongSetting(Exception):
    """A variable of the environment has an invalid value; the message names the variable, and never shows the value."""


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
        port=_port(variables.get("ATENDE_PORT", "")),
        trusted_proxies=_proxies(variables.get("ATENDE_TRUSTED_PROXIES", "")),
        client_connections=_connections(variables.get("ATENDE_CLIENT_CONNECTIONS", "")),
        disk_reserve_mib=_reserve(variables.get("ATENDE_DISK_RESERVE", "")),
        password_policy=_password_policy(variables.get("ATENDE_PASSWORD_POLICY", "")),
        public_url=_web("ATENDE_PUBLIC_URL", variables),
        cors_origins=_origins(variables.get("ATENDE_CORS_ORIGINS", "")),
        url=_web("ATENDE_URL", variables),
        api_key=variables.get("ATENDE_API_KEY", ""),
        master_key=variables.get("ATENDE_MASTER_KEY", ""),
        token_secret=_secret(variables.get("ATENDE_TOKEN_SECRET", "")),
        mode=mode,
        store_url=_url("ATENDE_STORE_URL", variables, _POSTGRESQL),
        keys_url=_url("ATENDE_KEYS_URL", variables, _POSTGRESQL),
        kafka=_brokers(variables.get("ATENDE_KAFKA", "")),
        clickhouse_url=_url("ATENDE_CLICKHOUSE_URL", variables, _CLICKHOUSE),
        clickhouse_cluster=_cluster(variables.get("ATENDE_CLICKHOUSE_CLUSTER", "")),
        topics=_topics(variables.get("ATENDE_TOPICS", "")),
        partitions=_partitions(variables.get("ATENDE_PARTITIONS", "")),
        webhook_allow=_networks(
            variables.get("ATENDE_WEBHOOK_ALLOW", ""), WrongSetting("ATENDE_WEBHOOK_ALLOW is no list of networks (10.20.0.0/16,fd00::/8)")
        ),
        asterisks=_asterisks(variables.get("ATENDE_ASTERISK", "")),
        agi=_agi(variables.get("ATENDE_AGI", "")),
        sounds=Path(variables["ATENDE_SOUNDS"]) if variables.get("ATENDE_SOUNDS") else None,
        speech=_speech(variables.get("ATENDE_SPEECH", "")),
    )


def _port(text: str) -> int:
    if not text:
        return Settings.port
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise WrongSetting("ATENDE_PORT is not a port")
    return int(text)


def _web(name: str, variables: Mapping[str, str]) -> str:
    text = variables.get(name, "")
    if text and not _WEB.fullmatch(text):
        raise WrongSetting(f"{name} is no address of the web (https://atende.example.com)")
    return text.rstrip("/")


def _proxies(text: str) -> tuple[str, ...]:
    return _networks(text, WrongSetting("ATENDE_TRUSTED_PROXIES is no list of addresses and networks (10.0.0.7,10.1.0.0/16)"))


def _networks(text: str, wrong: WrongSetting) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in text.split(",")) if text.strip() else ()
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise wrong from error
    return networks


def _connections(text: str) -> int:
    if not text:
        return Settings.client_connections
    if not text.isdecimal() or not 0 < int(text) <= MAX_CLIENT_CONNECTIONS:
        raise WrongSetting("ATENDE_CLIENT_CONNECTIONS is not a number of connections")
    return int(text)


def _reserve(text: str) -> int:
    if not text:
        return Settings.disk_reserve_mib
    if not text.isdecimal() or int(text) > MAX_DISK_RESERVE_MIB:
        raise WrongSetting("ATENDE_DISK_RESERVE is not a number of MiB")
    return int(text)


def _password_policy(text: str) -> PasswordPolicy:
    if text == "nist":
        return "nist"
    if text not in ("", "composition"):
        raise WrongSetting("ATENDE_PASSWORD_POLICY is neither composition nor nist")
    return "composition"


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(",")) if text else ()
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise WrongSetting(
            "ATENDE_CORS_ORIGINS is no list of origins as browsers send them (https://console.example.com,https://other.example.com)"
        )
    return origins


def _mode(text: str) -> Mode:
    if text == "distributed":
        return "distributed"
    if text not in ("", "embedded"):
        raise WrongSetting("ATENDE_MODE is neither embedded nor distributed")
    return "embedded"


def _url(name: str, variables: Mapping[str, str], kind: Sequence[str]) -> str:
    server, *schemes = kind
    text = variables.get(name, "")
    if text and not text.startswith(tuple(schemes)):
        raise WrongSetting(f"{name} is no {server} URL ({schemes[0]}user:password@host:port/database)")
    return text


def _brokers(text: str) -> str:
    if text and not all(_BROKER.fullmatch(broker) for broker in text.split(",")):
        raise WrongSetting("ATENDE_KAFKA is no list of brokers (host:port,host:port)")
    return text


def _cluster(text: str) -> str:
    if text and not _CLUSTER.fullmatch(text):
        raise WrongSetting("ATENDE_CLICKHOUSE_CLUSTER is not the name of a cluster: letters, digits and '_'")
    return text


def _topics(text: str) -> str:
    if text and not _TOPIC.fullmatch(text):
        raise WrongSetting("ATENDE_TOPICS cannot begin the name of a topic: letters, digits, '.', '_' and '-' can")
    return text or Settings.topics


def _partitions(text: str) -> int:
    if not text:
        return Settings.partitions
    if not text.isdecimal() or not 0 < int(text) <= MAX_PARTITIONS:
        raise WrongSetting("ATENDE_PARTITIONS is not a number of partitions")
    return int(text)


def _asterisks(text: str) -> tuple[Asterisk, ...]:
    asterisks = tuple(_asterisk(part) for part in text.split())
    if len({(one.host, one.port) for one in asterisks}) < len({(one.host, one.port, one.company) for one in asterisks}):
        raise WrongSetting("ATENDE_ASTERISK names one Asterisk for several companies: each would see and reach what is the others'")
    for one in asterisks:
        of_company = [other for other in asterisks if other.company == one.company]
        same = [other.system for other in of_company]
        if len(same) > 1 and ("" in same or len(set(same)) < len(same)):
            raise WrongSetting(
                "ATENDE_ASTERISK has several Asterisks of one company: each needs a systemname of its own (asterisk.conf) as the path of its address"
            )
        if sum(other.control for other in of_company) > 1:
            raise WrongSetting("ATENDE_ASTERISK has several Asterisks of one company with control=yes: only one of them can be driven")
    return asterisks


_ONLY_DRIVEN = ("ari", "trunk", "context", "phone", "recordings")
_OPTIONS = frozenset({"company", "queue_log", "control", "phones", *_ONLY_DRIVEN})
_SOCKET = re.compile(r"wss?://[A-Za-z0-9.:\[\]-]+(?:/[\w./-]*)?", re.ASCII)
_NAME_OF_PBX = re.compile(r"[\w.-]{0,80}", re.ASCII)
_PHONES = re.compile(r"(?:PJSIP|SIP|IAX2)/[\w.*?\[\]!-]{1,80}", re.ASCII)


def _asterisk(text: str) -> Asterisk:
    wrong = WrongSetting("ATENDE_ASTERISK is no list of addresses (ami://user:secret@host:5038/systemname?company=NAME&queue_log=FILE)")
    try:
        url = urlsplit(text)
        options = dict(parse_qsl(url.query, strict_parsing=bool(url.query)))
        port = url.port or Asterisk.port
    except ValueError:
        raise wrong from None
    if url.scheme != "ami" or not url.hostname or not url.username or not url.password or options.keys() - _OPTIONS:
        raise wrong
    ari, ari_user, ari_secret = _ari(options.get("ari", ""))
    if options.get("control", "no") not in ("yes", "no") or not all(
        _NAME_OF_PBX.fullmatch(options.get(name, "")) for name in ("trunk", "context")
    ):
        raise wrong
    if "phone" in options and not (ari and _SOCKET.fullmatch(options["phone"])):
        raise wrong
    phones = tuple(options["phones"].split(",")) if "phones" in options else ()
    if not all(map(_PHONES.fullmatch, phones)):
        raise WrongSetting("ATENDE_ASTERISK has a phones= that is no list of telephones (PJSIP/10*,PJSIP/2[0-4]??)")
    control = options.get("control") == "yes"
    if not control and any(name in options for name in _ONLY_DRIVEN):
        raise WrongSetting(
            f"ATENDE_ASTERISK has {'=, '.join(_ONLY_DRIVEN[:-1])}= or {_ONLY_DRIVEN[-1]}= without control=yes: Atende only reads such an Asterisk"
        )
    return Asterisk(
        host=url.hostname,
        port=port,
        user=unquote(url.username),
        secret=unquote(url.password),
        company=options.get("company", ""),
        system=unquote(url.path.strip("/")),
        queue_log=Path(options["queue_log"]) if "queue_log" in options else None,
        control=control,
        ari=ari,
        ari_user=ari_user,
        ari_secret=ari_secret,
        trunk=options.get("trunk", ""),
        context=options.get("context", ""),
        recordings=Path(options["recordings"]) if "recordings" in options else None,
        phone=options.get("phone", ""),
        phones=phones,
    )


def _ari(text: str) -> tuple[str, str, str]:
    """The address without a path, the user and the secret."""
    if not text:
        return "", "", ""
    wrong = WrongSetting("ATENDE_ASTERISK has an ari= that is no address (http://user:secret@host:8088, percent-encoded)")
    try:
        url = urlsplit(text)
        port = f":{url.port}" if url.port else ""
    except ValueError:
        raise wrong from None
    if url.scheme not in ("http", "https") or not url.hostname or not url.username or not url.password or url.path.strip("/") or url.query:
        raise wrong
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}{port}", unquote(url.username), unquote(url.password)


def _agi(text: str) -> Agi | None:
    if not text:
        return None
    wrong = WrongSetting("ATENDE_AGI is no address to listen on (0.0.0.0:4573?sounds=/var/lib/asterisk/atende)")
    try:
        url = urlsplit(f"agi://{text}")
        options = dict(parse_qsl(url.query, strict_parsing=bool(url.query)))
        port = url.port
    except ValueError:
        raise wrong from None
    if not url.hostname or port is None or url.username or url.path or options.keys() - {"sounds", "from"}:
        raise wrong
    return Agi(url.hostname, port, Path(options["sounds"]) if "sounds" in options else None, _networks(options.get("from", ""), wrong))


def _speech(text: str) -> str:
    try:
        command = shlex.split(text)
    except ValueError:
        raise WrongSetting("ATENDE_SPEECH is no command: a quotation mark is open") from None
    return text if command else Settings.speech


def _secret(text: str) -> str:
    if 0 < len(text) < SHORTEST_SECRET:
        raise WrongSetting(f"ATENDE_TOKEN_SECRET is shorter than {SHORTEST_SECRET} characters")
    return text
