"""The servers that `make services` started. A test that needs one is skipped if it does not run, and fails in CI."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from services.__main__ import DIRECTORY, SERVERS
from services.group import running
from services.server import Server

CI = "CI"


def address(kind: type[Server], directory: Path = DIRECTORY) -> str:
    """The server's address; if it does not answer, the test is skipped or fails with the reason."""
    where, why = _found(kind, directory)
    if why:
        missing(f"{kind.NAME} does not run: {why}")
    return where


def missing(reason: str) -> NoReturn:
    """Skip what cannot run here, with its reason; in CI it fails."""
    if os.environ.get(CI):
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _found(kind: type[Server], directory: Path) -> tuple[str, str]:
    """The server's address and "", or "" and the reason."""
    state = running(directory)
    where = state.env.get(kind.VARIABLE)
    if where is None:
        return "", state.missing.get(kind.NAME, "`make services` starts it")
    secret = (directory / "secret").read_text(encoding="ascii")
    if not kind(directory.resolve(), secret).answers():
        return "", f"{where.rpartition('@')[2]} does not answer; `make services` starts it again"
    return where, ""


@pytest.fixture(scope="session")
def services() -> dict[str, str]:
    """The settings of the deployment with all servers."""
    return {kind.VARIABLE: address(kind) for kind in SERVERS}
