"""Every form of a queue_log gives the same facts; another kind of file is refused."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.base import SECOND
from telephony_adapter.queue_log import tables as log_tables
from telephony_adapter.queue_log.files import LONGEST_LINE, NotAQueueLog
from tests.kit.queue_logs import as_csv, as_table, import_texts
from tests.kit.recording_bus import RecordingBus

LOG = """\
1700000000|NONE|NONE|NONE|QUEUESTART|
1700000001|MANAGER|vendas|Ana|ADDMEMBER|
1700000010|1700000010.1|vendas|NONE|ENTERQUEUE||21977000111|1
1700000013|1700000010.1|vendas|Ana|RINGNOANSWER|0
1700000013|1700000010.1|vendas|Ana|RINGNOANSWER|0
1700000014|1700000010.1|vendas|Ana|CONNECT|4|1700000010.2|1
1700000080|1700000010.1|vendas|Ana|ATTENDEDTRANSFER|LINK|SIP/a|SIP/b|4|66|1
1700000090|NONE|NONE|Ana|PAUSEALL|Almoço
1700000090|NONE|vendas|Ana|PAUSE|Almoço
1700000200|NONE|NONE|Ana|UNPAUSEALL|
1700000200|NONE|vendas|Ana|UNPAUSE|
1700000300|1700000300.1|vendas|NONE|EXITWITHTIMEOUT|1|1|30
"""


def facts_of(bus: RecordingBus) -> dict[str, list[tuple[object, ...]]]:
    """The facts without their source line and their number within the second."""
    subjects = {**bus.calls, **bus.agents}
    return {subject: sorted((*map(str, fact.identity), fact.text) for fact in facts) for subject, facts in subjects.items()}


def times(bus: RecordingBus, call: str) -> list[tuple[int, str]]:
    return [(fact.at, fact.clock) for fact in bus.calls[call]]


@pytest.fixture
def plain(tmp_path: Path) -> RecordingBus:
    (tmp_path / "plain").mkdir()
    return import_texts(tmp_path / "plain", LOG)[0]


def test_compressed_gives_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    bus, result = import_texts(tmp_path, gzip.compress(LOG.encode()))
    assert (bus.calls, bus.agents) == (plain.calls, plain.agents)
    assert (result.lines, result.broken) == (12, 0)


@pytest.mark.parametrize("end", ["\r\n", "\n\n"])
def test_other_line_ends_and_empty_lines_give_the_same(tmp_path: Path, plain: RecordingBus, end: str) -> None:
    bus, result = import_texts(tmp_path, LOG.replace("\n", end))
    assert facts_of(bus) == facts_of(plain)
    assert (result.lines, result.broken) == (12, 0)


def test_a_byte_order_mark_gives_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    bus, result = import_texts(tmp_path, "\ufeff" + LOG)
    assert (facts_of(bus), result.broken) == (facts_of(plain), 0)


def test_missing_trailing_fields_give_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    bus, _ = import_texts(tmp_path, "\n".join(line.rstrip("|") for line in LOG.splitlines()))
    assert facts_of(bus) == facts_of(plain)


def test_a_table_in_any_order_gives_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    rows = as_table(LOG)
    random.Random(3).shuffle(rows)
    bus, result = import_texts(tmp_path, as_csv(rows))
    assert facts_of(bus) == facts_of(plain)
    assert {fact.seq for facts in bus.calls.values() for fact in facts} == {0}
    assert (result.lines, result.used, result.broken) == (12, 12, 0)


def test_a_table_with_one_old_data_column_gives_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    bus, _ = import_texts(tmp_path, as_csv(as_table(LOG, single=True)))
    assert facts_of(bus) == facts_of(plain)


def test_a_table_that_got_new_columns_later_gives_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    old, new = as_table(LOG, single=True)[:6], as_table(LOG)[6:]
    rows = [[*row, "", "", "", "", ""] for row in old] + [[*row[:5], "", *row[5:]] for row in new]
    header = ["time", "callid", "queuename", "agent", "event", "data", "data1", "data2", "data3", "data4", "data5"]
    assert facts_of(import_texts(tmp_path, as_csv(rows, header=header))[0]) == facts_of(plain)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_extra_columns_and_another_delimiter_give_the_same(tmp_path: Path, plain: RecordingBus, delimiter: str) -> None:
    rows = [[str(n), *row[::-1], "x"] for n, row in enumerate(as_table(LOG))]
    header = ["id", "data5", "data4", "data3", "data2", "data1", "Event", "AGENT", "queuename", "callid", "time", "serverid"]
    bus, _ = import_texts(tmp_path, "\ufeff" + as_csv(rows, header=header, delimiter=delimiter))
    assert facts_of(bus) == facts_of(plain)


def test_the_table_of_queuemetrics_gives_the_same(tmp_path: Path, plain: RecordingBus) -> None:
    header = ["time_id", "call_id", "queue", "agent", "verb", "data1", "data2", "data3", "data4", "data5"]
    assert facts_of(import_texts(tmp_path, as_csv(as_table(LOG), header=header))[0]) == facts_of(plain)


def test_null_is_an_empty_field(tmp_path: Path, plain: RecordingBus) -> None:
    rows = [[field or random.Random(4).choice(["NULL", "\\N"]) for field in row] for row in as_table(LOG)]
    assert facts_of(import_texts(tmp_path, as_csv(rows))[0]) == facts_of(plain)


def test_a_table_larger_than_one_batch_is_sorted_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tables, "_AT_ONCE", 7)
    rows = [[str(1_700_000_000 + n), "1.1", "vendas", "Ana", "RINGNOANSWER", str(n), "", "", "", ""] for n in range(100)]
    random.Random(5).shuffle(rows)
    bus, _ = import_texts(tmp_path, as_csv(rows))
    assert [fact.ring_ms for fact in bus.calls["1.1"]] == list(range(100))


INSTANTS = [
    ("1704110400", 0, "log"),
    ("1704110400.5", 500_000, "log.f"),
    ("1704110400.1234569", 123_456, "log.f"),
    ("2024-01-01 09:00:00", 0, "log"),
    ("2024-01-01 09:00:00.123456", 123_456, "log.f"),
    ("2024-01-01T09:00:00.123456", 123_456, "log.f"),
    ("2024-01-01 12:00:00.123456+00", 123_456, "log.f"),
    ("2024-01-01 12:00:00+00:00", 0, "log"),
    ("2024-01-01 09:00:00.123456-03", 123_456, "log.f"),
    ("2024-01-01 09:00:00.123456 -0300", 123_456, "log.f"),
    ("2024-01-01T12:00:00.123456Z", 123_456, "log.f"),
    ("2024-01-01 12:00:00.5 UTC", 500_000, "log.f"),
]


@pytest.mark.parametrize(("text", "fraction", "clock"), INSTANTS)
def test_an_instant_of_a_table(tmp_path: Path, text: str, fraction: int, clock: str) -> None:
    bus, _ = import_texts(tmp_path, as_csv([[text, "1.1", "vendas", "NONE", "ENTERQUEUE", "", "2197", "1", "", ""]]))
    assert times(bus, "1.1") == [(1_704_110_400 * SECOND + fraction, clock)]


def test_text_without_a_zone_is_of_the_zone_that_was_given(tmp_path: Path) -> None:
    table = as_csv([["2024-01-01 08:00:00.000000", "1.1", "vendas", "NONE", "ABANDON", "1", "1", "5", "", ""]])
    assert times(import_texts(tmp_path, table, timezone=ZoneInfo("America/Manaus"))[0], "1.1") == [(1_704_110_400 * SECOND, "log.f")]


def test_there_was_daylight_saving_before_2019(tmp_path: Path) -> None:
    table = as_csv([["2018-12-25 10:00:00", "1.1", "vendas", "NONE", "ABANDON", "1", "1", "5", "", ""]])
    assert times(import_texts(tmp_path, table)[0], "1.1") == [(1_545_739_200 * SECOND, "log")]


def test_a_file_with_fractions_has_the_finer_clock(tmp_path: Path) -> None:
    bus, _ = import_texts(tmp_path, "1700000000.25|1.1|vendas|NONE|ENTERQUEUE||2197|1\n1700000004|1.1|vendas|NONE|ABANDON|1|1|4\n")
    assert times(bus, "1.1") == [(1_700_000_000_250_000, "log.f"), (1_700_000_004_000_000, "log")]


def test_equal_lines_of_a_second_are_lines_of_their_own(tmp_path: Path) -> None:
    line = "1700000000|1.1|vendas|Ana|RINGNOANSWER|0\n"
    bus, _ = import_texts(tmp_path, line + "1700000000|1.1|vendas|Bia|RINGNOANSWER|0\n" + line + line)
    assert [(fact.agent, fact.nth) for fact in bus.calls["1.1"]] == [("Ana", 0), ("Bia", 0), ("Ana", 1), ("Ana", 2)]


def test_of_equal_lines_in_two_files_the_larger_count_holds(tmp_path: Path) -> None:
    line = "1700000000|1.1|vendas|Ana|RINGNOANSWER|0\n"
    bus, result = import_texts(tmp_path, line * 3, line * 2)
    assert len(bus.interactions["1.1"].facts) == 3
    assert (result.lines, result.used, result.repeated) == (5, 3, 2)


def test_the_order_within_a_second_is_that_of_the_file(tmp_path: Path) -> None:
    bus, _ = import_texts(
        tmp_path,
        "1699999999|NONE|NONE|NONE|CONFIGRELOAD|\n1700000000|1.1|vendas|NONE|EXITWITHTIMEOUT|1|1|30\n1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1\n",
    )
    assert [(fact.kind, fact.seq) for fact in bus.calls["1.1"]] == [("timed_out", 0), ("offered", 1)]


def test_a_part_that_begins_within_a_second_continues_after_the_part_before(tmp_path: Path) -> None:
    before = "1699999999|NONE|NONE|NONE|CONFIGRELOAD|\n1700000000|1.1|vendas|NONE|EXITWITHTIMEOUT|1|1|30\n"
    after = "1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1\n1700000009|1.1|vendas|NONE|ABANDON|1|1|9\n"
    for number, parts in enumerate([(before, after), (after, before)]):
        directory = tmp_path / str(number)
        directory.mkdir()
        bus, _ = import_texts(directory, *parts)
        facts = sorted(bus.calls["1.1"], key=lambda fact: (fact.at, fact.seq))
        assert [fact.kind for fact in facts] == ["timed_out", "offered", "abandoned"]


# Bytes


def test_a_field_that_is_not_utf8_is_windows_1252_and_its_bytes_stay(tmp_path: Path) -> None:
    bus, result = import_texts(tmp_path, "1700000000|NONE|NONE|Cláudia Araújo|PAUSEALL|".encode() + b"Almo\xe7o \x80\n")
    (fact,) = bus.agents["Cláudia Araújo"]
    assert fact.text == "Almoço €"
    assert fact.ref == "queue_log:1 windows-1252 Almo\\xe7o \\x80"
    assert result.broken == 0


def test_a_whole_line_of_windows_1252(tmp_path: Path) -> None:
    bus, _ = import_texts(tmp_path, "1700000000|NONE|NONE|Cláudia|PAUSEALL|Almoço\n".encode("cp1252"))
    assert [fact.text for fact in bus.agents["Cláudia"]] == ["Almoço"]


def test_bytes_that_windows_1252_does_not_know_are_kept_one_by_one(tmp_path: Path) -> None:
    bus, _ = import_texts(tmp_path, b"1700000000|NONE|NONE|Ana|PAUSEALL|a\x81\xe7\n")
    assert [fact.text for fact in bus.agents["Ana"]] == ["a\x81ç"]


def test_bytes_that_may_identify_a_customer_are_not_shown(tmp_path: Path) -> None:
    bus, _ = import_texts(tmp_path, b"1700000000|1.1|vendas|NONE|ENTERQUEUE||Jo\xe3o 2197|1\n")
    (fact,) = bus.calls["1.1"]
    assert fact.ref == "queue_log:1 windows-1252"
    assert fact.private is not None
    assert fact.private.plain == "João 2197"


def test_a_table_with_a_field_that_is_not_utf8(tmp_path: Path) -> None:
    table = as_csv([["1700000000", "NONE", "NONE", "Cláudia", "PAUSEALL", "@", "", "", "", ""]]).encode().replace(b"@", b"Almo\xe7o")
    (fact,) = import_texts(tmp_path, table)[0].agents["Cláudia"]
    assert (fact.text, fact.ref) == ("Almoço", "queue_log:2 windows-1252 Almo\\xe7o")


# Broken lines


def test_broken_lines_are_counted_with_their_numbers_and_never_fatal(tmp_path: Path) -> None:
    log = b"\n".join(
        [
            b"17000|1700",
            b"1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1",
            b"yesterday|1.1|vendas|Ana|CONNECT|8",
            b"1700000003|1.1|vendas|Ana||8",
            b"99999999999|1.1|vendas|Ana|CONNECT|8",
            b"1700000003|1.1|vend\0as|Ana|CONNECT|8",
            b"\0" * 100,
            b"x" * (3 * LONGEST_LINE),
            b"1700000008|1.1|vendas|Ana|CONNECT|8",
        ]
    )
    bus, result = import_texts(tmp_path, log)
    assert [fact.kind for fact in bus.calls["1.1"]] == ["offered", "answered"]
    assert (result.lines, result.used, result.repeated, result.broken) == (9, 2, 0, 7)
    assert [line.line for line in result.broken_lines] == [1, 3, 4, 5, 6, 7, 8]
    assert [line.why for line in result.broken_lines[:4]] == [
        "2 fields where a line has at least 5",
        "no instant: 'aaaaaaaaa'",
        "no verb",
        "an instant that cannot be: '99999999999'",
    ]


def test_a_line_longer_than_any_is_skipped_without_being_kept(tmp_path: Path) -> None:
    log = b"1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1\n" + b"x" * (5 << 20) + b"\n1700000008|1.1|vendas|Ana|CONNECT|8\n"
    bus, result = import_texts(tmp_path, log)
    assert [(fact.kind, fact.ref) for fact in bus.calls["1.1"]] == [("offered", "queue_log:1"), ("answered", "queue_log:3")]
    assert [(line.line, line.why) for line in result.broken_lines] == [(2, "too long for a line")]


@pytest.mark.parametrize("table", [False, True])
def test_a_compressed_file_that_ends_too_early_is_used_up_to_there(tmp_path: Path, table: bool) -> None:
    generator = random.Random(6)
    log = "".join(f"{1_700_000_000 + n}|{n}.{generator.random()}|vendas|NONE|JOINEMPTY|\n" for n in range(5000))
    whole = gzip.compress((as_csv(as_table(log)) if table else log).encode())
    bus, result = import_texts(tmp_path, whole[: len(whole) // 2])
    assert 1000 < len(bus.calls) < 4000
    assert result.broken == 1
    assert "compressed file" in result.broken_lines[-1].why


def test_broken_rows_of_a_table_are_counted(tmp_path: Path) -> None:
    good = ["1700000000", "1.1", "vendas", "NONE", "ENTERQUEUE", "", "2197", "1", "", ""]
    rows = [good, ["never", *good[1:]], ["2024-13-01 10:00:00", *good[1:]], [*good[:4], "", *good[5:]], good[:3]]
    bus, result = import_texts(tmp_path, as_csv(rows))
    assert len(bus.calls["1.1"]) == 1
    assert [(line.line, line.why.split(":")[0]) for line in result.broken_lines] == [
        (3, "no instant"),
        (4, "no instant"),
        (5, "no verb"),
        (6, "3 columns where the header has more"),
    ]


# Other files

OTHERS = [
    (b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n", "AMI capture"),
    (b'{"t": 1.0, "raw": "Asterisk Call Manager/11.0.0\\r\\n"}\n{"t": 2.0, "raw": "Event: FullyBooted\\r\\n"}\n', "AMI capture"),
    (b"Event: Newchannel\r\nPrivilege: call,all\r\n\r\n", "AMI capture"),
    (b"\x7fELF\0\0\0\0", "binary"),
    (b"", "nothing in it"),
    (b"\n \n", "nothing in it"),
    (b"name,phone\nAna,2197\n", "no line of a queue_log"),
    (b'"","2197","4001","default"\n', "no line of a queue_log"),
    (gzip.compress(b"Asterisk Call Manager/11.0.0\r\n", mtime=0), "AMI capture"),
    (gzip.compress(b"x" * 100, mtime=0)[:10], "nothing in it"),
]


@pytest.mark.parametrize(("content", "what"), OTHERS)
def test_another_kind_of_file_is_refused_with_what_was_expected(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(NotAQueueLog, match=f"{what}.*expected an Asterisk queue_log"):
        import_texts(tmp_path, content)


def test_nothing_is_observed_if_one_of_the_files_is_refused(tmp_path: Path) -> None:
    bus = RecordingBus()
    with pytest.raises(NotAQueueLog):
        import_texts(tmp_path, LOG, b"name,phone\n", bus=bus)
    assert bus.commands == 0


def test_a_log_may_begin_in_the_middle_of_a_line(tmp_path: Path) -> None:
    bus, result = import_texts(tmp_path, "|vendas|NONE|ENTERQUEUE||2197|1\n" + LOG)
    assert (result.lines, result.broken) == (13, 1)
    assert "1700000010.1" in bus.calls
