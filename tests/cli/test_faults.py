"""Small inputs from public reports, each with the right figures, in the forms that centers have."""

from __future__ import annotations

import bz2
import gzip
import itertools
import json
import lzma
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bootstrap import Held, reach
from cli.execution import execute
from cli.operator_commands import File, ImportAmi, ImportQueueLog
from settings import Settings
from tests.kit.operator_results import RecordingConsole, import_log, import_stream, reported
from tests.kit.queue_logs import as_csv, as_table

FAULTS = Path(__file__).parents[1] / "data" / "faults"
FORMS = ("file", "table", "parts", "parts turned", "parts apart")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    with reach(tmp_path_factory.mktemp("held") / "data", Settings()) as opened:
        yield opened


class Center:
    """A company of its own, with its imports and reports."""

    def __init__(self, held: Held, directory: Path) -> None:
        self.held, self.directory, self.company = held, directory, f"c{uuid4().hex[:8]}"

    def write(self, content: str | bytes) -> Path:
        path = self.directory / f"part{len(list(self.directory.iterdir()))}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, *contents: str | bytes, **options: Any) -> dict[str, Any]:
        options.setdefault("timezone", "UTC")
        return import_log(self.held, self.company, *(self.write(content) for content in contents), **options)

    def load_as(self, form: str, log: str) -> None:
        """Import the log as one file, as a table, or in two parts, cut in the middle: in order, turned, or by two imports."""
        lines = log.splitlines(keepends=True)
        middle = len(lines) // 2
        if form == "file":
            self.load(log)
        elif form == "table":
            self.load(as_csv(as_table(log)))
        elif form == "parts":
            self.load("".join(lines[: middle + 1]), "".join(lines[middle:]))
        elif form == "parts turned":
            self.load("".join(lines[middle:]), "".join(lines[: middle + 1]))
        else:
            self.load("".join(lines[middle:]))
            self.load("".join(lines[: middle + 1]))

    def queues(self) -> dict[str, dict[str, Any]]:
        return {row["queue"]: row for row in reported(self.held, self.company, "queues")}

    def agents(self) -> dict[str, dict[str, Any]]:
        return {row["agent"]: row for row in reported(self.held, self.company, "agents")}

    def refused(self, *contents: bytes, ami: bool = False) -> tuple[int, str]:
        """The exit status and the standard error of an import."""
        files = tuple(File(str(path := self.write(content)), path.name) for content in contents)
        console = RecordingConsole()
        command = (
            ImportAmi(file=files[0], company=self.company) if ami else ImportQueueLog(files=files, company=self.company, timezone="UTC")
        )
        return execute(command, self.held, console), "\n".join(console.warnings)


@pytest.fixture
def center(held: Held, tmp_path: Path) -> Center:
    return Center(held, tmp_path)


def fault(name: str) -> str:
    return (FAULTS / name).read_text()


