"""Jobs of one lane run in their order, and those that a later one does do not run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from telephony_adapter.control.lanes import Job, Lanes


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    with closing(Lanes("test")) as made:
        yield made


def test_a_job_runs_instead_of_the_replaceable_ones_that_wait_and_after_the_others(lanes: Lanes) -> None:
    did: list[str] = []
    going = threading.Event()

    def job(name: str) -> Job:
        return lambda: did.append(name)

    def first() -> None:
        assert going.wait(20)
        did.append("log in")

    lanes.add("Ana", first, replaceable=True)
    for name, replaceable in (("pause", True), ("move", False), ("resume", True), ("log out", True)):
        lanes.add("Ana", job(name), replaceable=replaceable)
    going.set()
    assert lanes.wait_until_idle(20)
    assert did == ["log in", "move", "log out"]
