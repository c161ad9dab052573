"""Care for a data directory: prove it, forget a person, let an administrator in."""

from __future__ import annotations

from pathlib import Path

from bootstrap import Center, Held
from cli.asks import Admin
from cli.company import caller, known
from cli.console import Console
from commands.chain import ChainBroken
from commands.chain import verify as walk
from commands.identity import AppointAdministrator

TAMPERED = 1


def verify(directory: Path, console: Console) -> int:
    """Walk the hash chain of the whole log; TAMPERED when it is not what was written."""
    try:
        verdict = walk(directory)
    except ChainBroken as broken:
        console.out(f"tampered: {broken}\n")
        return TAMPERED
    if verdict.flaw is not None:
        console.out(f"tampered: {verdict.flaw}; the {verdict.events} before it are proved\n")
        return TAMPERED
    console.out(f"{verdict.events} events proved\n")
    return 0


def rebuild(center: Center, console: Console) -> int:
    """Fold every projection anew from the log."""
    position = center.rebuild(lambda done, total: console.progress("rebuild", done, total, "events"))
    console.out(f"rebuilt up to position {position}\n")
    return 0


def admin(ask: Admin, held: Held, console: Console) -> int:
    """Appoint the administrator and give the link."""
    company = known(held.center, ask.company)
    receipt = held.center.door.execute(AppointAdministrator(email=ask.email), caller(company))
    console.out(f"{held.url}/first-access#{receipt.result['token']}\n")
    return 0
