"""What holds for every test."""

from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.kit.cheap import cheap
from tests.kit.distributed import Deployment, distributed
from tests.kit.temporary import prefer_memory

# Nothing is timed: a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

prefer_memory()


@pytest.fixture(scope="session", autouse=True)
def _cheap() -> Iterator[None]:
    with cheap():
        yield


@pytest.fixture(scope="session")
def shared_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment of processes that nobody disturbs. Whoever uses it brings companies of his own."""
    with distributed(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """How `pytest -n` distributes the tests."""
    from tests.kit.scheduling import scheduler

    return scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what the processes of its deployment said."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            logs = getattr(value, "logs", None)
            if callable(logs):
                report.sections.append(("what the processes said", logs()))
    return report