def some(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


NUMBERS = ("offered", "answered", "abandoned", "closed", "timed_out", "unknown", "waiting")


@pytest.mark.parametrize(
    ("name", "zone", "queues", "agents"),
    [
        ("f1_reentry_same_second.log", "UTC", {"sup": (2, 0, 1, 1, 0, 0, 0)}, {}),
        ("f1b_same_lines_twice.log", "UTC", {"sup": (1, 1, 0, 0, 0, 0, 0)}, {"ana": 60_000}),
        (
            "f2_attended_transfer_into_queue.log",
            "UTC",
            {"7501": (1, 1, 0, 0, 0, 0, 0), "7509": (1, 1, 0, 0, 0, 0, 0)},
            {"bia": 120_000, "caio": 173_000},
        ),
        ("f3_end_of_talk_lost.log", "UTC", {"sup": (1, 1, 0, 0, 0, 0, 0)}, {"ana": 595_000}),
        ("f4_timeout_without_dialplan_class.ami", "UTC", {"sup": (1, 0, 0, 0, 0, 1, 0)}, {}),
        ("f5_repeated_hour.csv", "America/Sao_Paulo", {"sup": (1, 1, 0, 0, 0, 0, 0)}, None),
        ("f7_clock_stepped_back.log", "UTC", {"sup": (1, 1, 0, 0, 0, 0, 0)}, {"ana": 60_000}),
        ("f8_lf_ends.ami", "UTC", {"sup": (3, 2, 0, 0, 0, 1, 0)}, {"Ana": 90_000}),
        ("f9_nuls_before_a_line.log", "UTC", {"sup": (1, 0, 1, 0, 0, 0, 0)}, {}),
        ("f10_every_line_broken.log", "UTC", {"sup": (1, 0, 0, 0, 0, 0, 1)}, {}),
        ("f11_year_2038.log", "UTC", {"sup": (1, 0, 1, 0, 0, 0, 0)}, {"ana": 0}),
        ("f12_wazo_wrapup.log", "UTC", {"q7": (1, 1, 0, 0, 0, 0, 0)}, {"Agent/31": 40_000}),
    ],
)
def test_each_input_as_it_is(
    center: Center, name: str, zone: str, queues: dict[str, tuple[int, ...]], agents: dict[str, int] | None
) -> None:
    if name.endswith(".ami"):
        import_stream(center.held, center.company, FAULTS / name)
    else:
        import_log(center.held, center.company, FAULTS / name, timezone=zone)
    assert {queue: some(row, *NUMBERS) for queue, row in center.queues().items()} == queues
    if agents is not None:
        assert {agent: row["talk_ms"] for agent, row in center.agents().items()} == agents


# Identity


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["EXITEMPTY|1|1|0", "EXITWITHTIMEOUT|1|1|0", "EXITWITHKEY|2|1|1|0", "WITHDRAW|1|1|0|x"])
def test_a_call_that_comes_back_within_the_second_is_offered_twice(center: Center, form: str, end: str) -> None:
    center.load_as(form, fault("f1_reentry_same_second.log").replace("EXITEMPTY|1|1|0", end))
    row = center.queues()["sup"]
    assert some(row, "offered", "abandoned", "waiting", "unknown") == (2, 1, 0, 0)
    assert row["closed"] + row["timed_out"] + row["left_by_key"] + row["transferred_out"] == 1


RUNG = """\
1717400100|1.7|sup|NONE|ENTERQUEUE||100|1
1717400103|1.7|sup|bia|RINGNOANSWER|3000
1717400103|1.7|sup|rui|RINGNOANSWER|0
1717400105|1.7|sup|ana|CONNECT|5|1.8|4
1717400106|1.7|sup|ana|COMPLETECALLER|5|1|1
"""


@pytest.mark.parametrize("log", [fault("f1b_same_lines_twice.log")[:126], RUNG], ids=["f1b", "rung"])
@pytest.mark.parametrize("doubled", ["cat", "rows", "three", "overlap"])
def test_lines_put_together_twice_count_once(center: Center, log: str, doubled: str) -> None:
    lines = log.splitlines(keepends=True)
    if doubled == "cat":
        center.load(log + log)
    elif doubled == "three":
        center.load(log * 3)
    elif doubled == "overlap":
        center.load("".join(lines[:2]) + log)
    else:
        center.load(as_csv([row for row in as_table(log) for _ in range(2)]))
    assert some(center.queues()["sup"], "offered", "answered", "waiting", "unknown") == (1, 1, 0, 0)
    agents = center.agents()
    assert agents["ana"]["talk_ms"] in (1000, 60_000)
    assert all(agents[name]["ring_no_answer"] == 1 for name in agents.keys() & {"bia", "rui"})


@pytest.mark.parametrize("form", ["file", "table", "parts", "parts turned"])
@pytest.mark.parametrize("ends", ["caio", "ABANDON"])
@pytest.mark.parametrize(("hold", "talk"), [(12, 120), (3, 31)])
def test_an_attended_transfer_into_a_queue_is_of_the_customers_call(center: Center, form: str, ends: str, hold: int, talk: int) -> None:
    at = 1_717_400_000
    over = at + hold + talk
    last = (
        f"{over + 6}|{at}.10|7509|caio|CONNECT|7|{over}.18|6\n{over + 179}|{at}.10|7509|caio|COMPLETEAGENT|7|173|1\n"
        if ends == "caio"
        else f"{over + 8}|{at}.10|7509|NONE|ABANDON|1|1|9\n"
    )
    log = (
        f"{at}|{at}.10|7501|NONE|DID|08001\n{at}|{at}.10|7501|NONE|ENTERQUEUE||903|1\n"
        f"{at + hold}|{at}.10|7501|bia|CONNECT|{hold}|{at + 1}.11|{hold - 1}\n"
        f"{over - 1}|{over - 7}.14|7509|NONE|ENTERQUEUE||701|1\n"
        f"{over}|{over - 7}.14|7501|bia|ATTENDEDTRANSFER|APP|Queue|{hold}|{talk}|1\n{last}"
    )
    center.load_as(form, log)
    queues, agents = center.queues(), center.agents()
    assert some(queues["7501"], "offered", "answered", "waiting", "unknown") == (1, 1, 0, 0)
    assert agents["bia"]["talk_ms"] == talk * 1000
    if ends == "caio":
        assert some(queues["7509"], "offered", "answered", "waiting", "asa_ms") == (1, 1, 0, 7000)
        assert agents["caio"]["talk_ms"] == 173_000
    else:
        assert some(queues["7509"], "offered", "abandoned", "waiting", "max_queued_ms") == (1, 1, 0, 9000)


