"""HAProxy of the distribution, for a test of the balancer's configuration in `docker/haproxy`."""

from __future__ import annotations

import shutil

from services.debian import NotInstalled, install

_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def haproxy() -> str:
    """The path of the program, installed first where it is missing and can be. Raises NotInstalled."""
    if (found := shutil.which("haproxy", path=_PATH)) is None:
        install(["haproxy"])
        found = shutil.which("haproxy", path=_PATH)
    if found is None:
        reason = "Debian's package haproxy has no program of that name"
        raise NotInstalled(reason)
    return found
