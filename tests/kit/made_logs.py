"""The made logs of `tests/data/queue_log`, each with the figures that were calculated from it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_LOGS = Path(__file__).parent.parent / "data" / "queue_log"
NAMES = sorted(path.stem for path in _LOGS.glob("*.log"))


def expected_of(name: str) -> dict[str, Any]:
    """`queues` and `agents`: by name, figures of their report rows. `result`: parts of the import's result."""
    expected: dict[str, Any] = json.loads((_LOGS / f"{name}.json").read_text())
    return expected


def path_of(name: str) -> Path:
    """The path of the log."""
    return _LOGS / f"{name}.log"


def log_of(name: str) -> str:
    """The log itself; bytes that are no UTF-8 as surrogates."""
    return path_of(name).read_text(errors="surrogateescape")
