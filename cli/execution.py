"""Runs an operator's command, in the process that has opened the center."""

from __future__ import annotations

import errno

from bootstrap import Held
from cli.console import Console, Mistake
from cli.exit_status import MISTAKEN, REFUSED, TAMPERED
from cli.operator_commands import (
    Admin,
    Forget,
    History,
    ImportAmi,
    ImportQueueLog,
    OperatorCommand,
    ProcessFailures,
    Rebuild,
    Report,
    RetryProcesses,
    Verify,
)
from domain.errors import DomainError, InvalidField, NotFound
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import WarehouseUnreachable
from store.database import StoreUnavailable

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def execute(command: OperatorCommand, held: Held, console: Console) -> int:
    """Run `command` on the center that `held` opens; its exit status."""
    try:
        return _executed(command, held, console)
    except (Mistake, InvalidField, NotFound, StoreUnavailable, WarehouseUnreachable) as mistake:
        console.warn(str(mistake))
        return MISTAKEN
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        console.warn(f"no room on the disk: {error.strerror}; what was saved stays saved, and the same command completes it")
        return MISTAKEN
    except (DomainError, ProjectionsStopped) as refusal:
        console.warn(str(refusal))
        return REFUSED


def _executed(command: OperatorCommand, held: Held, console: Console) -> int:
    # What a command needs is imported when it runs, so that each starts quickly.
    match command:
        case ImportAmi() | ImportQueueLog():
            from cli import imports

            return imports.run(command, held.center, console)
        case Report():
            from cli.report import report

            return report(command, held.center, console)
        case History():
            from cli.history import history

            return history(command, held.center, console)
        case Forget():
            from cli.forget import forget

            return forget(command, held.center, console)
        case Rebuild():
            from cli.rebuild import rebuild

            return rebuild(command, held.center, console)
        case ProcessFailures() | RetryProcesses():
            from cli import process_failures

            return process_failures.list_or_retry(command, held.center, console)
        case Verify():
            from cli.verify import tampered

            return TAMPERED if tampered(held.location, console) else 0
        case Admin():
            from cli.admin import admin

            return admin(command, held, console)