@pytest.mark.parametrize("cut", range(1, 7))
@pytest.mark.parametrize("turned", [False, True])
def test_an_attended_transfer_that_comes_in_two_imports_is_of_the_customers_call(center: Center, cut: int, turned: bool) -> None:
    lines = fault("f2_attended_transfer_into_queue.log").splitlines(keepends=True)
    parts = ["".join(lines[:cut]), "".join(lines[cut:])]
    for part in reversed(parts) if turned else parts:
        center.load(part)
    queues, agents = center.queues(), center.agents()
    assert some(queues["7501"], *NUMBERS, "asa_ms") == (1, 1, 0, 0, 0, 0, 0, 12_000)
    assert some(queues["7509"], *NUMBERS, "asa_ms") == (1, 1, 0, 0, 0, 0, 0, 7000)
    assert (agents["bia"]["talk_ms"], agents["caio"]["talk_ms"]) == (120_000, 173_000)


@pytest.mark.parametrize("cut", range(1, 5))
@pytest.mark.parametrize("turned", [False, True])
def test_a_wrap_up_that_comes_in_another_import_is_of_the_agents_last_call(center: Center, cut: int, turned: bool) -> None:
    lines = fault("f12_wazo_wrapup.log").splitlines(keepends=True)
    parts = ["".join(lines[:cut]), "".join(lines[cut:])]
    for part in reversed(parts) if turned else parts:
        center.load(part)
    assert some(center.agents()["Agent/31"], "talk_ms", "wrap_up_ms") == (40_000, 25_000)


def test_f2_is_one_call_that_is_over(center: Center) -> None:
    center.load(fault("f2_attended_transfer_into_queue.log"))
    assert some(center.agents()["bia"], "talk_ms", "bounds") == (120_000, None)
    rows = reported(center.held, center.company, "interactions")
    assert [row["status"] for row in rows if row["status"] != "ended"] == ["answered"]


# The lost end of a talk


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("leaves", "latest"),
    [
        ("1717400600|NONE|sup|ana|REMOVEMEMBER|", 595_000),
        ("1717400300|NONE|NONE|ana|AGENTLOGOFF|SIP/1|300", 295_000),
        (
            "1717400100|2.1|sup|ana|CONNECT|5|2.2|4\n1717400160|2.1|sup|ana|COMPLETEAGENT|5|60|1\n1717400600|NONE|sup|ana|REMOVEMEMBER|",
            95_000,
        ),
    ],
)
def test_a_talk_whose_end_was_lost_is_bounded(center: Center, form: str, leaves: str, latest: int) -> None:
    center.load_as(form, fault("f3_end_of_talk_lost.log").replace("1717400600|NONE|sup|ana|REMOVEMEMBER|", leaves))
    row = center.agents()["ana"]
    known = 60_000 if "COMPLETEAGENT" in leaves else 0
    assert row["talk_ms"] <= row["logged_ms"]
    assert row["bounds"] == {"talk_ms": [known, known + latest]}
    assert row["talk_ms"] == known + latest
    assert center.queues()["sup"]["answered"] == 1 + bool(known)


# Time-outs without the class dialplan


