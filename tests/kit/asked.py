"""The command line's answers without its processes: a command runs in this one, what it says is remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bootstrap import Held
from cli.execution import execute
from cli.operator_commands import File, ImportAmi, ImportQueueLog, OperatorCommand, Report, Subject


class Heard:
    """A console that remembers."""

    width = 123

    def __init__(self) -> None:
        self.result = ""
        self.warnings: list[str] = []
        self.steps: list[tuple[str, int, int | None, str]] = []

    def out(self, text: str) -> None:
        self.result += text

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        self.steps.append((label, done, total, unit))


def asked(held: Held, command: OperatorCommand) -> Any:
    """The JSON document that answers `command`."""
    heard = Heard()
    status = execute(command, held, heard)
    assert status == 0, heard.warnings
    return json.loads(heard.result)


def brought(held: Held, company: str, *files: Path, **options: Any) -> dict[str, Any]:
    """What one import of queue logs says."""
    named = tuple(File(str(file), file.name) for file in files)
    result: dict[str, Any] = asked(held, ImportQueueLog(files=named, company=company, json=True, **options))
    return result


def brought_ami(held: Held, company: str, file: Path) -> dict[str, Any]:
    """What the import of a recorded AMI stream says."""
    result: dict[str, Any] = asked(held, ImportAmi(file=File(str(file), file.name), company=company, json=True))
    return result


def reported(held: Held, company: str, subject: Subject, **options: Any) -> list[dict[str, Any]]:
    """The rows of a report."""
    rows: list[dict[str, Any]] = asked(held, Report(subject=subject, company=company, format="json", **options))["rows"]
    return rows
