"""`import`: import what an Asterisk recorded, and write the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from bootstrap import Center
from cli.company import caller, known_or_new
from cli.console import Console, Mistake
from cli.cover import cover
from cli.earlier_imports import EarlierImports
from cli.execution import REFUSED
from cli.operator_commands import File, ImportAmi, ImportQueueLog
from domain.errors import InvalidField
from projections.figures.intervals import zone
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.ami.recording import NotAnAmiStream, Recording
from telephony_adapter.ami.translator import Translator
from telephony_adapter.queue_log.files import NotAQueueLog, log_files
from telephony_adapter.queue_log.importer import import_queue_log
from telephony_adapter.queue_log.members import NotAMemberList, members_of


class Result(Protocol):
    """The result of an import. `position`: of the log; projections that cover it cover the whole import. unreadable: files of which nothing could be read, and why."""

    position: int

    @property
    def unreadable(self) -> list[str]: ...

    def to_json(self) -> dict[str, Any]: ...

    def rows(self) -> list[tuple[str, str]]: ...


def check(command: ImportAmi | ImportQueueLog) -> None:
    """Refuse another kind of file or time zone, before a directory or a company is created. Raises Mistake."""
    with _one_line(*(command.files if isinstance(command, ImportQueueLog) else [command.file])):
        if isinstance(command, ImportAmi):
            any(True for _ in Recording(command.file.path, Translator(command.file.name).interest))
            return
        if command.timezone:
            zone(command.timezone)
        if command.members:
            members_of(Path(command.members))
        for file in command.files:
            log_files(Path(file.path), file.name)


@contextmanager
def _one_line(*files: File) -> Iterator[None]:
    """Report an error in one line, with each file by the name that the operator gave it."""
    try:
        yield
    except (InvalidField, NotAQueueLog, NotAMemberList, NotAnAmiStream) as refused:
        text = str(refused)
        for file in files:
            text = text.replace(file.path, file.name)
        raise Mistake(text) from refused


def queue_log(command: ImportQueueLog, center: Center, console: Console) -> int:
    """Import queue logs of any age and dialect."""
    files = [(Path(file.path), file.name) for file in command.files]
    asked_zone = zone(command.timezone) if command.timezone else None
    company = known_or_new(center, command.company)
    if command.wait:
        center.covered()
    with _one_line(*command.files):
        result = import_queue_log(
            center.bus,
            caller(company),
            files,
            timezone=asked_zone or zone(company.settings.timezone),
            members=Path(command.members) if command.members else None,
            progress=_progress(console),
            now_us=center.bus.clock.now_us(),
            earlier=EarlierImports(center, company, lambda: cover(center, console) if command.wait else None),
        )
    return _concluded(result, center, console, json=command.json, wait=command.wait)


def ami(command: ImportAmi, center: Center, console: Console) -> int:
    """Import a recorded AMI stream."""
    company = known_or_new(center, command.company)
    if command.wait:
        center.covered()
    with _one_line(command.file):
        result = import_ami(
            center.bus, caller(company), Path(command.file.path), command.file.name, _progress(console), now_us=center.bus.clock.now_us()
        )
    return _concluded(result, center, console, json=command.json, wait=command.wait)


def _progress(console: Console) -> Callable[[int, int, int], None]:
    def progress(done: int, total: int, _: int) -> None:
        console.progress("import", done, total, "bytes")

    return progress


def _concluded(result: Result, center: Center, console: Console, *, json: bool, wait: bool) -> int:
    if wait:
        cover(center, console)
        center.settle(lambda: console.progress("reactions", 0, None, "events"))
        cover(center, console)
    if json:
        console.out(msgspec.json.encode(result.to_json()).decode() + "\n")
    else:
        rows = result.rows()
        width = max(len(name) for name, _ in rows)
        console.out("".join(f"{name:{width}}  {value}\n" for name, value in rows))
    for sentence in result.unreadable:
        console.warn(sentence)
    return REFUSED if result.unreadable else 0
