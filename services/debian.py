"""Install the packages of a server. This works on Debian and its derivatives, as root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection


class NotInstalled(Exception):
    """A server's programs are not installed and cannot be installed. The message is the reason."""


def install(packages: Collection[str]) -> None:
    """Install packages of the distribution. Raises NotInstalled."""
    wanted = " ".join(sorted(packages))
    if shutil.which("apt-get") is None:
        raise NotInstalled(f"it is not installed, and this system is not Debian: install what Debian calls {wanted}")
    if os.geteuid() != 0:
        raise NotInstalled(f"it is not installed, and only root can run: apt-get install {wanted}")
    tried = _apt_get("install", "--yes", "--no-install-recommends", *packages)
    if tried.returncode:
        # The package index may be missing or old.
        _apt_get("update")
        tried = _apt_get("install", "--yes", "--no-install-recommends", *packages)
    if tried.returncode:
        raise NotInstalled(f"apt-get install {wanted} failed: {tried.stderr.strip() or tried.stdout.strip()[-500:]}")


def _apt_get(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Another apt-get may hold the lock.
    command = ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
