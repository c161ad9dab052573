"""`dead-letters`: list and retry the events whose rows could not be made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import msgspec

from bootstrap import location
from cli.console import Console, Mistake
from cli.listing import listing, utc
from cli.topics import must_be_distributed
from cli.worker import rows
from projections.engine.warehouse import WarehouseError
from settings import Settings
from store.database import StoreUnavailable
from streams.dead_letter_retry import retry
from streams.dead_letters import UNUSABLE, DeadLetter, DeadLetters
from streams.topics import partition_name
from streams.write_lock import WriteLock, WriteLockLost


def list_letters(settings: Settings, console: Console, *, json: bool) -> int:
    """List the dead letters that are not settled, without personal data."""
    with _kept(settings) as kept:
        rows = [_row(letter) for letter in _listed(kept)]
    if json:
        console.out(msgspec.json.encode(rows).decode() + "\n")
    elif rows:
        console.out(listing(rows, console.width))
    else:
        console.warn("there are no dead letters")
    return 0


def retry_letters(settings: Settings, positions: Sequence[int], console: Console) -> int:
    """Fold those at `positions` again, or all if there are none; exit status 1 when the rows of one still cannot be made."""
    with (
        _kept(settings) as kept,
        rows(settings) as warehouse,
        closing(WriteLock(settings.store_url)) as write_lock,
        closing(location(settings.data, settings).events()) as log,
    ):
        listed = _listed(kept)
        letters = [letter for letter in listed if not positions or letter.position in positions]
        for position in sorted(set(positions) - {letter.position for letter in listed}):
            console.warn(f"{position} is no dead letter")
        failed = 0
        try:
            for tried in retry(letters, kept, log, warehouse, write_lock):
                failed += bool(tried.refused)
                console.out(f"{tried.dead_letter.name} {tried.dead_letter.event}: {tried.refused or 'its rows are made'}\n")
        except (*UNUSABLE, WriteLockLost, StoreUnavailable, WarehouseError) as error:
            raise Mistake(f"not all were tried: {error}") from error
    return 1 if failed else 0


def _kept(settings: Settings) -> closing[DeadLetters]:
    must_be_distributed(settings)
    return closing(DeadLetters(settings.kafka, settings.topics))


def _listed(kept: DeadLetters) -> list[DeadLetter]:
    try:
        return kept.listed()
    except UNUSABLE as error:
        raise Mistake(str(error)) from error


def _row(letter: DeadLetter) -> dict[str, Any]:
    return {
        "position": letter.position,
        "event": letter.event,
        "reason": letter.reason,
        "message": f"{partition_name(letter.topic, letter.partition)}@{letter.offset}",
        "set_aside_at": utc(letter.at_ms),
    }