@pytest.mark.parametrize("stays", [2, 18, 700])
def test_an_end_that_may_be_a_time_out_is_unknown(center: Center, stays: int) -> None:
    stream = fault_bytes("f4_timeout_without_dialplan_class.ami").replace(b"1717400040.0", f"{1717400022 + stays}.0".encode())
    result = import_stream(center.held, center.company, center.write(stream))
    row = center.queues()["sup"]
    assert some(row, "offered", "abandoned", "timed_out", "unknown") == (1, 0, 0, 1)
    assert (row["bounds"]["abandoned"], row["bounds"]["timed_out"], row["bounds"]["offered"]) == ([0, 1], [0, 1], [1, 1])
    assert [sentence.split(" (")[0] for sentence in result["lacks"]] == ["no event of the class dialplan"]


def test_who_hung_up_before_leaving_has_abandoned(center: Center) -> None:
    stream = fault_bytes("f4_timeout_without_dialplan_class.ami").replace(b"1717400040.0", b"1717400022.1")
    import_stream(center.held, center.company, center.write(stream))
    assert some(center.queues()["sup"], "abandoned", "unknown", "bounds") == (1, 0, None)


@pytest.mark.parametrize("first", ["ami", "log"])
def test_a_log_decides_what_the_stream_leaves_open(center: Center, first: str) -> None:
    log = b"1717400010|1717400009.1|sup|NONE|ENTERQUEUE||2125550100|1\n1717400022|1717400009.1|sup|NONE|EXITWITHTIMEOUT|1|1|12\n"
    if first == "log":
        center.load(log)
    import_stream(center.held, center.company, center.write(fault_bytes("f4_timeout_without_dialplan_class.ami")))
    if first == "ami":
        center.load(log)
    assert some(center.queues()["sup"], "offered", "abandoned", "timed_out", "unknown") == (1, 0, 1, 0)


def fault_bytes(name: str) -> bytes:
    return (FAULTS / name).read_bytes()


# Clocks


@pytest.mark.parametrize("form", ["file", "table"])
def test_a_repeated_hour_is_decided_by_the_calls_birth_and_its_durations(center: Center, form: str) -> None:
    text = fault("f5_repeated_hour.csv")
    head, *rows = text.splitlines()
    result = center.load("\n".join([head, *(rows if form == "file" else reversed(rows))]), timezone="America/Sao_Paulo")
    assert some(center.queues()["sup"], "offered", "answered", "waiting", "asa_ms") == (1, 1, 0, 180_000)
    assert (result["ambiguous"], result["conflicts"]) == (0, 0)


@pytest.mark.parametrize(("wait", "minute"), [(60, 59), (600, 55), (30, 20)])
@pytest.mark.parametrize("born", [True, False])
def test_a_repeated_hour_with_other_numbers(center: Center, wait: int, minute: int, born: bool) -> None:
    offered = int(datetime(2018, 2, 18, 1, minute, tzinfo=UTC).timestamp())  # 23:minute, for the first time
    call = f"{offered}.7" if born else "7"

    def local(at: int) -> str:
        summer = at < 1_518_919_200  # 02:00 UTC: midnight becomes 23:00
        return datetime.fromtimestamp(at - (7200 if summer else 10_800), UTC).strftime("%Y-%m-%d %H:%M:%S")

    rows = [
        [local(offered), call, "sup", "NONE", "ENTERQUEUE", "", "100", "1", "", ""],
        [local(offered + wait), call, "sup", "ana", "CONNECT", str(wait), "x", "4", "", ""],
        [local(offered + wait + 90), call, "sup", "ana", "COMPLETECALLER", str(wait), "90", "1", "", ""],
    ]
    result = center.load(as_csv(rows), timezone="America/Sao_Paulo")
    assert some(center.queues()["sup"], "offered", "answered", "waiting", "asa_ms") == (1, 1, 0, wait * 1000)
    # Without a birth, a call within one of the two hours may be in the other as well.
    crosses = local(offered) > local(offered + wait + 90)
    assert result["ambiguous"] == (0 if born or crosses else 3)


def test_an_undecidable_hour_is_counted_and_reported(center: Center) -> None:
    head = fault("f5_repeated_hour.csv").splitlines()[0]
    result = center.load(f"{head}\n2018-02-17 23:30:00,NONE,NONE,ana,PAUSEALL,x,,,,\n", timezone="America/Sao_Paulo")
    assert result["ambiguous"] == 1


