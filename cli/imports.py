"""`import`: import what an Asterisk recorded, and write the result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bootstrap import Center
from cli.company import caller, known_or_new
from cli.console import Console, Mistake
from cli.cover import cover
from cli.exit_status import REFUSED
from cli.operator_commands import ImportAmi, ImportQueueLog
from domain.errors import InvalidField
from domain.personal_data import without_numbers
from imports.sources import Result, Source, conclude, must_be_importable, take


def check(command: ImportAmi | ImportQueueLog) -> None:
    """Refuse another kind of file or time zone, before a directory or a company is created. Raises Mistake."""
    with _one_line():
        must_be_importable(_source(command))


def run(command: ImportAmi | ImportQueueLog, center: Center, console: Console) -> int:
    """Import queue logs of any age and dialect, or a recorded AMI stream."""
    company = known_or_new(center, command.company)
    if command.wait:
        center.covered()

    shown: tuple[int, int | None] = (0, None)

    def progress(done: int, total: int, _: int) -> None:
        nonlocal shown
        shown = (done, total)
        look()

    def look() -> None:
        console.progress("import", *shown, "bytes")

    def known() -> None:
        if command.wait:
            cover(center, console)

    with _one_line():
        result = take(_source(command), center, company, caller(company), progress=progress, cover=known, look=look)
    return _concluded(result, center, console, json=command.json, wait=command.wait)


def _source(command: ImportAmi | ImportQueueLog) -> Source:
    if isinstance(command, ImportAmi):
        return Source("ami", ((Path(command.file.path), without_numbers(command.file.name)),))
    files = tuple((Path(file.path), without_numbers(file.name)) for file in command.files)
    return Source("queue-log", files, command.timezone, Path(command.members) if command.members else None)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except InvalidField as refused:
        raise Mistake(str(refused)) from refused


def _concluded(result: Result, center: Center, console: Console, *, json: bool, wait: bool) -> int:
    if wait:
        conclude(center, lambda label, done, total: console.progress(label, done, total, "events"))
    if json:
        console.out(msgspec.json.encode(result.to_json()).decode() + "\n")
    else:
        rows = result.rows()
        width = max(len(name) for name, _ in rows)
        console.out("".join(f"{name:{width}}  {value}\n" for name, value in rows))
    for sentence in result.unreadable:
        console.warn(sentence)
    return REFUSED if result.unreadable else 0
