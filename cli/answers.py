"""Every ask and the function that answers it, in whatever process has the center within reach."""

from __future__ import annotations

from bootstrap import Held
from cli.asks import Admin, Ask, Forget, History, ImportAmi, ImportQueueLog, Rebuild, Report, Verify
from cli.console import Console, Mistake
from domain.errors import DomainError, InvalidField, NotFound
from projections.engine.progress import ProjectionsStopped

MAKE_DIRECTORY = (ImportAmi, ImportQueueLog)
"""What may be asked of a directory that does not exist yet: it comes to be."""

REFUSED = 1
MISTAKEN = 2
TAMPERED = 1
"""The exit status when the log is not what was written."""


def answer(ask: Ask, held: Held, console: Console) -> int:
    """Do what is asked; the exit status."""
    try:
        return _answer(ask, held, console)
    except (Mistake, InvalidField, NotFound) as mistake:
        console.warn(str(mistake))
        return MISTAKEN
    except (DomainError, ProjectionsStopped) as refusal:
        console.warn(str(refusal))
        return REFUSED


def _answer(ask: Ask, held: Held, console: Console) -> int:
    # What a command needs is imported when it is asked, so that each starts quickly.
    match ask:
        case ImportAmi():
            from cli import imports

            return imports.ami(ask, held.center, console)
        case ImportQueueLog():
            from cli import imports

            return imports.queue_log(ask, held.center, console)
        case Report():
            from cli import reports

            return reports.report(ask, held.center, console)
        case History():
            from cli import reports

            return reports.history(ask, held.center, console)
        case Forget():
            from cli import upkeep

            return upkeep.forget(ask, held.center, console)
        case Rebuild():
            from cli import upkeep

            return upkeep.rebuild(ask, held.center, console)
        case Verify():
            from cli import upkeep

            return TAMPERED if upkeep.tampered(held.location, console) else 0
        case Admin():
            from cli import upkeep

            return upkeep.admin(ask, held, console)
