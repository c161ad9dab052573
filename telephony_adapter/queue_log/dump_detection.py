"""Whether a file is an SQL dump, by its beginning. The dump itself is read by `dumps`, which is imported only for one: its library costs 0.2 s."""

from __future__ import annotations

import re

_DUMP = re.compile(
    rb"(?im)^(--\s.*(MySQL|MariaDB|PostgreSQL database|phpMyAdmin SQL|Adminer|HeidiSQL).*|PRAGMA foreign_keys=.*|BEGIN TRANSACTION;\s*$"
    rb"|[ \t]*(INSERT|REPLACE)\s+(IGNORE\s+)?INTO\s+\S*queue_?log\b.*|[ \t]*COPY\s+\S*queue_?log\b.*)"
)
"""No part of it that may begin at any line runs over many: a megabyte of empty lines would take hours."""


def is_dump(start: bytes) -> bool:
    """Whether a file with this beginning is an SQL dump."""
    return _DUMP.search(start) is not None
