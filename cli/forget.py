"""`forget`: make the personal data of a contact permanently unreadable."""

from __future__ import annotations

from uuid import UUID

from bootstrap import Center
from cli.company import asker, caller, known
from cli.console import Console, Mistake
from cli.cover import cover
from cli.operator_commands import Forget
from commands.contacts import ForgetContact, KnownContact, known_contact
from domain.companies import Company
from projections.queries.contacts import InteractionsOf, interactions_of_contact


def forget(command: Forget, center: Center, console: Console) -> int:
    """Say what is known of a contact, or destroy its key; refused during a call of the contact."""
    company = known(center, command.company)
    contact = _contact(center, company, command.contact)
    cover(center, console)
    interactions = center.queries.ask(interactions_of_contact, asker(company), contact.id)
    if command.dry_run:
        console.out(_found(contact, interactions))
        return 0
    center.bus.execute(ForgetContact(contact=contact.id, interactions=interactions.open), caller(company))
    console.out(f"{contact.id} is forgotten\n")
    return 0


def _found(contact: KnownContact, interactions: InteractionsOf) -> str:
    name = "(forgotten)" if contact.forgotten else contact.name or "(no name)"
    going_on = f", {len(interactions.open)} of them open" if interactions.open else ""
    return f"contact {contact.id}: {name}; phones: {', '.join(contact.phones) or 'none'}; interactions: {interactions.total}{going_on}\n"


def _contact(center: Center, company: Company, text: str) -> KnownContact:
    """The contact whose id or phone number `text` is."""
    try:
        found = known_contact(center.store, company.id, contact=UUID(text))
    except ValueError:
        found = known_contact(center.store, company.id, phone=text)
    if found is None:
        raise Mistake("no contact has this id or phone number")
    return found
