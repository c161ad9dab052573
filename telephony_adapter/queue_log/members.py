"""The list of members that an operator passes to an import: the agent of each interface."""

from __future__ import annotations

import csv
from pathlib import Path

from telephony_adapter.queue_log.lines import readable


class NotAMemberList(ValueError):
    """The file is no list of members; the message has the expected format."""


def members_of(path: Path, name: str = "") -> list[tuple[str, str]]:
    """Interface and member's name, of each line `interface;name`. A header is skipped. name: of the file, for people. Raises NotAMemberList."""
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    lines = [readable(line)[0] for line in raw.splitlines()]
    pairs: list[tuple[str, str]] = []
    for number, row in enumerate(csv.reader(lines, delimiter=";"), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) < 2 or not (cells[0] and cells[1]):
            raise NotAMemberList(f"{name or path.name}:{number}: expected interface;name (like PJSIP/1001;Ana Souza)")
        if pairs or cells[0].lower() != "interface":
            pairs.append((cells[0], cells[1]))
    return pairs
