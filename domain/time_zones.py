"""Which names of time zones a company, an IVR, an import and a question may use."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

_OF_A_MACHINE = frozenset({"Factory", "localtime", "posixrules"})
_SECOND_COPIES = ("posix/", "right/")


@lru_cache(maxsize=1024)
def is_time_zone(name: str) -> bool:
    """Whether the IANA database has a time zone of this name. What only a machine's own copy has, as `localtime`, is none."""
    if name in _OF_A_MACHINE or name.startswith(_SECOND_COPIES):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
