"""Chromium of the distribution, for tests and pictures of the console. Playwright's own browsers are not downloaded."""

from __future__ import annotations

import shutil

from services.debian import NotInstalled, install

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""A browser that asks no other server for anything."""


def chromium() -> str:
    """The path of the browser, installed first where it is missing and can be. Raises NotInstalled."""
    if (found := _found()) is None:
        install(["chromium"])
        found = _found()
    if found is None:
        reason = "Debian's package chromium has no program of that name"
        raise NotInstalled(reason)
    return found


def _found() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
