"""One data directory and several processes that use it."""

from __future__ import annotations

import gzip
import re
import signal
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bootstrap import hold
from settings import Settings
from tests.journeys.command_line import DEADLINE_S, CommandLine, until

ENDS_WITHIN_S = 20
"""On a busy machine: requests have 3 s, and what runs in threads ends within a second."""

LOG = """\
1764000000|NONE|NONE|NONE|QUEUESTART|
1764000005|NONE|vendas|Ana Souza|ADDMEMBER|
1764000010|1764000010.1|vendas|NONE|ENTERQUEUE||5511999990000|1
1764000018|1764000010.1|vendas|Ana Souza|CONNECT|8|1764000010.2|4
1764000078|1764000010.1|vendas|Ana Souza|COMPLETECALLER|8|60|1
1764000100|1764000100.5|vendas|NONE|ENTERQUEUE||5511999990001|1
1764000103|1764000100.5|vendas|NONE|ABANDON|1|1|3
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A small queue_log."""
    path = tmp_path / "queue_log"
    path.write_text(LOG)
    return path


def events(atende: CommandLine) -> int:
    """The number of events that `verify` proves."""
    return int(atende("verify").out.split()[0])


def test_an_import_creates_a_directory_that_only_its_owner_can_read(atende: CommandLine, log: Path) -> None:
    result = atende("import", "queue-log", log, "--json")
    assert result.json["calls"] == 2
    assert result.json["visits"] == {"abandoned": 1, "answered": 1}
    for path in (atende.data, *atende.data.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_second_import_by_file_or_standard_input_adds_nothing(atende: CommandLine, log: Path, tmp_path: Path) -> None:
    packed = tmp_path / "queue_log.gz"
    packed.write_bytes(gzip.compress(LOG.encode()))
    first = atende("import", "queue-log", log, "--json").json
    assert first["repeated"] == 0
    for again in (atende("import", "queue-log", packed, "--json"), atende("import", "queue-log", "-", "--json", stdin=LOG)):
        assert (again.json["used"], again.json["repeated"], again.json["calls"]) == (0, first["lines"], 0)


def test_every_command_works_beside_a_server_and_after_its_kill(atende: CommandLine, log: Path) -> None:
    with atende.serving() as server:
        assert stat.S_IMODE((atende.data / "socket").stat().st_mode) == 0o600
        assert atende("import", "queue-log", log, "--json").json["calls"] == 2
        assert atende("import", "queue-log", "-", stdin=LOG).out.startswith("lines ")
        assert atende("admin", "ana@empresa.example").out.startswith(f"{server.url}/first-access#")
        # The operator API is on the socket alone: over TCP nobody reaches it.
        assert httpx.post(f"{server.url}/operator", content=b'{"command":"Verify"}').status_code == 404
        refusal = atende("serve", "--port", "0", status=2)
        assert refusal.err.strip() == f"{atende.data} is served already, by process {server.process.pid}"
        proved = events(atende)
        server.kill()
    assert (atende.data / "socket").exists()
    assert events(atende) == proved
    with atende.serving():
        assert events(atende) == proved


def test_a_second_command_waits_for_the_first(atende: CommandLine, log: Path) -> None:
    atende("import", "queue-log", log, "--no-wait")
    with hold(atende.data, Settings()):
        waiting = atende.start("verify")
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith("waiting for process")
        assert waiting.poll() is None
    out, _ = waiting.communicate(timeout=DEADLINE_S)
    assert (waiting.returncode, out.endswith("events proved\n")) == (0, True)


def test_a_killed_import_can_be_repeated(atende: CommandLine, tmp_path: Path) -> None:
    big = tmp_path / "queue_log"
    big.write_text("".join(_call(number) for number in range(4_000)))
    process = atende.start("import", "queue-log", big)
    until(lambda: (atende.data / "events.db-wal").exists() and (atende.data / "events.db-wal").stat().st_size > 1_000_000, "wrote")
    process.kill()
    process.communicate()
    assert events(atende) > 0
    again = atende("import", "queue-log", big, "--json").json
    assert again["used"] + again["repeated"] == 12_000
    fresh = CommandLine(tmp_path / "fresh")
    fresh("import", "queue-log", big)
    assert _counted(atende) == _counted(fresh)


def _call(number: int) -> str:
    at = 1764000000 + 7 * number
    call = f"{at}.{number}"
    return (
        f"{at}|{call}|vendas|NONE|ENTERQUEUE||5511{number:09}|1\n"
        f"{at + 5}|{call}|vendas|Ana Souza|CONNECT|5|{call}1|3\n"
        f"{at + 6}|{call}|vendas|Ana Souza|COMPLETEAGENT|5|1|1\n"
    )


def _counted(atende: CommandLine) -> object:
    row = atende("report", "queues", "--format", "json").json["items"][0]
    return {name: row[name] for name in ("queue", "offered", "answered", "answered_within_sla", "asa_ms", "aht_ms")}


def flip_a_byte(directory: Path, position: int) -> None:
    """Change one byte of the file, inside the state of the event at `position`."""
    with sqlite3.connect(directory / "events.db") as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (state,) = store.execute("SELECT state FROM stored_events WHERE position = ?", (position,)).fetchone()
    store.close()
    file = bytearray((directory / "events.db").read_bytes())
    assert file.count(state) == 1
    file[file.index(state) + len(state) // 2] ^= 1
    (directory / "events.db").write_bytes(file)


def edit(directory: Path, *statements: str) -> None:
    with sqlite3.connect(directory / "events.db") as store:
        for statement in statements:
            store.execute(statement)
    store.close()


SWAP = tuple(f"UPDATE stored_events SET position = {to} WHERE position = {of}" for of, to in ((3, -1), (6, 3), (-1, 6)))
TAMPERING: dict[str, tuple[Callable[[Path], None], str]] = {
    "a flipped byte": (lambda directory: flip_a_byte(directory, 4), r"event 4 \(\S+, version \d+ of \S+\) was changed"),
    "a removed event": (lambda directory: edit(directory, "DELETE FROM stored_events WHERE position = 5"), "event 5 was removed"),
    "two swapped events": (lambda directory: edit(directory, *SWAP), r"event 3 \(\S+, version \d+ of \S+\) was moved to position 6"),
    "a missing end": (
        lambda directory: edit(directory, "DELETE FROM stored_events WHERE position > 2"),
        "event 3 and all after it are missing",
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_with_the_log_is_detected(atende: CommandLine, log: Path, how: str) -> None:
    atende("import", "queue-log", log, "--no-wait")
    assert events(atende) > 6
    tamper, message = TAMPERING[how]
    tamper(atende.data)
    assert re.match(f"tampered: {message}; the \\d before it are proved\n$", atende("verify", status=1).out)


def test_tampering_while_a_server_runs_is_detected(atende: CommandLine, log: Path) -> None:
    with atende.serving():
        atende("import", "queue-log", log, "--no-wait")
        edit(atende.data, "UPDATE stored_events SET state = x'00' WHERE position = 4")
        assert re.match(r"tampered: event 4 \(\S+, version \d+ of \S+\) was changed", atende("verify", status=1).out)


@pytest.mark.parametrize(
    ("content", "message"), [(b"not a database at all" * 500, "cannot be read"), (None, "and all after it are missing")]
)
def test_a_damaged_or_missing_store_counts_as_tampered(atende: CommandLine, log: Path, content: bytes | None, message: str) -> None:
    atende("import", "queue-log", log, "--no-wait")
    store = atende.data / "events.db"
    store.unlink()
    if content is not None:
        store.write_bytes(content)
    assert atende("verify", status=1).out.startswith(f"tampered: event 1 {message}")
    for words in (("report", "queues"), ("import", "queue-log", log), ("serve", "--port", "0")):
        refused = atende(*words, status=1)
        assert "see `atende verify`" in refused.err
        assert refused.err.count("\n") == 1


def test_another_master_key_is_an_error(atende: CommandLine, log: Path) -> None:
    atende("import", "queue-log", log, "--no-wait")
    (atende.data / "master.key").unlink()
    assert "another master key" in atende("report", "queues", status=2).err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "queue-log", "nowhere.log"), "nowhere.log: No such file or directory"),
        (("import", "queue-log", "{data}/events.db"), "expected an Asterisk queue_log"),
        (("import", "queue-log", "{log}", "--timezone", "Brasilia"), "is not a time zone"),
        (("admin", "ana"), "this is not an e-mail address"),
        (("admin", "ana@empresa.example", "--company", "Outra"), "there is no company 'Outra'"),
    ],
)
def test_an_error_is_one_line_and_exit_status_2(atende: CommandLine, log: Path, words: tuple[str, ...], message: str) -> None:
    atende("import", "queue-log", log, "--no-wait")
    ran = atende(*(word.format(data=atende.data, log=log) for word in words), status=2)
    assert ran.out == ""
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("queue-log", "{log}", "{wrong}", "--company", "Outra"),
        ("queue-log", "{log}", "--timezone", "Brasilia"),
        ("queue-log", "{log}", "--members", "{wrong}"),
        ("ami", "{wrong}"),
        ("ami", "{log}"),
        ("ami", "-"),
    ],
)
def test_a_failed_import_creates_nothing(atende: CommandLine, log: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("no queue_log\n")
    ran = atende("import", *(word.format(log=log, wrong=wrong) for word in words), status=2, stdin="no queue_log\n")
    assert (ran.out, ran.err.count("\n")) == ("", 1)
    assert "Brasilia" in ran.err or "expected" in ran.err
    assert not atende.data.exists()


def test_a_file_as_data_directory_is_an_error(log: Path) -> None:
    for directory in (log, log / "below"):
        assert "cannot be a data directory" in CommandLine(directory)("import", "queue-log", log, status=2).err


def test_a_server_creates_no_second_company(atende: CommandLine, log: Path) -> None:
    atende("import", "queue-log", log, "--no-wait")
    assert "there is no company 'Outra'" in atende("serve", "--port", "0", "--company", "Outra", status=2).err


@pytest.mark.parametrize("words", [("verify",), ("rebuild",), ("admin", "ana@empresa.example"), ("report", "queues")])
def test_a_missing_data_directory_is_an_error(atende: CommandLine, words: tuple[str, ...]) -> None:
    assert "is no data directory" in atende(*words, status=2).err
    assert not atende.data.exists()


def test_companies_are_separate(atende: CommandLine, log: Path) -> None:
    atende("import", "queue-log", log, "--no-wait")
    other = atende("import", "queue-log", log, "--company", "Outra", "--no-wait", "--json").json
    assert (other["calls"], other["repeated"]) == (2, 0)


def test_an_interrupted_import_stops(atende: CommandLine, tmp_path: Path) -> None:
    big = tmp_path / "queue_log"
    big.write_text("".join(_call(number) for number in range(60_000)))
    with atende.serving():
        asking = atende.start("import", "queue-log", big)
        until(lambda: (atende.data / "events.db-wal").stat().st_size > 1_000_000, "wrote")
        asking.send_signal(2)
        asking.communicate(timeout=DEADLINE_S)
        assert asking.returncode == 130
    assert events(atende) < 60_000


def test_a_server_ends_within_seconds_while_it_takes_in_a_file_of_which_nothing_can_be_used(atende: CommandLine, tmp_path: Path) -> None:
    big = tmp_path / "queue_log"
    big.write_bytes(_call(1).encode() + b"no line\n" * 20_000_000)
    with atende.serving() as server:
        asking = atende.start("import", "queue-log", big)
        assert asking.stderr is not None
        assert "import:" in asking.stderr.readline()
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(DEADLINE_S)
        assert time.monotonic() - began < ENDS_WITHIN_S
        _, err = asking.communicate(timeout=DEADLINE_S)
        assert "the server stopped before it had answered" in err
