"""`move`: migrate the center of a data directory to the servers of the settings."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from bootstrap import DirectoryHeld, hold, is_data_directory
from cli.console import Console, Mistake
from cli.exit_status import TAMPERED
from cli.log_copies import one_line, progress_of, servers, written
from cli.migrate import make_all
from settings import Settings
from store.log_restore import Stopped
from store.master_key import MASTER_FILE, WrongMasterKey
from store.storage_location import InDirectory, OnServers
from store.store_migration import leave_note
from store.store_migration import move as run_move


def move(directory: Path, settings: Settings, console: Console) -> int:
    """Move the center of a data directory to the servers of the settings."""
    where = servers(settings, "move")
    if not is_data_directory(directory):
        raise Mistake(f"{directory} is no data directory: nothing was ever imported or served there")
    make_all(settings)
    _must_be_free(settings, where)
    try:
        with one_line(), hold(directory, settings, moved=True):
            moved = run_move(InDirectory(directory), where, settings.master_key, progress_of(console))
            leave_note(directory, where)
    except DirectoryHeld as held:
        raise Mistake(f"{directory} is used by process {held.process}: end it first") from held
    except WrongMasterKey as wrong:
        raise WrongMasterKey(f"neither ATENDE_MASTER_KEY nor a file {directory / MASTER_FILE} is the master key of {directory}") from wrong
    except Stopped as stopped:
        console.out(f"not moved: {stopped}\n")
        return TAMPERED
    console.out(f"{moved.events:,} events moved to {where.name}, where the log was proved from its first event to {written(moved.head)}\n")
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
