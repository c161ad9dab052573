"""The command line on servers: from any directory, many processes at once; each error of a server is one line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap import Distributed
from tests.journeys.command_line import CommandLine, Quick
from tests.journeys.test_cli_directory import LOG
from tests.kit.distributed import Deployment, distributed
from tests.kit.ports import closed_port
from tests.kit.stores import behind


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment without a company. The tests of this file run on it one after the other."""
    with distributed(tmp_path_factory.mktemp("deployment")) as made:
        yield made


@pytest.fixture
def atende(deployment: Deployment) -> Quick:
    return Quick.over(deployment)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A small queue_log."""
    path = tmp_path / "queue_log"
    path.write_text(LOG)
    return path


def test_a_deployment_without_a_company_is_an_error(deployment: Deployment, atende: Quick) -> None:
    for words in (("report", "queues"), ("history", "1"), ("admin", "ana@empresa.example"), ("forget", "21977000185")):
        assert "has no company yet: import something, or serve it" in atende(*words, status=2).err
    assert atende("verify").out == "0 events proved\n"
    assert deployment.store.end() == 0


def test_a_failed_import_creates_nothing(deployment: Deployment, atende: Quick, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("no queue_log\n")
    assert "expected an Asterisk queue_log" in atende("import", "queue-log", wrong, status=2).err
    assert deployment.store.end() == 0


def test_two_apis_of_an_empty_deployment_create_one_company(deployment: Deployment, atende: Quick) -> None:
    apis = [deployment.api() for _ in range(2)]
    assert len({deployment.url_of_api(api) for api in apis}) == 2
    assert atende("verify").out == "1 events proved\n"
    assert [api.stop() for api in apis] == [0, 0]


def test_imports_run_in_parallel_from_any_directory_and_write_no_files(deployment: Deployment, log: Path, tmp_path: Path) -> None:
    line = CommandLine.over(deployment)
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        imports = [line.start("import", "queue-log", log.name, "--company", f"Empresa {number}", "--json") for number in range(3)]
    finally:
        os.chdir(before)
    for process in imports:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert '"calls":2' in out
    for number in range(3):
        row = Quick.over(deployment)("report", "queues", "--company", f"Empresa {number}", "--format", "json").json["items"][0]
        assert (row["queue"], row["offered"], row["answered"]) == ("vendas", 2, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["queue_log"]
    assert not (deployment.folder / "none").exists()


@pytest.mark.parametrize("words", [("report", "queues"), ("verify",), ("serve", "--port", "0"), ("import", "queue-log", "-")])
def test_a_data_directory_is_refused(atende: Quick, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, log: Path) -> None:
    with log.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        refused = atende(*words, "--data", "somewhere", status=2)
    assert refused.err == "--data has no meaning in distributed mode: the center lies on servers (ATENDE_STORE_URL)\n"


def test_an_import_without_workers_is_saved_and_reports_the_position_of_the_figures(
    deployment: Deployment, atende: Quick, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Distributed, "STANDSTILL_S", 0.5)
    for process in (*deployment.workers, *deployment.relays):
        process.stop()
    before = deployment.store.end()
    ran = atende("import", "queue-log", log, "--company", "Later", status=1)
    assert re.fullmatch(
        rf"the figures cover position {before} of \d+, and no relay or worker seems to run .*; all that was saved stays saved\n",
        ran.err,
    )
    assert deployment.store.end() > before
    assert atende("import", "queue-log", log, "--company", "Later", "--no-wait", "--json").json["calls"] == 0
    for process in (*deployment.relays, *deployment.workers):
        process.start()
    monkeypatch.undo()
    assert atende("report", "queues", "--company", "Later", "--format", "json").json["items"][0]["offered"] == 2


TAMPERING = {
    "UPDATE stored_events SET state = 'x' WHERE position = 4": r"event 4 \(\S+, version \d+ of \S+\) was changed",
    "DELETE FROM stored_events WHERE position = 5": "event 5 was removed",
    "DELETE FROM stored_events WHERE position > 3": "event 4 and all after it are missing",
}


@pytest.mark.parametrize("statement", TAMPERING)
def test_tampering_with_the_log_is_detected(deployment: Deployment, atende: Quick, statement: str) -> None:
    behind(deployment.location, "CREATE TABLE kept AS SELECT * FROM stored_events")
    try:
        behind(deployment.location, statement)
        assert re.match(f"tampered: {TAMPERING[statement]}; the \\d before it are proved\n$", atende("verify", status=1).out)
    finally:
        behind(deployment.location, "TRUNCATE stored_events")
        behind(deployment.location, "INSERT INTO stored_events SELECT * FROM kept")
        behind(deployment.location, "DROP TABLE kept")
    assert atende("verify").out.endswith("events proved\n")


STORE, ROWS = "ATENDE_STORE_URL", "ATENDE_CLICKHOUSE_URL"
WRONG = {
    "no PostgreSQL": (STORE, "postgresql://atende:very-secret@127.0.0.1:{closed}/atende", "PostgreSQL at 127.0.0.1"),
    "another password of PostgreSQL": (STORE, "{user}:very-secret@{rest}", "password authentication failed"),
    "no database of PostgreSQL": (STORE, "{server}/nowhere", 'database "nowhere" does not exist'),
    "no tables of PostgreSQL": (STORE, "{server}/postgres", "run `atende migrate`"),
    "no ClickHouse": (ROWS, "clickhouse://atende:very-secret@127.0.0.1:{closed}/atende", "does not answer"),
    "another password of ClickHouse": (ROWS, "{user}:very-secret@{rest}", "refuses the user"),
    "no database of ClickHouse": (ROWS, "{server}/nowhere", "has no database nowhere: run `atende migrate`"),
    "no tables of ClickHouse": (ROWS, "{server}/default", "run `atende migrate`"),
    "another master key": ("ATENDE_MASTER_KEY", "0f" * 32, "another master key"),
    "no brokers": ("ATENDE_KAFKA", "127.0.0.1:{closed}", "ATENDE_KAFKA: no broker answers"),
    "no topics": ("ATENDE_TOPICS", "nowhere", "atende topics"),
}
COMMANDS = {
    "no PostgreSQL": ("serve", "report", "verify", "migrate", "relay", "worker"),
    "another password of PostgreSQL": ("serve", "report", "migrate"),
    "no database of PostgreSQL": ("report", "verify", "relay"),
    "no tables of PostgreSQL": ("serve", "report", "verify", "relay"),
    "no ClickHouse": ("serve", "report", "worker"),
    "another password of ClickHouse": ("report", "migrate", "worker"),
    "no database of ClickHouse": ("serve", "report", "worker"),
    "no tables of ClickHouse": ("serve", "report", "worker"),
    "another master key": ("serve", "report"),
    "no brokers": ("topics", "relay", "worker"),
    "no topics": ("relay", "worker"),
}
WORDS = {"serve": ("serve", "--port", "0"), "report": ("report", "queues")}


@pytest.mark.parametrize(("what", "word"), [(what, word) for what, words in COMMANDS.items() for word in words])
def test_an_error_of_a_server_is_one_line_and_nothing_starts(deployment: Deployment, what: str, word: str) -> None:
    setting, value, message = WRONG[what]
    assert deployment.store.head() >= 0, "the first process that opens a deployment sets its master key"
    now = deployment.settings[setting]
    user, _, rest = now.rpartition("@")
    # A command that would not end runs in its own process: the test proves that it ends.
    kind = CommandLine if word in ("serve", "relay", "worker") else Quick
    with closed_port() as closed:
        wrong = value.format(closed=closed, user=user.rpartition(":")[0], rest=rest, server=now.rpartition("/")[0])
        refused = kind(deployment.folder / "none", {**deployment.settings, setting: wrong})(*WORDS.get(word, (word,)), status=2)
    assert refused.out == ""
    assert message in refused.err
    assert refused.err.count("\n") == 1
    assert "very-secret" not in refused.err
