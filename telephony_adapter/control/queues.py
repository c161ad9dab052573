"""Queues that people register in Atende are queues of the PBX: in a file of their own, `queues_atende.conf`, which the PBX's `queues.conf` includes.

A queue that the PBX has from elsewhere is never written, nor is one that Atende knows only because the PBX has named it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Lock

from commands.handler_context import Command
from commands.queues import RegisterQueue
from domain.base import CATALOGUE, Event
from domain.names import identity
from domain.queues import Queue, QueueEvent, QueueRegistered
from store.event_store import project
from telephony_adapter.control.agents import Members
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.pbx import Pbx, PbxRefuses

FILE = "queues_atende.conf"

_OPTIONS = {
    "strategy": "rrmemory",
    "timeout": "20",
    "retry": "1",
    "ringinuse": "no",
    "joinempty": "yes",
    "leavewhenempty": "no",
    "timeoutpriority": "conf",
    "setinterfacevar": "yes",
    "setqueueentryvar": "yes",
    "setqueuevar": "yes",
}
"""What Atende does not ask for. ringinuse: an agent who talks is not rung; a queue without agents lets callers wait, who are counted."""

_WRITABLE = re.compile(r"[^\[\];,\r\n()|&]{1,80}")
_OF_THE_PBX = ("general",)
_SECTION = re.compile(r"Category-(\d+)")


class Queues(Effect):
    """Makes the PBX's queues of Atende equal to those that are registered and active."""

    TOPICS = tuple(sorted(topic for topic, kind in CATALOGUE.items() if issubclass(kind, QueueEvent)))
    EXPIRES_US = None

    def __init__(self) -> None:
        self._file = Lock()
        """One change of the file at a time: each decides by what the file has."""

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Write the queue's section anew or remove it, and let the PBX read it."""
        found = _queue(pbx, event)
        if found is not None and self._equalise(pbx, [found]):
            # A queue that is new at the PBX has no agents there yet.
            return Members().resynchronise(pbx)
        return ()

    def resynchronise(self, pbx: Pbx) -> Iterable[Command]:
        """All of them, and the agents in those that are new."""
        events = [event for id in pbx.queues() if (event := next(iter(pbx.store.stream(id)), None)) is not None]
        changed = self._equalise(pbx, [found for event in events if (found := _queue(pbx, event)) is not None])
        return Members().resynchronise(pbx) if changed else ()

    def _equalise(self, pbx: Pbx, queues: Sequence[tuple[Queue, frozenset[str]]]) -> bool:
        """Make the file's sections those of these queues. Whether anything changed."""
        with self._file:
            written = _sections(pbx)
            foreign = {identity(row["Queue"]) for row in pbx.rows("QueueStatus") if row["Event"] == "QueueParams"} - {
                identity(name) for name in written
            }
            # One queue at a time: Asterisk reads at most 128 headers of an action.
            changes = [made for queue, names in queues if (made := list(_changes(queue, names, written, foreign)))]
            for made in changes:
                _write(pbx, made)
            if changes:
                pbx.action("QueueReload", Members="no", Rules="no", Parameters="yes")
            return bool(changes)


def _queue(pbx: Pbx, event: Event) -> tuple[Queue, frozenset[str]] | None:
    """The queue of this event, and the names that it has had; None for one that nobody has registered: a source has named it."""
    events = pbx.store.stream(event.originator_id)
    queue = project(events, Queue)
    registered = [each for each in events if isinstance(each, QueueRegistered)]
    if queue is None or not registered or registered[-1].cause != RegisterQueue.__name__:
        return None
    return queue, frozenset(identity(name) for each in events if (name := getattr(each, "name", "")))


def _sections(pbx: Pbx) -> dict[str, dict[str, str]]:
    """The options of each section of the file, which is created if it is missing."""
    try:
        headers = pbx.action("GetConfig", Filename=FILE).headers
    except PbxRefuses:
        with suppress(PbxRefuses):  # another process may have created it just now
            pbx.action("CreateConfig", Filename=FILE)
        headers = pbx.action("GetConfig", Filename=FILE).headers
    sections: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        if found := _SECTION.fullmatch(name):
            lines = [line for key, line in headers.items() if key.startswith(f"Line-{found[1]}-")]
            sections[value] = {option: text for option, _, text in (line.partition("=") for line in lines)}
    return sections


Change = tuple[str, str, str, str]
"""An action of UpdateConfig: its name, the section, an option and its value."""


def _changes(queue: Queue, names: frozenset[str], written: dict[str, dict[str, str]], foreign: set[str]) -> Iterator[Change]:
    name, wanted = queue.name, _options(queue)
    there = [section for section in written if identity(section) in names]
    is_wanted = (
        queue.exists and queue.active and identity(name) not in foreign and name not in _OF_THE_PBX and bool(_WRITABLE.fullmatch(name))
    )
    if is_wanted and there == [name] and written[name] == wanted:
        return
    for section in there:
        yield "DelCat", section, "", ""
    if is_wanted:
        yield "NewCat", name, "", ""
        for option, value in wanted.items():
            yield "Append", name, option, value


def _options(queue: Queue) -> dict[str, str]:
    settings = queue.settings
    # A rest of a second would be lost: the PBX knows whole ones.
    return _OPTIONS | {"servicelevel": str(-(-settings.sla_ms // 1000)), "wrapuptime": str(-(-settings.wrap_up_ms // 1000))}


def _write(pbx: Pbx, changes: Sequence[Change]) -> None:
    fields: dict[str, object] = {}
    for number, (action, section, option, value) in enumerate(changes):
        fields |= {f"Action-{number:06}": action, f"Cat-{number:06}": section}
        if option:
            fields |= {f"Var-{number:06}": option, f"Value-{number:06}": value}
    pbx.action("UpdateConfig", SrcFilename=FILE, DstFilename=FILE, **fields)
