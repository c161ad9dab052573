"""The compose files as Compose reads them: variables filled in, services as they are started."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
FILES = sorted(path.name for path in DOCKER.glob("compose.*.yml"))
DISTRIBUTED = "compose.distributed.yml"

ONCE = {"topics", "migrate", "import"}
"""Services that end by themselves."""

_SECRETS = {"ATENDE_ASTERISK_FILE": "ami://atende:secret@172.31.250.10:5038?queue_log=/var/log/asterisk/queue_log"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def variables(file: str) -> dict[str, tuple[str, str]]:
    """The variables of a file: "?" and the error without a value, or "-" and the default."""
    return {name: (kind, text) for name, kind, text in _VARIABLE.findall((DOCKER / file).read_text())}


def project(file: str) -> dict[str, Any]:
    """A file in which every required variable has the value `given-NAME`."""

    def value(found: re.Match[str]) -> str:
        return found[3] if found[2] == "-" else f"given-{found[1]}"

    loaded = yaml.safe_load(_VARIABLE.sub(value, (DOCKER / file).read_text()))
    assert isinstance(loaded, dict)
    return loaded


def services(file: str) -> dict[str, dict[str, Any]]:
    """The services of a file by their names."""
    found = project(file)["services"]
    assert isinstance(found, dict)
    return found


def environment(service: dict[str, Any]) -> dict[str, str]:
    """The settings of a process, with secrets read from their files."""
    given = {name: str(value) for name, value in service.get("environment", {}).items() if name.startswith("ATENDE_")}
    return {name.removesuffix("_FILE"): _SECRETS.get(name, "5" * 64) if name.endswith("_FILE") else value for name, value in given.items()}


def image_settings(image: str) -> dict[str, str]:
    """The settings that an image of the Dockerfile contains."""
    stages = re.split(r"^(?=FROM )", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)
    stages = [stage for name in ("runtime", image) for stage in stages if re.match(rf"FROM \S+ AS {name}\n", stage)]
    return dict(re.findall(r"(ATENDE_\w+)=(\S+)", "".join(stages)))


def ours(file: str) -> dict[str, dict[str, Any]]:
    """The services that run the command line."""
    return {name: service for name, service in services(file).items() if service["image"].startswith("atende:")}
