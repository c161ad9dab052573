"""The link of a new administrator is a page of the console: where there is none, `admin` says what to do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cli import admin as command
from cli.operator_commands import Admin
from commands.companies import RegisterCompany
from tests.kit.http import TimedCenter, operator


class Printed:
    """What a command writes."""

    def __init__(self):
        self.result, self.warnings = "", []

    def out(self, text):
        self.result += text

    def warn(self, text):
        self.warnings.append(text)


@pytest.fixture
def center(tmp_path):
    center = TimedCenter(tmp_path / "data")
    center.bus.execute(RegisterCompany(name="Empresa"), operator("Empresa"))
    yield center
    center.close()


@pytest.mark.parametrize("is_built", [True, False])
def test_the_link_comes_with_how_to_build_the_console_where_it_is_not_built(center, monkeypatch, is_built):
    monkeypatch.setattr(command, "is_built", lambda: is_built)
    printed = Printed()
    held = SimpleNamespace(center=center, public_url="", url="http://127.0.0.1:8080")
    assert command.admin(Admin(email="ana@empresa.example", company="Empresa"), held, printed) == 0
    assert printed.result.startswith("http://127.0.0.1:8080/first-access#")
    assert [("make web" in text, "/v1/auth/password" in text) for text in printed.warnings] == ([] if is_built else [(True, True)])
