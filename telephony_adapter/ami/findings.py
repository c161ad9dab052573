"""A point of the check of an Asterisk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One point of the check. state: `ok`, `missing`, or `unknown` where nothing has shown it. lines: what to add, to the file `file`."""

    state: str
    what: str
    file: str = ""
    lines: tuple[str, ...] = ()