@pytest.mark.parametrize("form", ["file", "table"])
@pytest.mark.parametrize("back", [1, 5, 90, 3000])
def test_a_clock_set_back_within_a_call_makes_no_second_visit(center: Center, form: str, back: int) -> None:
    log = fault("f7_clock_stepped_back.log").replace("1717400011", str(1717400010 + back))
    center.load_as(form, log)
    assert some(center.queues()["sup"], "offered", "answered", "waiting", "unknown", "asa_ms") == (1, 1, 0, 0, 0)
    assert center.agents()["ana"]["talk_ms"] == 60_000


def test_a_clock_set_back_before_a_time_out_makes_no_second_visit(center: Center) -> None:
    center.load("1717400600|1.1|sup|NONE|ENTERQUEUE||100|1\n1717400012|1.1|sup|NONE|EXITWITHTIMEOUT|1|1|12\n")
    assert some(center.queues()["sup"], "offered", "timed_out", "waiting", "max_queued_ms") == (1, 1, 0, 12_000)


@pytest.mark.parametrize("form", ["file", "table"])
@pytest.mark.parametrize("year", ["2147480000", "4102444800", "1990000000"])
def test_an_instant_after_the_import_is_set_aside(center: Center, form: str, year: str) -> None:
    log = fault("f11_year_2038.log").replace("2147480000", year)
    result = center.load(log if form == "file" else as_csv(as_table(log)))
    assert (result["lines"], result["used"], result["set_aside"], result["broken"]) == (4, 3, 1, 0)
    assert "after the import" in result["set_aside_lines"][0]["why"]
    assert center.agents()["ana"]["logged_ms"] == 610_000


# Bytes


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b"\r\r\n"])
@pytest.mark.parametrize("packed", ["plain", "xz"])
def test_a_stream_is_read_whatever_ends_its_lines(center: Center, end: bytes, packed: str) -> None:
    stream = fault_bytes("f8_lf_ends.ami").replace(b"\n", end)
    import_stream(center.held, center.company, center.write(lzma.compress(stream) if packed == "xz" else stream))
    row = center.queues()["sup"]
    # Without events of the classes `call` and `dialplan` the end of the unanswered visit is not certain.
    assert some(row, "offered", "answered", "answered_within_sla", "abandoned", "timed_out", "unknown", "waiting") == (3, 2, 2, 0, 0, 1, 0)
    assert some(row, "asa_ms", "aht_ms", "sla_percent") == (5000, 45_000, 66.67)
    assert row["bounds"]["missing_at_most"] == 0
    assert some(row["bounds"], "offered", "answered", "abandoned", "timed_out") == ([3, 3], [2, 3], [0, 1], [0, 1])
    assert some(center.agents()["Ana"], "answered", "talk_ms", "hold_ms", "logged_ms") == (2, 90_000, 0, 235_000)


def packed(content: bytes) -> dict[str, bytes]:
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/queue_log", content)
    return {
        "gz": gzip.compress(content),
        "bz2": bz2.compress(content),
        "xz": lzma.compress(content),
        "zip": zipped.getvalue(),
        "utf-16": content.decode().encode("utf-16"),
        "utf-16 without a mark": content.decode().encode("utf-16-le"),
        "utf-16-be without a mark": content.decode().encode("utf-16-be"),
        "two gz in a row": gzip.compress(content[:60]) + gzip.compress(content[60:]),
        "two xz in a row": lzma.compress(content[:60]) + lzma.compress(content[60:]),
        "nuls behind": content + b"\0" * 4096,
        "nuls before": b"\0" * 4096 + content,
        "utf-16-be": b"\xfe\xff" + content.decode().encode("utf-16-be"),
        "utf-8 with a mark": b"\xef\xbb\xbf" + content,
        "gz in gz": gzip.compress(gzip.compress(content)),
        "utf-16 in xz": lzma.compress(content.decode().encode("utf-16")),
        "cr": content.replace(b"\n", b"\r"),
        "crlf": content.replace(b"\n", b"\r\n"),
    }


