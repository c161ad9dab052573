"""Results of operator commands without a process of the command line: a command runs in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bootstrap import Held
from cli.execution import execute
from cli.operator_commands import File, ImportAmi, ImportQueueLog, OperatorCommand, Report, Subject


class RecordingConsole:
    """A console that keeps its output."""

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


def json_result(held: Held, command: OperatorCommand) -> Any:
    """The JSON result of `command`."""
    console = RecordingConsole()
    status = execute(command, held, console)
    assert status == 0, console.warnings
    return json.loads(console.result)


def import_log(held: Held, company: str, *files: Path, **options: Any) -> dict[str, Any]:
    """The result of one import of queue logs."""
    named = tuple(File(str(file), file.name) for file in files)
    result: dict[str, Any] = json_result(held, ImportQueueLog(files=named, company=company, json=True, **options))
    return result


def import_stream(held: Held, company: str, file: Path) -> dict[str, Any]:
    """The result of the import of a recorded AMI stream."""
    result: dict[str, Any] = json_result(held, ImportAmi(file=File(str(file), file.name), company=company, json=True))
    return result


def reported(held: Held, company: str, subject: Subject, **options: Any) -> list[dict[str, Any]]:
    """The rows of a report."""
    rows: list[dict[str, Any]] = json_result(held, Report(subject=subject, company=company, format="json", **options))["items"]
    return rows
