"""What an existing Asterisk lacks for Atende to follow it, and the lines of its configuration that add it. Nothing is changed there."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from time import monotonic

from domain.base import SECOND
from settings import Asterisk
from telephony_adapter.ami.connection import Answer, Connection, ManagerAuthException, ManagerException
from telephony_adapter.ami.findings import Finding
from telephony_adapter.ami.hints import hint_of, is_telephone, telephones_in
from telephony_adapter.ami.packets import microseconds, parse
from telephony_adapter.control.check import control_findings

BOOTS_WITHIN_S = 5.0
_OLDEST = 13
_CLOCKS_DIFFER_S = 2
_CLASSES = {
    "system": "restarts",
    "call": "arrivals, hang-ups, holds, calls that agents dial",
    "agent": "visits to queues, agents, pauses",
    "dialplan": "how a caller left a queue, and steps in an IVR",
}
"""The classes of events that Atende reads, and what for."""


class _Heard:
    """The events that arrive during the check: their classes, and whether they have an instant."""

    def __init__(self) -> None:
        self.classes: set[str] = set()
        self.dated = self.undated = 0
        self.all = threading.Event()

    def take(self, raw: str) -> None:
        """An event, or a response, which shows nothing."""
        if not raw.startswith("Event: ") or "\r\nActionID: " in raw:
            return
        headers = parse(raw)[0]
        if "Privilege" not in headers:
            return
        self.classes |= set(headers["Privilege"].split(",")) & _CLASSES.keys()
        self.dated += "Timestamp" in headers
        self.undated += "Timestamp" not in headers and headers["Event"] != "FullyBooted"
        if self.classes == _CLASSES.keys():
            self.all.set()


def check(asterisk: Asterisk, now_us: int, listens_s: float) -> Iterator[Finding]:
    """Connect, ask and listen for `listens_s` seconds, at most. now_us: this machine's clock."""
    heard = _Heard()
    began = monotonic()
    with closing(Connection(heard.take)) as connection:
        try:
            connection.connect(asterisk.host, asterisk.port)
            yield Finding("ok", f"AMI answers, version {connection.version}")
            connection.login(asterisk.user, asterisk.secret)
            yield Finding("ok", f"the user {asterisk.user} may log in")
            yield from _permissions(connection)
            ping = connection.send_action(Action="Ping")
            yield from _clock(ping, now_us + round((monotonic() - began) * SECOND))
            yield from _core(connection, asterisk)
            if asterisk.control:
                yield from control_findings(connection, asterisk)
            heard.all.wait(listens_s)
        except ManagerAuthException:
            user = (f"[{asterisk.user}]", "secret = that of the setting ATENDE_ASTERISK", "permit = the address of Atende", *_RIGHTS)
            yield Finding("missing", "it refuses the user or the secret", "manager.conf", user)
            return
        except ManagerException as error:
            lines = ("[general]", "enabled = yes", f"port = {asterisk.port}")
            yield Finding("missing", f"no AMI at {asterisk.name}: {error.args[-1] if error.args else error}", "manager.conf", lines)
            return
    yield from _events(heard, listens_s)


_RIGHTS = ("read = system,call,agent,user,dialplan,reporting", "write = system,reporting")


def _permissions(connection: Connection) -> Iterator[Finding]:
    if connection.wait_until_booted(BOOTS_WITHIN_S):
        yield Finding("ok", "it says when it is ready and when it restarts (read = system)")
    else:
        yield Finding("missing", "it does not say when it is ready: Atende would wait for ever", "manager.conf", _RIGHTS[:1])
    queues = connection.list_apart("QueueStatus")
    if queues.succeeded:
        yield Finding("ok", "it lists queues and channels (write = reporting)")
        yield _telephones(connection, (row for row in queues.items if row["Event"] == "QueueMember"))
    else:
        why = f"it does not list its queues ({queues.headers.get('Message', '')}): calls of before a connection would not be seen"
        yield Finding("missing", why, "manager.conf", _RIGHTS[1:])
    if connection.send_action(Action="Filter", Operation="Add", Filter="!Event: RTCP").succeeded:
        yield Finding("ok", "it sends only what is asked for (write = system)")
    else:
        yield Finding("missing", "it sends every event, which works and costs traffic", "manager.conf", _RIGHTS[1:])


def _telephones(connection: Connection, members: Iterable[Mapping[str, str]]) -> Finding:
    """Whether the telephone of every member is known: by its interface, its StateInterface, or the hint that this names."""
    listed = connection.list_apart("ExtensionStateList").items
    hints = {f"{row['Exten']}@{row['Context']}" for row in listed if telephones_in(row["Hint"])}
    unknown = {
        row["Location"]: row
        for row in members
        if not (is_telephone(row["Location"]) or is_telephone(row["StateInterface"]) or hint_of(row["StateInterface"]) in hints)
    }
    if not unknown:
        return Finding("ok", "the telephones of its queues' members are known")
    row = next(iter(unknown.values()))
    dialled = row["Location"].partition("/")[2].partition("/")[0]
    exten, _, context = (hint_of(row["StateInterface"]) or dialled).partition("@")
    what = (
        f"the telephone of {len(unknown)} members is not known, as of {row['Name']} ({row['Location']}): "
        "a call that it dials or takes without a queue is not seen as the agent's"
    )
    hint = (f"[{context}]", f"exten => {exten},hint,PJSIP/{exten}", f"; of the member the StateInterface: hint:{exten}@{context}")
    return Finding("missing", what, "extensions.conf", hint)


def _clock(ping: Answer, now_us: int) -> Iterator[Finding]:
    at = microseconds(ping.headers.get("Timestamp", ""))
    if at and abs(now_us - at) > _CLOCKS_DIFFER_S * SECOND:
        yield Finding("missing", f"its clock differs from this machine's by {(at - now_us) / SECOND:+.0f} s: set both by NTP")
    elif at:
        yield Finding("ok", "its clock is right")


def _core(connection: Connection, asterisk: Asterisk) -> Iterator[Finding]:
    core = connection.send_action(Action="CoreSettings").headers
    version, system = core.get("AsteriskVersion", ""), core.get("SystemName", "")
    if not version:
        return
    major = version.partition(".")[0]
    fits = not major.isdecimal() or int(major) >= _OLDEST
    yield Finding("ok" if fits else "missing", f"Asterisk {version}" + ("" if fits else f": Atende reads {_OLDEST} and newer"))
    if system == asterisk.system:
        yield Finding("ok", f"its systemname is {system!r}, as in the setting")
    else:
        path = f"/{system}" if system else ""
        yield Finding(
            "missing", f"its systemname is {system!r} and that of the setting {asterisk.system!r}", "ATENDE_ASTERISK", (f"ami://...@{asterisk.name}{path}",)
        )  # fmt: skip


def _events(heard: _Heard, listened_s: float) -> Iterator[Finding]:
    for name, costs in _CLASSES.items():
        if name in heard.classes:
            yield Finding("ok", f"events of the class {name}: {costs}")
        else:
            hint = f"no event of the class {name} within {listened_s:g} s: place a call meanwhile. Without it are not seen: {costs}"
            yield Finding("unknown", hint, "manager.conf", _RIGHTS[:1])
    if heard.undated:
        yield Finding("missing", "events have no instant", "manager.conf", ("[general]", "timestampevents = yes"))
    elif heard.dated:
        yield Finding("ok", "events have their instants (timestampevents)")
