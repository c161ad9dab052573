"""The Asterisks that are followed and driven (ATENDE_ASTERISK), and where they reach the IVR (ATENDE_AGI)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from settings.values import WrongSetting, networks

_ONLY_DRIVEN = ("ari", "trunk", "context", "phone", "recordings")
_OPTIONS = frozenset({"company", "queue_log", "control", "phones", *_ONLY_DRIVEN})
_SOCKET = re.compile(r"wss?://[A-Za-z0-9.:\[\]-]+(?:/[\w./-]*)?", re.ASCII)
_NAME_OF_PBX = re.compile(r"[\w.-]{0,80}", re.ASCII)
_PHONES = re.compile(r"(?:PJSIP|SIP|IAX2)/[\w.*?\[\]!-]{1,80}", re.ASCII)


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


def asterisks(text: str) -> tuple[Asterisk, ...]:
    """The Asterisks of ATENDE_ASTERISK: each of one company, and told apart by their names where a company has several."""
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


def agi(text: str) -> Agi | None:
    """The address of ATENDE_AGI; None without one."""
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
    return Agi(url.hostname, port, Path(options["sounds"]) if "sounds" in options else None, networks(options.get("from", ""), wrong))
