"""`forget`: make the personal data of a contact permanently unreadable."""

from __future__ import annotations

from uuid import UUID

from bootstrap import Center
from cli.company import asker, caller, known
from cli.console import Console, Mistake
from cli.cover import cover
from cli.operator_commands import Forget
from commands.contacts import ForgetContact
from domain.companies import Company
from domain.contacts import normalised
from projections.queries.contacts import open_interactions


def forget(command: Forget, center: Center, console: Console) -> int:
    """Destroy the key of a contact; refused during a call of the contact."""
    company = known(center, command.company)
    contact = _contact(center, company, command.contact)
    cover(center, console)
    destroy = ForgetContact(contact=contact, interactions=center.queries.ask(open_interactions, asker(company), contact))
    center.bus.execute(destroy, caller(company))
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
