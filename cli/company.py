"""The company that a command is for, and the caller that it runs as."""

from __future__ import annotations

from contextlib import suppress

from bootstrap import Center
from cli.console import Mistake
from commands.companies import RegisterCompany, companies
from commands.handler_context import Caller
from domain.access import PERMISSIONS, Asker, Scope
from domain.companies import Company
from domain.errors import AlreadyExists
from domain.ids import company_id

FIRST = "Empresa"
"""The company that is created with a new center."""

OPERATOR = "operator"
"""The caller of every command: an operator who may read the data directory, or has the addresses of the servers, may do everything."""


def caller(company: Company) -> Caller:
    """The operator, as the caller of commands of `company`."""
    return Caller(company.id, OPERATOR, frozenset(PERMISSIONS))


def asker(company: Company) -> Asker:
    """The operator, who sees everything of `company`."""
    return Asker(company.id, frozenset(PERMISSIONS), Scope.whole_company())


def known(center: Center, name: str) -> Company:
    """The company called `name`; without a name the oldest."""
    there = companies(center.store)
    for company in there:
        if name in ("", company.name):
            return company
    if not name:
        raise Mistake(f"{center.name} has no company yet: import something, or serve it")
    raise Mistake(f"there is no company {name!r} (there is {', '.join(repr(company.name) for company in there) or 'none'})")


def known_or_new(center: Center, name: str) -> Company:
    """As `known`, but a new name creates a company, and a center without one gets its first."""
    there = companies(center.store)
    if not there or name not in ("", *(company.name for company in there)):
        new = name or FIRST
        with suppress(AlreadyExists):  # by another process, just now
            center.bus.execute(RegisterCompany(name=new), Caller(company_id(new), OPERATOR, frozenset(PERMISSIONS)))
    return known(center, name)