@pytest.mark.parametrize("how", list(packed(b"")))
@pytest.mark.parametrize("form", ["file", "table", "dump"])
def test_however_it_is_packed_the_figures_are_the_same(center: Center, how: str, form: str) -> None:
    log = RUNG + "1717400200|NONE|NONE|ana|PAUSEALL|Almoço|sábado\n1717400260|NONE|NONE|ana|UNPAUSEALL|\n"
    plain = {"file": log, "table": as_csv(as_table(log)), "dump": dump(log)}[form]
    result = center.load(packed(plain.encode())[how])
    assert (result["used"], result["broken"]) == (7, 0)
    assert center.agents()["ana"]["paused_by_reason_ms"] == {"Almoço|sábado": 60_000}


def test_a_file_in_a_zip_that_is_no_log_is_left_out_and_reported(center: Center) -> None:
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("leia-me.txt", "o log da central\n")
        archive.writestr("queue_log", RUNG)
    result = center.load(zipped.getvalue())
    assert (result["used"], len(result["lacks"])) == (5, 1)
    assert "leia-me.txt" in result["lacks"][0]


@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("cut", [1, 60, 126])
def test_a_file_that_was_rotated_in_the_middle_of_a_line_loses_that_line_alone(center: Center, cut: int, doubled: bool) -> None:
    result = center.load(*[RUNG[:cut], RUNG[cut:]] if cut == 126 else [RUNG[: RUNG.index("\n", cut) + 1], RUNG])
    assert result["broken"] == (2 if cut == 126 else 0)
    if doubled:
        center.load(RUNG)
        center.load(RUNG)
    assert some(center.queues()["sup"], "offered", "answered", "waiting", "unknown") == (1, 1, 0, 0)
    assert center.agents()["ana"]["talk_ms"] == 1000


