"""Care for a center: prove it, forget a person, let an administrator in."""

from __future__ import annotations

from uuid import UUID

from bootstrap import Center, Held
from cli.asks import Admin, Forget, Rebuild
from cli.company import asker, caller, known
from cli.console import Console, Mistake
from cli.reports import cover
from commands.contacts import ForgetContact
from commands.users import AppointAdministrator
from domain.companies import Company
from domain.contacts import normalised
from projections.engine.progress import ProjectionsStopped
from projections.queries.contacts import open_interactions
from store.storage_location import StorageLocation


def tampered(location: StorageLocation, console: Console) -> bool:
    """Walk the hash chain of the whole log, and say whether it is what was written."""
    verdict = location.verify()
    if verdict.flaw is not None:
        console.out(f"tampered: {verdict.flaw}; the {verdict.events} before it are proved\n")
    else:
        console.out(f"{verdict.events} events proved\n")
    return verdict.flaw is not None


def forget(ask: Forget, center: Center, console: Console) -> int:
    """Destroy the key of a contact; refused while a call of the contact goes on."""
    company = known(center, ask.company)
    contact = _contact(center, company, ask.contact)
    cover(center, console)
    command = ForgetContact(contact=contact, interactions=center.queries.ask(open_interactions, asker(company), contact))
    center.bus.execute(command, caller(company))
    console.out(f"{contact} is forgotten\n")
    return 0


def _contact(center: Center, company: Company, text: str) -> UUID:
    """The contact whose id or phone number `text` is."""
    try:
        return UUID(text)
    except ValueError:
        keyring = center.store.keyring
        found = keyring.find(keyring.tag(company.id, "phone", normalised(text)))
    if found is None:
        raise Mistake("no contact has this id or phone number")
    return found


def rebuild(ask: Rebuild, center: Center, console: Console) -> int:
    """Fold every projection anew from the log, of all companies."""
    if ask.company:
        known(center, ask.company)
    try:
        position = center.rebuild(lambda done, total: console.progress("rebuild", done, total, "events"))
    except ProjectionsStopped as stopped:
        console.warn(f"not rebuilt: {stopped}")
        return 1
    console.out(f"rebuilt up to position {position}\n")
    return 0


def admin(ask: Admin, held: Held, console: Console) -> int:
    """Appoint the administrator and give the link."""
    company = known(held.center, ask.company)
    receipt = held.center.bus.execute(AppointAdministrator(email=ask.email), caller(company))
    console.out(f"{held.public_url or held.url}/first-access#{receipt.result['token']}\n")
    return 0
