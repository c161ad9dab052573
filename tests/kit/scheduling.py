"""Which tests run beside each other when several processes run them."""

from __future__ import annotations

from functools import cache
from typing import Any

from xdist.scheduler import LoadFileScheduling

from tests.kit.compose import ROOT

_ASTERISK = "from tests.kit.asterisk import"


class OneAsterisk(LoadFileScheduling):  # type: ignore[misc] # it has no types
    """The tests of a file run in one process, and those of all files that use the one Asterisk of the services too: they place calls there, and restart it."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return _ASTERISK if _uses_asterisk(file) else file


@cache
def _uses_asterisk(file: str) -> bool:
    path = ROOT / file
    return path.is_file() and _ASTERISK in path.read_text(encoding="utf-8")


def scheduler(config: Any, log: Any) -> OneAsterisk | None:
    """The scheduler for `--dist loadfile`; None: xdist's own."""
    return OneAsterisk(config, log) if config.getoption("dist") == "loadfile" else None