@pytest.mark.parametrize("insert", ["INSERT INTO", "INSERT IGNORE INTO", "REPLACE INTO", "insert into"])
@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_statements_that_name_their_columns_in_any_order_are_read(center: Center, insert: str, at_once: int, end: str) -> None:
    names = ["event", "data1", "time", "agent", "callid", "queuename", "data2", "data3", "data4", "data5"]
    reason = 'it\'s \\ "x"; (1,2)'
    log = RUNG + f"1717400200|NONE|NONE|ana|PAUSEALL|{reason}\n1717400260|NONE|NONE|ana|UNPAUSEALL|\n"
    places = [4, 5, 0, 3, 1, 2, 6, 7, 8, 9]
    escaped = [
        [field.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"') for field in (row + [""] * 10)[:10]] for row in as_table(log)
    ]
    rows = [", ".join(f"'{row[place]}'" if row[place] else "NULL" for place in places) for row in escaped]
    head = f"{insert} `asteriskcdrdb`.`queue_log` ({', '.join(f'`{name}`' for name in names)}) VALUES "
    statements = [head + ",".join(f"({row})" for row in rows[start : start + at_once]) + ";" for start in range(0, len(rows), at_once)]
    result = center.load(end.join(["/*!40101 SET NAMES utf8 */;", "LOCK TABLES `queue_log` WRITE;", *statements, "UNLOCK TABLES;", ""]))
    assert (result["lines"], result["used"], result["broken"], result["lacks"]) == (7, 7, 0, [])
    assert some(center.queues()["sup"], "offered", "answered", "asa_ms") == (1, 1, 5000)
    assert center.agents()["ana"]["paused_by_reason_ms"] == {reason: 60_000}


def test_a_zip_of_rotated_parts_is_read_in_the_order_of_time(center: Center) -> None:
    lines = RUNG.splitlines(keepends=True)
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("queue_log", "".join(lines[3:]))
        archive.writestr("queue_log.1", "".join(lines[:3]))
        archive.writestr("__MACOSX/._queue_log", b"\0\5\x16\7")
    result = center.load(zipped.getvalue())
    assert (result["used"], result["broken"], len(result["files"])) == (5, 0, 2)
    assert some(center.queues()["sup"], "offered", "answered", "waiting") == (1, 1, 0)


COLUMNS = "id, time, callid, queuename, agent, event, data1, data2, data3, data4, data5"


def dump(log: str, style: str = "mysql") -> str:
    """The log's table, as a database's own tool dumps it."""
    rows = [[str(n), *row] for n, row in enumerate(as_table(log), 1)]

    def literal(field: str) -> str:
        escaped = field.replace("\\", "\\\\").replace("'", "\\'") if style in ("mysql", "phpmyadmin") else field.replace("'", "''")
        return "NULL" if field == "" else f"'{escaped}'"

    tuples = [f"({row[0]},{','.join(map(literal, row[1:]))})" for row in rows]
    defined = (
        "CREATE TABLE {0}queue_log{0} (\n  {0}id{0} int NOT NULL,\n  "
        + ",\n  ".join(f"{{0}}{name.strip()}{{0}} varchar(100) DEFAULT 'a,b(c'" for name in COLUMNS.split(",")[1:])
        + ",\n  PRIMARY KEY ({0}id{0}),\n  KEY t ({0}time{0})\n);\n"
    )
    if style == "mysql":
        other = "INSERT INTO `cdr` VALUES (1,'x');\n"
        return f"-- MySQL dump 10.13\n{defined.format('`')}{other}LOCK TABLES `queue_log` WRITE;\nINSERT INTO `queue_log` VALUES {','.join(tuples)};\n"
    if style == "phpmyadmin":
        names = ", ".join(f"`{name.strip()}`" for name in COLUMNS.split(","))
        return f"-- phpMyAdmin SQL Dump\n\nINSERT INTO `queue_log` ({names}) VALUES\n" + ",\n".join(tuples) + ";\n"
    if style == "sqlite":
        return f"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{defined.format(chr(34))}" + "".join(
            f"INSERT INTO queue_log VALUES{one};\n" for one in tuples
        )
    if style == "copy":
        body = "".join("\t".join(field.replace("\\", "\\\\").replace("\t", "\\t") or "\\N" for field in row) + "\n" for row in rows)
        return f"-- PostgreSQL database dump\n\nCOPY public.queue_log ({COLUMNS}) FROM stdin;\n{body}\\.\n\nSELECT 1;\n"
    return "-- PostgreSQL database dump\n\n" + "".join(f"INSERT INTO public.queue_log ({COLUMNS}) VALUES {one};\n" for one in tuples)


@pytest.mark.parametrize("style", ["mysql", "phpmyadmin", "sqlite", "postgres", "copy"])
def test_a_dump_gives_the_same_figures_as_the_log(center: Center, style: str) -> None:
    reason = "it's; ),(1,'x\\y"
    log = RUNG + f"1717400200|NONE|NONE|ana|PAUSEALL|{reason}\n1717400260|NONE|NONE|ana|UNPAUSEALL|\n"
    result = center.load(dump(log, style))
    assert (result["lines"], result["used"], result["broken"], result["lacks"]) == (7, 7, 0, [])
    assert some(center.queues()["sup"], "offered", "answered", "asa_ms") == (1, 1, 5000)
    assert center.agents()["ana"]["paused_by_reason_ms"] == {reason: 60_000}


def test_a_long_dump_is_read_piece_by_piece(center: Center) -> None:
    log = "".join(
        f"{1717400000 + n}|{n}.1|sup|NONE|ENTERQUEUE||10'0),('1|1\n{1717400003 + n}|{n}.1|sup|NONE|ABANDON|1|1|3\n" for n in range(4000)
    )
    result = center.load(dump(log))
    assert (result["used"], result["broken"]) == (8000, 0)
    assert some(center.queues()["sup"], "offered", "abandoned") == (4000, 4000)


def test_a_statement_that_is_cut_off_is_counted_as_broken(center: Center) -> None:
    result = center.load(dump(RUNG, "sqlite")[:-40])
    assert (result["used"], result["broken"]) == (4, 1)


@pytest.mark.parametrize("nuls", [1, 8, 200_000])
@pytest.mark.parametrize("half", ["", "17174000"])
def test_nuls_before_a_line_are_dropped(center: Center, nuls: int, half: str) -> None:
    before = "1717399000|1.0|sup|NONE|ENTERQUEUE||100|1\n"
    log = before + half + "\0" * nuls + fault("f9_nuls_before_a_line.log").lstrip("\0")
    result = center.load(log)
    assert (result["used"], result["broken"]) == (4, int(bool(half)))
    # The restart ends what was open.
    assert some(center.queues()["sup"], "offered", "abandoned", "unknown", "waiting") == (2, 1, 1, 0)


@pytest.mark.parametrize("digits", [10, 13, 16])
def test_epochs_that_count_finer_than_seconds_are_read(center: Center, digits: int) -> None:
    log = RUNG.replace("17174001", "17174001")
    rows = [line.split("|", 1) for line in log.splitlines()]
    center.load("".join(f"{instant}{'0' * (digits - 10)}|{rest}\n" for instant, rest in rows))
    assert some(center.queues()["sup"], "offered", "answered", "asa_ms") == (1, 1, 5000)


def test_of_f10_what_can_be_read_is_read(center: Center) -> None:
    result = center.load(fault("f10_every_line_broken.log"))
    assert (result["lines"], result["used"], result["broken"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("content", "ami", "reason"),
    [
        (b"03/06/2024 10:00|1.1|sup|NONE|ABANDON|1|1|10\n" * 3, False, "line 1.*no instant"),
        (b"2147480000|1.1|sup|NONE|ABANDON|1|1|10\n", False, "line 1.*after the import"),
        (b"time,callid,queuename,agent,event\nnever,1.1,sup,NONE,ABANDON\n", False, "line 2.*no instant"),
        (b"Event: QueueCallerJoin\r\nQueue: sup\r\nno colon\r\n\r\n", True, "without"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_with_the_first_reason(
    center: Center, content: bytes, ami: bool, reason: str
) -> None:
    status, errors = center.refused(content, ami=ami)
    assert status == 1
    assert re.search(reason, errors), errors


def test_a_good_file_beside_a_refused_one_is_read(center: Center) -> None:
    status, _ = center.refused(b"03/06/2024 10:00|1.1|sup|NONE|ABANDON|1|1|10\n", RUNG.encode())
    assert status == 1
    assert center.queues()["sup"]["offered"] == 1


def test_the_result_names_the_columns_that_a_table_lacks(center: Center) -> None:
    rows = [row[:7] for row in as_table(RUNG)]
    result = center.load(as_csv(rows, header=["time", "callid", "queuename", "agent", "event", "data1", "data2"]))
    assert len(result["lacks"]) == 1
    assert "data3, data4, data5" in result["lacks"][0]


# Verbs


@pytest.mark.parametrize("form", ["file", "table", "parts", "parts turned"])
@pytest.mark.parametrize("wrap", [0, 25, 90])
@pytest.mark.parametrize("named", ["NONE|NONE", "9.1|q7", "9.1|NONE", "NONE|q7"])
def test_a_wrap_up_that_names_no_call_is_of_the_agents_last(center: Center, form: str, wrap: int, named: str) -> None:
    log = fault("f12_wazo_wrapup.log").replace("NONE|NONE|Agent/31|WRAPUPSTART|25", f"{named}|Agent/31|WRAPUPSTART|{wrap}")
    center.load_as(form, log.replace("1717400077", "1717400200"))
    row = center.agents()["Agent/31"]
    assert some(row, "talk_ms", "wrap_up_ms") == (40_000, wrap * 1000)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("lines", "results", "queue"),
    [
        *(
            (lines, results, queue)
            for queue in ("campanha", "NONE")
            for lines, results in [
                (["OUTDIAL|21988887777", "OUTANSWER|4", "OUTTRANSFER|7001"], "answered"),
                (["OUTDIAL|21988887777", "OUTCANCEL|"], "no-answer"),
                (["OUTDIAL|21988887777", "OUTCHANUNAVAIL|"], "unavailable"),
                (["OUTDIAL|21988887777", "OUTCONGESTION|"], "congestion"),
                (["OUTCANCEL|", "OUTCANCEL|"], "no-answer"),
            ]
        ),
        # The end of a talk always names a queue.
        (["OUTDIAL|21988887777", "OUTANSWER|4", "COMPLETEAGENT|4|30|1"], "answered", "campanha"),
    ],
)
def test_the_outbound_verbs_of_pbxware_are_attempts(center: Center, form: str, lines: list[str], results: str, queue: str) -> None:
    at = itertools.count(1_717_400_000, 10)
    log = "".join(f"{next(at)}|1717400000.5|{queue}|ana|{line}\n" for line in lines)
    center.load_as(form, f"1717399990|NONE|sup|ana|ADDMEMBER|\n{log}")
    queues = center.queues()
    assert all(row["offered"] == 0 for row in queues.values())
    (row,) = reported(center.held, center.company, "interactions")
    assert json.dumps(row)
    assert (
        row["status"]
        == {"answered": "answered", "no-answer": "not-connected", "unavailable": "not-connected", "congestion": "not-connected"}[results]
    )
