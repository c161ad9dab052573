"""`import`: bring in what an Asterisk recorded, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from bootstrap import Center
from cli.answers import REFUSED
from cli.asks import File, ImportAmi, ImportQueueLog
from cli.company import caller, known_or_new
from cli.console import Console, Mistake
from cli.earlier_imports import EarlierImports
from cli.instants import zone
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.ami.recording import NotAnAmiStream, Recording
from telephony_adapter.ami.translator import Translator
from telephony_adapter.queue_log.files import NotAQueueLog, log_files
from telephony_adapter.queue_log.importer import import_queue_log
from telephony_adapter.queue_log.members import NotAMemberList, members_of


class Result(Protocol):
    """What an import came to. `position`: of the log, from which on projections cover all of it. unreadable: files that told nothing, and why."""

    position: int

    @property
    def unreadable(self) -> list[str]: ...

    def to_json(self) -> dict[str, Any]: ...

    def rows(self) -> list[tuple[str, str]]: ...


def look(ask: ImportAmi | ImportQueueLog) -> None:
    """Refuse another kind of file or time zone, so that no directory and no company come to be by a mistake. Raises Mistake."""
    with _one_line(*(ask.files if isinstance(ask, ImportQueueLog) else [ask.file])):
        if isinstance(ask, ImportAmi):
            any(True for _ in Recording(ask.file.path, Translator(ask.file.name).interest))
            return
        if ask.timezone:
            zone(ask.timezone)
        if ask.members:
            members_of(Path(ask.members))
        for file in ask.files:
            log_files(Path(file.path), file.name)


@contextmanager
def _one_line(*files: File) -> Iterator[None]:
    """Say which file is another than was asked for, by the name that the person gave it."""
    try:
        yield
    except (NotAQueueLog, NotAMemberList, NotAnAmiStream) as refused:
        said = str(refused)
        for file in files:
            said = said.replace(file.path, file.name)
        raise Mistake(said) from refused


def queue_log(ask: ImportQueueLog, center: Center, console: Console) -> int:
    """Import queue logs of any age and dialect."""
    files = [(Path(file.path), file.name) for file in ask.files]
    asked_zone = zone(ask.timezone) if ask.timezone else None
    company = known_or_new(center, ask.company)
    if ask.wait:
        center.covered()
    with _one_line(*ask.files):
        result = import_queue_log(
            center.bus,
            caller(company),
            files,
            timezone=asked_zone or zone(company.settings.timezone),
            members=Path(ask.members) if ask.members else None,
            progress=_progress(console),
            now_us=center.bus.clock.now_us(),
            earlier=EarlierImports(center, company, lambda: _cover(center, console)),
        )
    return _concluded(result, center, console, json=ask.json, wait=ask.wait)


def ami(ask: ImportAmi, center: Center, console: Console) -> int:
    """Import a recorded AMI stream."""
    company = known_or_new(center, ask.company)
    if ask.wait:
        center.covered()
    with _one_line(ask.file):
        result = import_ami(
            center.bus, caller(company), Path(ask.file.path), ask.file.name, _progress(console), now_us=center.bus.clock.now_us()
        )
    return _concluded(result, center, console, json=ask.json, wait=ask.wait)


def _progress(console: Console) -> Callable[[int, int, int], None]:
    def progress(done: int, total: int, _: int) -> None:
        console.progress("import", done, total, "bytes")

    return progress


def _cover(center: Center, console: Console) -> None:
    """Until the figures answer for all that is saved."""
    center.cover(center.store.head(), lambda done, total: console.progress("figures", done, total, "events"))


def _concluded(result: Result, center: Center, console: Console, *, json: bool, wait: bool) -> int:
    if wait:
        _cover(center, console)
        center.settle(lambda: console.progress("reactions", 0, None, "events"))
        _cover(center, console)
    if json:
        console.out(msgspec.json.encode(result.to_json()).decode() + "\n")
    else:
        rows = result.rows()
        width = max(len(name) for name, _ in rows)
        console.out("".join(f"{name:{width}}  {value}\n" for name, value in rows))
    for sentence in result.unreadable:
        console.warn(sentence)
    return REFUSED if result.unreadable else 0
