"""`admin`: appoint an administrator."""

from __future__ import annotations

from api.console import is_built
from bootstrap import Held
from cli.company import caller, known
from cli.console import Console
from cli.operator_commands import Admin
from commands.users import AppointAdministrator

_NO_PAGE = (
    "The console is not built here, so this link opens no page yet: `make web` builds it. "
    "Without it, POST /v1/auth/password sets the password: its `token` is what follows the # in the link."
)


def admin(command: Admin, held: Held, console: Console) -> int:
    """Appoint the administrator and write the one-time link, which is a page of the console. Where nobody has built it, say what to do instead."""
    company = known(held.center, command.company)
    receipt = held.center.bus.execute(AppointAdministrator(email=command.email), caller(company))
    console.out(f"{held.public_url or held.url}/first-access#{receipt.result['token']}\n")
    if not is_built():
        console.warn(_NO_PAGE)
    return 0
