"""`restore`: write a lost event store again from Kafka."""

from __future__ import annotations

from pathlib import Path

from bootstrap import open_center
from cli.console import Console, Mistake
from cli.exit_status import TAMPERED
from cli.log_copies import head, one_line, progress_of, servers, written
from cli.migrate import make_all
from settings import Settings
from store.log_restore import Stopped


def restore(settings: Settings, keys: Path | None, noted: str, console: Console) -> int:
    """Write the event store again from Kafka."""
    from streams.brokers import BrokersAway, BrokersRefuse
    from streams.restore import Source
    from streams.restore import restore as run

    known = head(noted) if noted else None
    where = servers(settings, "restore")
    source = Source(settings.kafka, settings.topics, keys, known)
    make_all(settings)
    try:
        with one_line():
            restored = run(where, settings.master_key, source, progress_of(console))
    except (BrokersAway, BrokersRefuse) as refused:
        raise Mistake(str(refused)) from refused
    except Stopped as stopped:
        console.out(f"not restored: {stopped}\n")
        return TAMPERED
    console.out(f"{restored.events:,} events restored, the log ends with {written(restored.head)}\n")
    if restored.keys:
        console.out(f"{restored.keys:,} rows of the key store copied\n")
    if restored.proof is None:
        console.out("the end is not proved: no head was noted outside the log (--head, or --keys with a backup that has one)\n")
    else:
        console.out(f"the end is proved up to event {restored.proof.position}, whose hash was noted outside the log\n")
    _rows(settings, restored.head.position, console)
    return 0


def _rows(settings: Settings, position: int, console: Console) -> None:
    """Keep the rows that ClickHouse still has; if some are lost, rebuild all."""
    with open_center(settings.data, settings) as center:
        if center.covered() < position:
            reached = center.rebuild(lambda done, total: console.progress("rebuild", done, total, "events"))
            console.out(f"rows were made anew up to position {reached}\n")
