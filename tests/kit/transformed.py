"""Recordings of situations that the captures lack, made of the captures: another systemname, a crowd, a killed PBX, a restart with calls up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tests.kit.captures import COUNTS, Capture, Line, capture
from tests.kit.cuts import Pbx, packet

Past = tuple[list[Line], list[str]]
"""A stream and the queue log that the PBX wrote at the same time."""

DOWN_S = 6
"""Seconds until a stopped PBX accepts connections again."""

_ID = re.compile(r"^(\w*(?:Uniqueid|Linkedid|UniqueID|LinkedID)): (\d{10}\.\d+)", re.MULTILINE)
_LOGGED_ID = re.compile(r"\|(\d{10}\.\d+)")
_EPOCH = re.compile(r"\b17954\d{5}\b")
_CHANNEL = re.compile(r"((?:PJSIP|Local)/[^\s;,|]+-)([0-9a-f]{8})\b")
_SEQUENCE = re.compile(r"(\d{10})\.(\d+)$")


def past(recorded: Capture) -> Past:
    """The stream of a recording, and its log's lines."""
    return list(recorded.lines), recorded.queue_log.read_bytes().decode("utf-8", "surrogateescape").splitlines()


def counted(log: Iterable[str]) -> dict[str, dict[str, int]]:
    """The true counts by queue, from the log's lines alone."""
    queues: dict[str, dict[str, int]] = {}
    verbs = {
        "ENTERQUEUE": "offered",
        "CONNECT": "answered",
        "ABANDON": "abandoned",
        "EXITWITHTIMEOUT": "timed_out",
        "EXITWITHKEY": "left_by_key",
    }
    for line in log:
        fields = line.split("|")
        if fields[4] in verbs:
            row = queues.setdefault(fields[2], dict.fromkeys(COUNTS, 0))
            row[verbs[fields[4]]] += 1
            row["answered_within_sla"] += fields[4] == "CONNECT" and int(fields[5]) <= 20
    return queues


def named(original: Past, system: str) -> Past:
    """The past as a PBX with `systemname` writes it: every id begins with it."""
    lines = [Line(line.t, _ID.sub(rf"\1: {system}-\2", line.raw), line.note) for line in original[0]]
    return lines, [_LOGGED_ID.sub(rf"|{system}-\1", line) for line in original[1]]


def shifted(original: Past, seconds: int) -> Past:
    """The past, this many seconds later."""

    def moved(text: str) -> str:
        return _EPOCH.sub(lambda found: str(int(found[0]) + seconds), text)

    return [Line(line.t + seconds, moved(line.raw), line.note) for line in original[0]], [moved(line) for line in original[1]]


def crowd(original: Past, times: int) -> Past:
    """The past of `times` centers on one PBX, each with its own queues, agents and telephones."""
    lines: list[Line] = []
    log: list[tuple[int, str]] = []
    for copy in range(times):
        lines += [
            Line(line.t + copy / 1e6, _nth(line.raw, copy, times))
            for line in original[0]
            if line.raw and not line.name.startswith("CoreShow")
        ]
        log += [(int(line.split("|")[0]), _nth_logged(line, copy, times)) for line in original[1]]
    lines = [line for line in lines if line.name or line.raw.startswith("Response")]
    first = [line for line in original[0][:4] if line.raw]
    lines = [line for line in lines if line.name not in ("FullyBooted", "SuccessfulAuth")]
    return first + sorted(lines, key=lambda line: line.t), [line for _, line in sorted(log, key=lambda timed: timed[0])]


def _nth(raw: str, copy: int, times: int) -> str:
    def headers(line: str) -> str:
        name, _, value = line.partition(": ")
        if name.lower().endswith(("uniqueid", "linkedid")):
            value = _renumbered(value, copy, times)
        elif name == "Queue" or (name == "AppData" and "Queue" in raw):
            value = re.sub(r"^(vendas|suporte|cobranca)", rf"\1-{copy}", value)
        elif name in ("MemberName", "Name"):
            value = f"{value} {copy}"
        elif name in ("Interface", "StateInterface", "Location"):
            value = re.sub(r"/(\d{4})", rf"/{copy}\1", value)
        elif name == "DialString":
            value = re.sub(r"^(PJSIP/|Local/)?(\d{4})(?=$|@agentes)", rf"\g<1>{copy}\2", value)
        return f"{name}: {value}" if _ else line

    text = "\r\n".join(headers(line) for line in raw.split("\r\n"))
    return _CHANNEL.sub(lambda found: f"{_of_copy(found[1], copy)}{int(found[2], 16) * times + copy:08x}", text)


