"""The command `atende`."""

from __future__ import annotations

import gc
import os
import sys

import settings
from bootstrap import Unusable
from cli.console import Mistake
from cli.exit_status import MISTAKEN, TAMPERED

# Importing a module of words registers them, in this order.
from cli.words import deployment, figures, storage
from cli.words.app import app
from migrations.runner import MigrationRefused
from processes.execution import ProcessStopped
from projections.engine.warehouse import WarehouseUnreachable
from projections.queries.report import printable
from store.chain import ChainBroken
from store.clock import ClockOff
from store.database import StoreUnavailable
from store.master_key import WrongMasterKey

__all__ = ["app", "deployment", "figures", "main", "storage"]

OWNER_ALONE = 0o077
"""Files hold personal data: no other user of the machine may read them."""


SEARCHES_FOR_GARBAGE = (50_000, 20, 1_000)
"""An import makes millions of objects and hardly a cycle among them: at the usual pace the search for those is a fifth of its time."""

_MISTAKES = (
    Mistake,
    settings.WrongSetting,
    StoreUnavailable,
    Unusable,
    WrongMasterKey,
    ClockOff,
    MigrationRefused,
    WarehouseUnreachable,
    ProcessStopped,
)
"""Errors that are reported in one line: a setting, a server or a file is wrong."""


def main() -> None:
    """Run the command that the arguments name; exit with its status."""
    os.umask(OWNER_ALONE)
    gc.set_threshold(*SEARCHES_FOR_GARBAGE)
    try:
        app()
    except _MISTAKES as mistake:
        sys.stderr.write(printable(f"{mistake}\n", but="\n"))
        sys.exit(MISTAKEN)
    except ChainBroken as broken:
        sys.stderr.write(f"{broken}\n")
        sys.exit(TAMPERED)
