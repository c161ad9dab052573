"""`admin`: appoint an administrator."""

from __future__ import annotations

from bootstrap import Held
from cli.company import caller, known
from cli.console import Console
from cli.operator_commands import Admin
from commands.users import AppointAdministrator


def admin(command: Admin, held: Held, console: Console) -> int:
    """Appoint the administrator and write the one-time link."""
    company = known(held.center, command.company)
    receipt = held.center.bus.execute(AppointAdministrator(email=command.email), caller(company))
    console.out(f"{held.public_url or held.url}/first-access#{receipt.result['token']}\n")
    return 0
