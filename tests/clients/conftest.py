"""The clients are generated and compiled before their tests."""

import pytest

from tests.kit.generated_clients import make_clients


@pytest.fixture(scope="session", autouse=True)
def clients():
    make_clients()
