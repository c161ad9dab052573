"""A center behind the API, two companies in it, and people who are logged in to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import create_app, described
from commands.companies import RegisterCompany
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, RegisterUser, SetPassword
from domain import api_keys
from domain.access import PERMISSIONS
from domain.ids import company_id
from tests.kit.captures import capture
from tests.kit.http import PASSWORD, Client, Person, TimedCenter, administrator, operator, serving
from tests.kit.pasts import import_both


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of PASSWORD; making one takes long on purpose."""
    return hashed_password(PASSWORD)


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The OpenAPI document. Making one takes long, and each app makes its own."""
    made: dict[str, Any] = json.loads(json.dumps(described().openapi()))
    return made


@pytest.fixture
def center(tmp_path) -> Iterator[TimedCenter]:
    opened = TimedCenter(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def client(center) -> Iterator[Client]:
    with serving(create_app(center, center.clock.seconds)) as opened:
        yield opened


@pytest.fixture
def log_in(center, client, password_hash):
    """Makes a company, a user in it with these permissions (None: an administrator), and logs the user in."""

    def do(company: str = "Empresa", email: str = "ana@empresa.example", permissions: tuple[str, ...] | None = None) -> Person:
        if company_id(company) not in center.store.companies():
            center.bus.execute(RegisterCompany(name=company), operator(company))
        command = (
            AppointAdministrator(email=email) if permissions is None else RegisterUser(name="Ana", email=email, permissions=permissions)
        )
        token = center.bus.execute(command, operator(company)).result["token"]
        center.bus.execute(SetPassword(token=token, hashed=password_hash), operator(company))
        answer = client.post("/v1/auth/login", json={"email": email, "password": PASSWORD, "company": company})
        assert answer.status_code == 200, answer.text
        return Person(client, email, answer.json())

    return do


@pytest.fixture
def any_permissions(monkeypatch):
    """Keys get permissions of which they have no use, as keys did before that was refused."""
    for rule in ("USED_BY_KEYS", "USED_BY_LIMITED_KEYS"):
        monkeypatch.setattr(api_keys, rule, frozenset(PERMISSIONS))


@pytest.fixture
def ana(log_in) -> Person:
    """An administrator of the company Empresa."""
    return log_in()


IMPORTED_US = 1_795_500_000_000_000
"""A day after the center was recorded."""


@pytest.fixture(scope="module")
def reporter(tmp_path_factory):
    """Somebody who may see the reports of the recorded center, which is imported from its queue log and its AMI stream."""
    center = TimedCenter(tmp_path_factory.mktemp("figures") / "data")
    center.clock.us = IMPORTED_US
    app = create_app(center)
    token = administrator(app, center, "Empresa")
    import_both(center, capture("run-b"), "Empresa")
    with serving(app) as client:
        yield Person(client, "ana@empresa.example", {"access_token": token})
    center.close()
