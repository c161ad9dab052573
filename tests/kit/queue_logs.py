"""Made logs: text becomes a file, the file is imported, and a `RecordingBus` keeps the observations."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telephony_adapter.queue_log.importer import import_queue_log
from telephony_adapter.queue_log.result import ImportResult
from tests.kit.recording_bus import CALLER, RecordingBus

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def import_texts(
    directory: Path, *contents: str | bytes, bus: RecordingBus | None = None, **options: Any
) -> tuple[RecordingBus, ImportResult]:
    """Import each content as a file of its own, in one command."""
    bus = bus or RecordingBus()
    files = []
    for content in contents:
        path = directory / f"part{len(list(directory.iterdir()))}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        files.append((path, "queue_log"))
    options.setdefault("timezone", SAO_PAULO)
    return bus, import_queue_log(bus, CALLER, files, **options)


def as_table(log: str, *, single: bool = False) -> list[list[str]]:
    """The lines of a log as rows of a realtime table, the way Asterisk fills its columns. Without the header."""
    rows = []
    for line in log.splitlines():
        fields = line.split("|", 5)
        data = fields[5] if len(fields) > 5 else ""
        rest = data.split("|", 4)
        rows.append([*fields[:5], data] if single else [*fields[:5], *rest, *[""] * (5 - len(rest))])
    return rows


def as_csv(rows: list[list[str]], *, header: list[str] | None = None, delimiter: str = ",") -> str:
    """Rows as an export with a header."""
    names = header or [
        "time",
        "callid",
        "queuename",
        "agent",
        "event",
        *(["data"] if len(rows[0]) == 6 else [f"data{n}" for n in range(1, 6)]),
    ]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()
