"""What an Asterisk lacks to be driven by Atende. Nothing is changed there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from settings import Asterisk
from telephony_adapter.ami.connection import Connection
from telephony_adapter.ami.findings import Finding
from telephony_adapter.control.pbx import trouble_with_ari
from telephony_adapter.control.queues import FILE

_WRITES = {
    "agent": (("QueueAdd", "QueuePause"), "log agents in and out, pause them"),
    "call": (("Hangup", "Redirect", "PlayDTMF"), "hang up and pull calls, switch what a supervisor hears"),
    "originate": (("Originate",), "dial out, let a supervisor listen"),
    "config": (("UpdateConfig",), "write the queues of Atende"),
    "system": (("MixMonitor",), "record calls"),
}
"""The classes that the user must be allowed to write: actions of each, and what for."""

_LINE = "write = system,reporting,call,agent,originate,config"


def control_findings(connection: Connection, asterisk: Asterisk) -> Iterator[Finding]:
    """What the user may do, whether the queues of Atende are read, and ARI."""
    allowed = connection.send_action(Action="ListCommands").headers
    for name, (actions, what_for) in _WRITES.items():
        if all(action in allowed for action in actions):
            yield Finding("ok", f"it may {what_for} (write = {name})")
        else:
            yield Finding("missing", f"it may not {what_for} (write = {name})", "manager.conf", (_LINE,))
    if "Command" in allowed:
        yield Finding(
            "unknown", "it may execute any command of Asterisk: Atende needs none (write without command)", "manager.conf", (_LINE,)
        )
    if "GetConfig" in allowed:
        yield _queues(connection)
    if not asterisk.trunk or not asterisk.context:
        hint = "the setting has no trunk= or no context=: agents cannot dial out"
        yield Finding("unknown", hint, "ATENDE_ASTERISK", ("&trunk=TRUNK&context=CONTEXT",))
    yield _recordings(asterisk)
    yield _ari(asterisk)


def _queues(connection: Connection) -> Finding:
    if connection.send_action(Action="GetConfig", Filename=FILE).succeeded:
        return Finding("ok", f"the queues of Atende have a file ({FILE})")
    return Finding(
        "unknown",
        "the queues of Atende have no file yet: Atende creates it, and queues.conf includes it",
        "queues.conf",
        (f"#tryinclude {FILE}",),
    )


def _recordings(asterisk: Asterisk) -> Finding:
    if asterisk.recordings is None:
        hint = "the setting has no recordings=: no call is recorded"
        return Finding("unknown", hint, "ATENDE_ASTERISK", ("&recordings=/var/spool/asterisk/monitor",))
    # Asterisk makes the folder of Atende in it with the first recording.
    if os.access(asterisk.recordings, os.R_OK | os.W_OK | os.X_OK):
        return Finding("ok", "the folder of its recordings can be read, and files in it removed")
    hint = "the folder recordings= cannot be read, or files in it not removed, by this user"
    return Finding("missing", hint, "ATENDE_ASTERISK", ("&recordings=/var/spool/asterisk/monitor",))


def _ari(asterisk: Asterisk) -> Finding:
    if not asterisk.ari:
        return Finding("unknown", "the setting has no ari=: there are no telephones in the browser", "ATENDE_ASTERISK", ("&ari=ADDRESS",))
    trouble = trouble_with_ari(asterisk)
    if not trouble:
        return Finding("ok", "ARI answers")
    http = ("http.conf: [general]", "http.conf: enabled = yes")
    user = (f"[{asterisk.ari_user}]", "type = user", "password = that of the setting ATENDE_ASTERISK")
    return Finding("missing", f"ARI at {asterisk.ari} {trouble}", "ari.conf", ("[general]", "enabled = yes", *user, *http))
