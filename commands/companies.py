"""Commands about companies, and companies for reading."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import MANAGE_COMPANIES
from domain.companies import Company, CompanySettings
from domain.errors import Refused
from domain.ids import company_id
from store.event_store import Store, project


class RegisterCompany(Command, frozen=True, kw_only=True):
    """A new company. The caller's company must have the id of the name (`ids.company_id`). Raises AlreadyExists."""

    permission: ClassVar[str] = MANAGE_COMPANIES
    name: str
    settings: CompanySettings = CompanySettings()


class SetCompanySettings(Command, frozen=True, kw_only=True):
    """Other defaults for the caller's company, from now on."""

    permission: ClassVar[str] = MANAGE_COMPANIES
    settings: CompanySettings


@handles(RegisterCompany)
def register_company(command: RegisterCompany, context: HandlerContext) -> Done:
    """A company is its own tenant."""
    if context.tenant != company_id(command.name):
        raise Refused("company-not-own", "a company is registered in its own name")
    company = context.load(Company, context.tenant) or context.add(Company(context.tenant, context.tenant))
    company.register(command.name, command.settings, context.metadata)
    return Done(company)


@handles(SetCompanySettings)
def set_company_settings(command: SetCompanySettings, context: HandlerContext) -> Done:
    """The settings of existing queues stay unchanged."""
    company = context.get(Company, context.tenant)
    company.set_settings(command.settings, context.metadata)
    return Done(company)


def known_company(store: Store, tenant: UUID) -> Company | None:
    """The company as the log has it, for reading."""
    return project(store.stream(tenant), Company)


def companies(store: Store) -> list[Company]:
    """All companies of the deployment, the oldest first."""
    found = (known_company(store, id) for id in store.companies())
    return [company for company in found if company is not None]
