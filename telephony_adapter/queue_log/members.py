"""The list of members that an operator passes to an import: the agent of each interface."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from telephony_adapter.queue_log.lines import readable
from telephony_adapter.queue_log.packing import DAMAGED, damage, plain_bytes
from telephony_adapter.queue_log.reading_limits import LARGEST_LIST, MOST_TELEPHONES, FileReading, Look, nothing


class NotAMemberList(ValueError):
    """The file is no list of members; the message has the expected format."""


def members_of(path: Path, name: str = "", look: Look = nothing) -> list[tuple[str, str]]:
    """Interface and member's name, of each line `interface;name`. A header is skipped. name: of the file, for people. Raises NotAMemberList, ReadsTooMuch."""
    reading = FileReading(name or path.name, path.stat().st_size, look)
    pairs: list[tuple[str, str]] = []
    for number, row in enumerate(_rows(_content(path, reading), reading), 1):
        if number > MOST_TELEPHONES:
            raise reading.too_much(f"a list of members has at most {MOST_TELEPHONES:,} lines")
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) < 2 or not (cells[0] and cells[1]):
            raise NotAMemberList(f"{reading.name}:{number}: expected interface;name (like PJSIP/1001;Ana Souza)")
        if pairs or cells[0].lower() != "interface":
            pairs.append((cells[0], cells[1]))
    return pairs


def _rows(content: bytes, reading: FileReading) -> Iterator[list[str]]:
    try:
        yield from csv.reader((readable(line)[0] for line in content.splitlines()), delimiter=";")
    except csv.Error as error:
        raise NotAMemberList(f"{reading.name}: {error}: expected interface;name (like PJSIP/1001;Ana Souza)") from error


def _content(path: Path, reading: FileReading) -> bytes:
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            with plain_bytes(raw, stack.pop_all(), reading) as plain:
                content = plain.read(LARGEST_LIST + 1)
    except DAMAGED as error:
        raise NotAMemberList(f"{reading.name}: {damage(error)}") from error
    if len(content) > LARGEST_LIST:
        raise reading.too_much(f"a list of members has at most {LARGEST_LIST:,} bytes")
    return content
