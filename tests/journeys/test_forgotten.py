"""Forget a contact with the command line: no file has its data any more, and every figure stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bootstrap import Held, hold
from cli.company import caller, known
from commands.contacts import RegisterContact
from domain.base import FORGOTTEN
from settings import Settings
from tests.journeys.command_line import CommandLine
from tests.journeys.conftest import RUN_B
from tests.kit.operator_results import import_stream, reported
from tests.kit.searching import in_files, in_rows, writings

NUMBER, NAME = "21977000185", "Dona Zulmira Cação"
"""A caller with two calls in the capture, one of them unanswered; and a name that occurs nowhere else."""

PERSONAL = {"from_number", "to_number", "contact"}


@pytest.fixture
def atende(tmp_path: Path) -> CommandLine:
    """A center with an imported AMI stream and a contact with a name."""
    made = CommandLine(tmp_path / "data")
    with hold(made.data, Settings()) as held:
        import_stream(held, "Empresa", RUN_B / "ami.timed.jsonl.gz")
        center = held.center
        center.bus.execute(RegisterContact(name=NAME, phones=(NUMBER,)), caller(known(center, "")))
    return made


def figures(held: Held) -> list[Any]:
    found: list[Any] = [reported(held, "", subject) for subject in ("queues", "agents", "ivr")]
    found.append(reported(held, "", "queues", by="hour"))
    interactions = reported(held, "", "interactions")
    found.append([{name: value for name, value in row.items() if name not in PERSONAL} for row in interactions])
    return found


def test_nothing_is_left_of_a_forgotten_contact_and_every_figure_stays(atende: CommandLine) -> None:
    with hold(atende.data, Settings()) as held:
        before = figures(held)
    known_protocols = [
        str(row["protocol"]) for row in atende("report", "interactions", "--format", "json").json["items"] if row["from_number"] == NUMBER
    ]
    assert len(known_protocols) == 2
    histories = [atende("history", protocol).out for protocol in known_protocols]
    assert all(NUMBER in history for history in histories)

    spelled = f"0{NUMBER[:2]} {NUMBER[2:7]}-{NUMBER[7:]}"
    asked = atende("forget", spelled, stdin="n\n", status=1)
    assert f"{NAME}; phones: 55{NUMBER}; interactions: 2\n" in asked.out
    with hold(atende.data, Settings()) as held:
        assert figures(held) == before
    assert atende("forget", spelled, stdin="y\n").out.endswith("is forgotten\n")

    assert atende("verify").out.endswith("events proved\n")
    for protocol, history in zip(known_protocols, histories, strict=True):
        assert atende("history", protocol).out.splitlines()[: history.count("\n")] == history.replace(NUMBER, FORGOTTEN).splitlines()
    with hold(atende.data, Settings()) as held:
        assert figures(held) == before
    assert atende("rebuild").out.startswith("rebuilt up to position ")
    with hold(atende.data, Settings()) as held:
        assert figures(held) == before
    names_the_person = [*writings(NUMBER), NAME, "Zulmira"]
    assert in_files(atende.data, names_the_person) == {}
    assert in_rows(atende.data / "warehouse", names_the_person) == {}
    assert "no contact has this id or phone number" in atende("forget", "--yes", NUMBER, status=2).err


def test_a_later_import_does_not_bring_back_the_data_of_a_forgotten_contact(atende: CommandLine) -> None:
    with atende.serving():
        atende("forget", "--yes", NUMBER)
        atende("import", "queue-log", RUN_B / "queue_log")
        atende("import", "ami", RUN_B / "ami.timed.jsonl.gz")
        rows = {row["queue"]: row for row in atende("report", "queues", "--format", "json").json["items"]}
        interactions = atende("report", "interactions", "--format", "json").json["items"]
        assert in_files(atende.data, [*writings(NUMBER), NAME]) == {}
    for queue, truth in json.loads((RUN_B / "metrics.json").read_text())["queues"].items():
        assert [rows[queue][name] for name in ("offered", "answered", "abandoned")] == [
            truth["offered"],
            truth["answered"],
            truth["abandoned"],
        ]
    assert sum(row["from_number"] == FORGOTTEN for row in interactions) == 2
    assert in_files(atende.data, [*writings(NUMBER), NAME]) == {}
    assert in_rows(atende.data / "warehouse", [*writings(NUMBER), NAME]) == {}


def test_the_search_finds_plain_text_in_the_files(atende: CommandLine) -> None:
    """The search would find a number or a name in plain text. There is none."""
    assert {"events.db"} <= set(in_files(atende.data, ["interaction."])["interaction."])
    assert "atende.visits" in in_rows(atende.data / "warehouse", ["vendas"])["vendas"]
    calls = [json.loads(line) for line in (RUN_B / "truth.jsonl").read_text().splitlines()]
    numbers = {call["caller"] for call in calls}
    assert len(numbers) > 60
    assert in_files(atende.data, [*numbers, NAME]) == {}
    assert in_rows(atende.data / "warehouse", [*numbers, NAME]) == {}
