"""`forget`: make the personal data of a contact unreadable for ever."""

from __future__ import annotations

from uuid import UUID

from bootstrap import Center
from cli.company import caller, known
from cli.console import Console, Mistake
from cli.operator_commands import Forget
from cli.report import rows_of
from commands.contacts import ForgetContact
from domain.contacts import normalised
from domain.users import Company
from projections.engine.temporal_view import TemporalView
from projections.queries.contacts import has_open_interaction


def forget(command: Forget, center: Center, console: Console) -> int:
    """Destroy the key of a contact; refused while a call of the contact goes on."""
    company = known(center, command.company)
    contact = _contact(center, company, command.contact)
    view = TemporalView(center.warehouse, company.id)
    rows_of(center, company, console)
    destroy = ForgetContact(contact=contact, busy=has_open_interaction(view, contact))
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
