"""Whole logs and key stores from one place to another: a store restored from Kafka, a backup of the keys, a directory moved to servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bootstrap import DirectoryHeld, hold, is_data_directory, location, open_center
from cli.console import Console, Mistake
from cli.execution import TAMPERED
from cli.migrate import make_all
from settings import Settings
from store.chain import Head
from store.key_backup import NoBackup, back_up_keys
from store.log_restore import NotTheSameLog, Occupied, Stopped
from store.master_key import MASTER_FILE, WrongMasterKey
from store.storage_location import InDirectory, OnServers
from store.store_migration import leave_note
from store.store_migration import move as run_move

_HEAD = re.compile(r"(\d{1,18}):([0-9a-fA-F]{64})")


def head(text: str) -> Head:
    """A head as an operator has it: POSITION:HASH. Raises Mistake."""
    told = _HEAD.fullmatch(text)
    if told is None or not int(told[1]):
        raise Mistake("--head is not POSITION:HASH: a position of the log and 64 hexadecimal digits")
    return Head(int(told[1]), bytes.fromhex(told[2]))


@contextmanager
def _one_line() -> Iterator[None]:
    """What is there already, or in use, is told in one line."""
    try:
        yield
    except (NoBackup, NotTheSameLog, Occupied) as refused:
        raise Mistake(str(refused)) from refused


def _servers(settings: Settings, command: str) -> OnServers:
    found = location(settings.data, settings)
    if not isinstance(found, OnServers):
        raise Mistake(f"`atende {command}` writes to servers, and the settings name none: ATENDE_MODE=distributed")
    return found


def backup_keys(directory: Path, settings: Settings, file: Path, console: Console) -> int:
    """Write the key store into a file, also while servers use it."""
    found = location(directory, settings)
    if not found.exists():
        raise Mistake(f"{found.name}: nothing was ever stored there")
    with _one_line():
        noted = back_up_keys(found, file, lambda done: console.progress("keys", done, None, "rows"))
    console.out(
        f"{file} has the keys of the log up to {_said(noted)}\n" if noted else f"{file} has the keys; no head of the log is noted\n"
    )
    return 0


def restore(settings: Settings, keys: Path | None, told: str, console: Console) -> int:
    """Write the event store anew from Kafka."""
    from streams.brokers import BrokersAway, BrokersRefuse
    from streams.restore import Source
    from streams.restore import restore as run

    known = head(told) if told else None
    where = _servers(settings, "restore")
    source = Source(settings.kafka, settings.topics, keys, known)
    make_all(settings)
    try:
        with _one_line():
            restored = run(where, settings.master_key, source, _progress(console))
    except (BrokersAway, BrokersRefuse) as refused:
        raise Mistake(str(refused)) from refused
    except Stopped as stopped:
        console.out(f"not restored: {stopped}\n")
        return TAMPERED
    console.out(f"{restored.events:,} events restored, the log ends with {_said(restored.head)}\n")
    if restored.keys:
        console.out(f"{restored.keys:,} rows of the key store copied\n")
    if restored.proof is None:
        console.out("the end is not proved: no head was noted outside the log (--head, or --keys with a backup that has one)\n")
    else:
        console.out(f"the end is proved up to event {restored.proof.position}, whose hash was noted outside the log\n")
    _rows(settings, restored.head.position, console)
    return 0


def _rows(settings: Settings, position: int, console: Console) -> None:
    """Rows that ClickHouse has kept are good; those that it has lost are made anew."""
    with open_center(settings.data, settings) as center:
        if center.covered() < position:
            reached = center.rebuild(lambda done, total: console.progress("rebuild", done, total, "events"))
            console.out(f"rows were made anew up to position {reached}\n")


def move(directory: Path, settings: Settings, console: Console) -> int:
    """Move the center of a data directory to the servers of the settings."""
    where = _servers(settings, "move")
    if not is_data_directory(directory):
        raise Mistake(f"{directory} is no data directory: nothing was ever imported or served there")
    make_all(settings)
    _must_be_free(settings, where)
    try:
        with _one_line(), hold(directory, settings, moved=True):
            moved = run_move(InDirectory(directory), where, settings.master_key, _progress(console))
            leave_note(directory, where)
    except DirectoryHeld as held:
        raise Mistake(f"{directory} is used by process {held.process}: end it first") from held
    except WrongMasterKey as wrong:
        raise WrongMasterKey(f"neither ATENDE_MASTER_KEY nor a file {directory / MASTER_FILE} is the master key of {directory}") from wrong
    except Stopped as stopped:
        console.out(f"not moved: {stopped}\n")
        return TAMPERED
    console.out(f"{moved.events:,} events moved to {where.name}, where the log was proved from its first event to {_said(moved.head)}\n")
    console.out(f"{moved.rows:,} rows of keys, receipts and protocol numbers copied; everybody signs in anew\n")
    console.out(
        "the rows that figures are made of come by `atende relay` and `atende worker`; of a long log `atende rebuild` makes them faster, when all is relayed\n"
    )
    return 0


def _must_be_free(settings: Settings, where: OnServers) -> None:
    """Refuse topics in which there is another log: the relay would append this one to it. Raises Mistake."""
    from streams.brokers import Brokers, BrokersAway, BrokersRefuse
    from streams.deployment_topics import names
    from streams.relay_progress import RelayProgress

    try:
        with closing(Brokers(settings.kafka)) as brokers:
            there = brokers.topics(names(settings.topics))
            messages = sum(brokers.ends({name: topic.partitions for name, topic in there.items()}).values()) if there else 0
    except (BrokersAway, BrokersRefuse) as refused:
        raise Mistake(str(refused)) from refused
    with closing(RelayProgress(where.relay(), settings.topics)) as relay_progress:
        if messages and not relay_progress.position():
            raise Mistake(
                f"the topics {settings.topics}.* hold {messages:,} messages of another log: ATENDE_TOPICS names others, or remove them"
            )


def _said(noted: Head) -> str:
    return f"{noted.position}:{noted.hash.hex()}"


def _progress(console: Console) -> Callable[[str, int, int], None]:
    def progress(what: str, done: int, total: int) -> None:
        console.progress(what, done, total, "rows" if what in {"keys", "receipts"} else "events")

    return progress
