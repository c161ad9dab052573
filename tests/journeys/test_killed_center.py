"""A center that is killed repeatedly during commands and imports: every acknowledged event is there once, and the figures are right."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from bootstrap import hold
from settings import Settings
from store.storage_location import InDirectory
from tests.kit.killed import killed
from tests.kit.killed_center import BY_LOG, Work, figures, parts
from tests.kit.operator_results import import_log


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The figures of a center that ran everything without a kill."""
    directory = tmp_path_factory.mktemp("undisturbed")
    parts(directory)
    with hold(directory / "data", Settings()) as held:
        work = Work(held)
        work.observe(0, len(work.commands))
        import_log(held, BY_LOG, directory / "queue_log")
        return figures(held)


def kill_repeatedly(directory: Path, times: int, undisturbed: dict[str, Any]) -> None:
    chance = Random(times)
    parts(directory)
    acknowledged: dict[int, int] = {}
    for seed in range(times):
        # Some are killed while they open, some in their first commands, some halfway.
        most, within = chance.choice([(1, 2.0), (4, 0.05), (40, 0.05), (400, 0.3)])
        for line in killed("tests.kit.killed_center", directory / "data", seed, least=1, most=most, within_s=within):
            kind, *numbers = line.split(" ")
            if kind == "sent":
                number, position = map(int, numbers)
                assert acknowledged.setdefault(number, position) == position
        proved = InDirectory(directory / "data").verify()
        assert proved.flaw is None
        assert proved.events >= max(acknowledged.values(), default=0)

    with hold(directory / "data", Settings()) as held:
        work = Work(held)
        assert work.next > max(acknowledged) > times
        assert dict(work.observe(0, len(work.commands))).items() >= acknowledged.items()
        import_log(held, BY_LOG, *parts(directory))
        assert figures(held) == undisturbed
    assert InDirectory(directory / "data").verify().flaw is None


@pytest.mark.timeout(600)
def test_a_center_survives_kills(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    kill_repeatedly(tmp_path, 10, undisturbed)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_center_survives_many_kills(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    kill_repeatedly(tmp_path, 200, undisturbed)