def _of_copy(device: str, copy: int) -> str:
    return re.sub(r"^(PJSIP|Local)/(\d{4})", rf"\1/{copy}\2", device)


def _renumbered(id: str, copy: int, times: int) -> str:
    return _SEQUENCE.sub(lambda found: f"{found[1]}.{int(found[2]) * times + copy}", id)


def _nth_logged(line: str, copy: int, times: int) -> str:
    fields = line.split("|")
    if fields[2] != "NONE":
        fields[2] = f"{fields[2]}-{copy}"
    if fields[3] != "NONE":
        fields[3] = re.sub(r"/(\d{4})", rf"/{copy}\1", fields[3]) if "/" in fields[3] else f"{fields[3]} {copy}"
    return "|".join(_renumbered(field, copy, times) if _SEQUENCE.match(field) else field for field in fields)


def _before(original: Past, at: int) -> Past:
    """The part of the past before that second."""
    return [line for line in original[0] if float(line.get("Timestamp") or line.t) < at], [
        line for line in original[1] if int(line.split("|")[0]) < at
    ]


def _booted_again(at: int, pbx: Pbx) -> Past:
    """The PBX is up again from `at` on, its members as they were, its lines and counters from zero: run-a's calls come next."""
    recorded = capture("run-a")
    lines, log = shifted(past(recorded), at - int(recorded.lines[0].t))
    pbx.restart(lines[0].t)
    lists = ("QueueSummary", "QueueSummaryComplete", "QueueParams", "QueueStatusComplete")
    early = next(index for index, line in enumerate(lines) if line.name == "QueueStatusComplete")
    kept = [line for line in lines[: early + 1] if line.name not in lists]
    return [*kept, *pbx.listed(lines[early].t), *lines[early + 1 :]], log


def killed(original: Past, at: int) -> Past:
    """The PBX is killed in that second with calls up, and nothing records it. It starts again, and other calls follow."""
    lines, log = _before(original, at)
    again, logged = _booted_again(at + DOWN_S, Pbx().see(lines))
    return [*lines, Line(float(at), "", "tcp-closed"), *again], [*log, *logged]


def restarted(original: Past, at: int) -> Past:
    """`core restart now` in that second with calls up: their ends are sent at once, then Shutdown, then nothing until it is up again."""
    lines, log = _before(original, at)
    pbx = Pbx().see(lines)
    ends, logged_ends = _ends_of(pbx, at)
    again, logged = _booted_again(at + DOWN_S, pbx)
    last = [
        packet(at + 0.1, "Event: Shutdown", Timestamp=f"{at}.100000", Shutdown="Cleanly", Restart="True"),
        Line(at + 0.11, "", "tcp-closed"),
    ]
    return [*lines, *ends, *last, *again], [*log, *logged_ends, *logged]


def _ends_of(pbx: Pbx, at: int) -> Past:
    """A stopping PBX sends a hang-up before the end of the talk, and an abandonment without a request to hang up."""
    lines: list[Line] = []
    log: list[str] = []
    metadata = {"Timestamp": f"{at}.050000"}
    for id, (since, known) in pbx.waiting.items():
        caller = {name: known[name] for name in ("Channel", "CallerIDNum", "Uniqueid", "Linkedid")}
        wait = at - int(since)
        lines.append(packet(at + 0.05, "Event: QueueCallerAbandon", **metadata, **caller, Queue=known["Queue"], HoldTime=str(wait)))
        lines.append(packet(at + 0.05, "Event: QueueCallerLeave", **metadata, **caller, Queue=known["Queue"], Count="0"))
        log.append(f"{at}|{id}|{known['Queue']}|NONE|ABANDON|1|1|{wait}")
    for known in pbx.channels.values():
        line = {name: known[name] for name in ("Channel", "Uniqueid", "Linkedid")}
        lines.append(packet(at + 0.06, "Event: Hangup", **metadata, **line, Cause="16"))
    for id, (since, known) in pbx.talking.items():
        talk, queue, agent = at - int(since), known["Queue"], known["MemberName"]
        kept = {
            name: value
            for name, value in known.items()
            if name in ("Channel", "DestChannel", "Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid")
        }
        headers = kept | {"Queue": queue, "Interface": known["Interface"], "MemberName": agent, "HoldTime": known["HoldTime"]}
        lines.append(packet(at + 0.07, "Event: AgentComplete", **metadata, **headers, TalkTime=str(talk), Reason="caller"))
        log.append(f"{at}|{id}|{queue}|{agent}|COMPLETECALLER|{known['HoldTime']}|{talk}|1")
    return lines, log


def logged(log: Sequence[str]) -> bytes:
    """The log as a file's content."""
    return "".join(f"{line}\n" for line in log).encode("utf-8", "surrogateescape")
