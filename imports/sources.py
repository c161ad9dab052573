"""The kinds of files that can be imported, and how each is taken in: the one way for the command line and for the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from commands.handler_context import Caller
from domain.access import PERMISSIONS, Asker, Scope
from domain.companies import Company
from domain.errors import InvalidField
from domain.refusals import FieldCode
from imports.center import ImportingCenter
from imports.earlier import EarlierImports
from projections.figures.intervals import zone
from store.imports import RefusedLine
from telephony_adapter.ami.importer import AmiImportResult, import_ami
from telephony_adapter.ami.recording import NotAnAmiStream, Recording
from telephony_adapter.ami.translator import Translator
from telephony_adapter.queue_log.files import NotAQueueLog, log_files
from telephony_adapter.queue_log.importer import Progress, import_queue_log
from telephony_adapter.queue_log.members import NotAMemberList, members_of
from telephony_adapter.queue_log.reading_limits import Look, ReadsTooMuch, nothing
from telephony_adapter.queue_log.result import ImportResult


class NotImportable(InvalidField):
    """A file is of another kind, or is packed as no log is. The message has its name, what it is, and what was expected."""

    def __init__(self, message: str, code: FieldCode = "file-not-recognised") -> None:
        super().__init__("", message, code)


class Result(Protocol):
    """The result of an import. `position`: of the log; projections that cover it cover the whole import. unreadable: files of which nothing could be read, and why."""

    position: int

    @property
    def unreadable(self) -> list[str]: ...

    def to_json(self) -> dict[str, Any]: ...

    def rows(self) -> list[tuple[str, str]]: ...


@dataclass(frozen=True)
class Source:
    """Files of one kind, each with its name for people. timezone: of instants that are written without one, "" = the company's.

    members: a file of interface;name that goes with queue logs. A source of kind `members` is such a file alone.
    """

    kind: Literal["queue-log", "ami", "members"]
    files: tuple[tuple[Path, str], ...]
    timezone: str = ""
    members: Path | None = None


def must_be_importable(source: Source, look: Look = nothing) -> None:
    """Look at the beginning of each file. Raises NotImportable, InvalidField for an unknown time zone, and what `look` raises."""
    if source.timezone:
        zone(source.timezone)
    with _refusing(source):
        if source.members is not None:
            members_of(source.members, look=look)
        for path, name in source.files:
            if source.kind == "ami":
                Recording(path, Translator(name).interest, look=look).must_be_one()
            elif source.kind == "members":
                members_of(path, name, look)
            else:
                log_files(path, name, look=look)


@contextmanager
def _refusing(source: Source) -> Iterator[None]:
    """Raises NotImportable in place of what the adapters raise."""
    try:
        yield
    except (NotAQueueLog, NotAMemberList, NotAnAmiStream) as other:
        raise NotImportable(_named(str(other), source)) from other
    except ReadsTooMuch as much:
        raise NotImportable(_named(str(much), source), "file-unpacks-too-much") from much


def take(
    source: Source,
    center: ImportingCenter,
    company: Company,
    caller: Caller,
    *,
    progress: Progress,
    cover: Callable[[], None],
    look: Look = nothing,
    result: ImportResult | None = None,
) -> ImportResult | AmiImportResult:
    """Import the files. cover: lets the figures cover what is saved, where an earlier import must be known. look: called while files are read.
    result: of queue logs, filled meanwhile.

    Raises NotImportable, for a file of another kind before any command is sent, and what `progress` and `look` raise: what was taken in until then stays.
    """
    now_us = center.bus.clock.now_us()
    with _refusing(source):
        if source.kind == "ami":
            ((path, name),) = source.files
            return import_ami(center.bus, caller, path, name, progress, now_us=now_us, look=look)
        only_members = source.kind == "members"
        return import_queue_log(
            center.bus,
            caller,
            [] if only_members else source.files,
            timezone=zone(source.timezone or company.settings.timezone),
            members=source.files[0][0] if only_members else source.members,
            progress=progress,
            now_us=now_us,
            earlier=EarlierImports(center.queries, Asker(company.id, frozenset(PERMISSIONS), Scope.whole_company()), cover, look),
            result=result,
            look=look,
            scratch=center.directory,
        )


def conclude(center: ImportingCenter, say: Callable[[str, int, int | None], object]) -> None:
    """Wait until the figures cover what is saved and what process managers do about it. say: called with what is awaited, how much is done, and of how much."""

    def cover() -> None:
        center.cover(center.store.head(), lambda done, total: say("figures", done, total))

    cover()
    center.settle(lambda: say("reactions", 0, None))
    cover()


def refused_in(result: ImportResult | AmiImportResult, file: str) -> tuple[int, tuple[RefusedLine, ...]]:
    """How many lines were not taken in, and the first ones of them. file: the name of a recording."""
    if isinstance(result, ImportResult):
        lines = (*result.broken_lines, *result.set_aside_lines)
        return result.broken + result.set_aside, tuple(RefusedLine(*line) for line in lines)
    return result.broken, tuple(RefusedLine(file, broken.number, broken.why) for broken in result.broken_packets)


def _named(text: str, source: Source) -> str:
    """A message with the names that people know in place of paths."""
    for path, name in source.files:
        text = text.replace(str(path), name)
    return text
