"""A small file that unpacks to more than any log does is refused early, by name, and no file is read on once it has to end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from projections.queries.refused_reasons import in_portuguese
from store.database import StoreUnavailable
from store.disk_reserve import ReserveReached
from telephony_adapter.ami import stream
from telephony_adapter.ami.recording import Recording
from telephony_adapter.ami.translator import Translator
from telephony_adapter.queue_log import chunks, dumps, importer, lines, members, reading_limits, tables
from telephony_adapter.queue_log.files import LogFile, NotAQueueLog
from telephony_adapter.queue_log.reading_limits import MOST_LAYERS, MOST_MEMBERS, ReadsTooMuch
from tests.kit.queue_logs import as_csv, as_table, import_texts

AT_ONCE_S = 10
"""On a busy machine; what is not linear takes hours."""

LINE = b"1700000000|NONE|NONE|NONE|QUEUESTART|\n"
MUCH = 4 << 20
"""Bytes that are too many in these tests."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_limits, "ALWAYS_UNPACKED", 1 << 20)


def zipped(*contents: bytes) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"queue_log.{number}", content)
    return written.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": zipped}


@pytest.mark.parametrize("how", PACKERS)
@pytest.mark.parametrize("filling", [b" ", b"\n", b"\0", b"no line\n"])
def test_a_file_that_unpacks_to_more_than_a_log_does_is_refused_by_its_name(tmp_path: Path, how: str, filling: bytes) -> None:
    with pytest.raises(ReadsTooMuch, match=r"^queue_log: it unpacks to more than"):
        import_texts(tmp_path, PACKERS[how](LINE + filling * (MUCH // len(filling))))


def test_what_is_packed_as_much_as_logs_are_is_read_whatever_its_size(tmp_path: Path) -> None:
    lines = b"".join(b"%d|NONE|NONE|NONE|SYSCOMPAT|%d\n" % (1_700_000_000 + n, n * n) for n in range(60_000))
    assert len(lines) > 2 << 20
    assert import_texts(tmp_path, gzip.compress(lines))[1].lines == 60_000


def test_no_ratio_allows_more_than_the_absolute_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_limits, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(ReadsTooMuch):
        import_texts(tmp_path, gzip.compress(LINE * 60_000, compresslevel=0))


def test_the_files_of_a_zip_count_together(tmp_path: Path) -> None:
    part = LINE + b" " * (600 << 10)
    with pytest.raises(ReadsTooMuch):
        import_texts(tmp_path, zipped(part, part))


def test_a_file_that_is_packed_again_and_again_is_refused(tmp_path: Path) -> None:
    packed = LINE
    for _ in range(MOST_LAYERS):
        packed = gzip.compress(packed)
    assert import_texts(tmp_path, packed)[1].lines == 1
    for nested in (gzip.compress(packed), zipped(packed)):
        with pytest.raises(ReadsTooMuch, match="packed more than"):
            import_texts(tmp_path, nested)


def test_a_zip_of_too_many_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadsTooMuch, match=f"{MOST_MEMBERS + 1:,} files are in it"):
        import_texts(tmp_path, zipped(*[b"x"] * (MOST_MEMBERS + 1)))


def test_the_list_of_files_of_a_zip_is_not_read_if_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_limits, "LARGEST_DIRECTORY", 100_000)
    monkeypatch.setattr(zipfile.ZipInfo, "_decodeExtra", lambda *_: pytest.fail("the list was read"))
    with pytest.raises(ReadsTooMuch, match="its list of files has more than"):
        import_texts(tmp_path, zipped(*[b""] * 2_500))


def test_a_recording_is_bounded_as_a_log_is(tmp_path: Path) -> None:
    path = tmp_path / "ami.gz"
    path.write_bytes(gzip.compress(b"Event: FullyBooted\r\n\r\n" + b"Event: Nothing\r\n\r\n" * (MUCH // 18)))
    with pytest.raises(ReadsTooMuch):
        list(Recording(path, Translator("ami").interest))


@pytest.mark.parametrize(
    "content",
    [b"\n" * (1 << 20), b" " * (1 << 20), b"\n \t" * (1 << 18), b"-- " * (1 << 18), b"INSERT INTO " * (1 << 16), b"\r" * (1 << 20)],
)
def test_a_file_of_nothing_is_known_as_such_at_once(tmp_path: Path, content: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(NotAQueueLog):
        import_texts(tmp_path, content + b"x")
    assert time.monotonic() - began < AT_ONCE_S


@pytest.mark.parametrize("content", [b"\n" + b"\r" * (1 << 20), b"Asterisk Call Manager/5.0\r\n" * 100_000])
def test_a_recording_of_line_ends_or_of_banners_is_read_at_once(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ami").write_bytes(b"Event: FullyBooted\r\n\r\n" + content)
    began = time.monotonic()
    list(Recording(tmp_path / "ami", Translator("ami").interest))
    assert time.monotonic() - began < AT_ONCE_S


def test_of_a_recording_the_beginning_alone_tells_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ami"
    path.write_bytes(b"Event: Nothing\r\n\r\n" * (MUCH // 18))
    looks: list[None] = []
    Recording(path, Translator("ami").interest, look=lambda: looks.append(None)).must_be_one()
    assert len(looks) == 1


def test_of_a_recording_of_made_events_little_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_NAMES", 10)
    path = tmp_path / "ami"
    made = [f"Event: E{number}{'x' * 1_000}\r\n\r\n" for number in range(20)]
    path.write_text("".join([*made, f"Event: FullyBooted\r\nStatus: {'x' * stream.LONGEST_PACKET}\r\n\r\n"]), newline="")
    recording = Recording(path, Translator("ami").interest)
    assert list(recording) == []
    assert (len(recording.names), max(map(len, recording.names)) <= stream.LONGEST_NAME) == (10, True)
    assert [(broken.number, broken.why) for broken in recording.broken] == [(21, "too long for a packet")]


def test_a_row_of_a_table_without_end_is_refused(tmp_path: Path) -> None:
    table = as_csv(as_table(LINE.decode())) + "x" * (reading_limits.LONGEST_ROW + 1)
    with pytest.raises(ReadsTooMuch, match="a row of the table"):
        import_texts(tmp_path, table)


HEADER = "time,callid,queuename,agent,event,data1,data2,data3,data4,data5\n"
LONG = reading_limits.LONGEST_ROW
TUPLE = reading_limits.LONGEST_TUPLE
COPY = b"COPY queue_log (time, callid, queuename, agent, event, data1) FROM stdin;\n"


def test_a_row_on_many_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadsTooMuch, match=r"^queue_log: a row of the table"):
        import_texts(tmp_path, HEADER + '"\n' + '","\n' * (LONG // 4))


@pytest.mark.parametrize(
    "content",
    [
        b"INSERT INTO queue_log VALUES (" + b"1," * LONG + b"1);\n",
        b"INSERT INTO queue_log VALUES (" + b"-," * TUPLE + b"1);\n",
        b"INSERT INTO queue_log VALUES (1,'" + b"),(" * LONG + b"');\n",
        b"INSERT INTO queue_log (" + b"a," * LONG + b"a);\n",
        b"CREATE TABLE queue_log (" + b"a," * LONG + b"a);\n",
        COPY + b"\t" * (TUPLE + 1) + b"\n\\.\n",
    ],
    ids=["insert", "dashes", "string", "columns", "create", "copy"],
)
def test_a_row_of_a_dump_that_no_asterisk_writes_is_left_out_with_its_line(tmp_path: Path, content: bytes) -> None:
    values = ",".join(f"'{field}'" for field in as_table(LINE.decode())[0])
    row = f"INSERT INTO queue_log VALUES ({values});\n".encode()
    _, result = import_texts(tmp_path, row + content + row)
    (refused,) = result.broken_lines
    assert refused.line in (2, 3)
    assert refused.why in (dumps._TOO_LONG, dumps._REST)
    assert in_portuguese(refused.why) != refused.why
    assert result.lines - len(result.broken_lines) == 2


def test_no_more_than_some_rows_are_given_at_once_to_the_library_that_keeps_other_threads_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    tokens = dumps._Dump._tokens

    def counted(self: dumps._Dump, text: str) -> object:
        given.append(min(len(text), dumps._MOST))
        return tokens(self, text)

    monkeypatch.setattr(dumps._Dump, "_tokens", counted)
    values = ",".join(f"'{field}'" for field in as_table(LINE.decode())[0])
    _, result = import_texts(tmp_path, f"INSERT INTO queue_log VALUES {','.join([f'({values})'] * 2_000)};\n")
    assert result.lines == 2_000
    assert max(given) < dumps._AT_ONCE + 2 * len(values)


@pytest.mark.parametrize(
    "line",
    [b" " * (60 << 20), b"INSERT " + b" " * (60 << 20), b"INSERT INTO queue_log " + b"x VALUES " * (6 << 20)],
    ids=["blanks", "insert", "values"],
)
def test_of_a_long_line_only_the_beginning_is_searched_for_what_it_is(line: bytes) -> None:
    began = time.process_time()
    assert list(dumps._Dump(lambda *_: None).rows(iter([(1, line + b";\n")]))) == []
    assert time.process_time() - began < 1


def test_of_a_dump_other_tables_are_passed_over_however_they_are_defined(tmp_path: Path) -> None:
    values = ",".join(f"'{field}'" for field in as_table(LINE.decode())[0])
    others = b"CREATE TABLE others (" + b"a," * LONG + b"a);\n"
    row = f"INSERT INTO queue_log VALUES ({values});\n".encode()
    assert import_texts(tmp_path, row + others + row)[1].lines == 2


def test_a_row_that_follows_many_others_is_as_long_as_the_first(tmp_path: Path) -> None:
    rows = [*as_table(LINE.decode())[0][:5], "x" * 1_000, "two\nlines", "", "", ""]
    assert import_texts(tmp_path, as_csv([rows] * (2 * LONG // 1_000)))[1].lines == 2 * LONG // 1_000


def test_long_rows_are_put_away_before_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_BYTES_AT_ONCE", 10_000)
    monkeypatch.setattr(importer, "HELD_AT_ONCE", 10_000)
    rows = [[str(1_700_000_000 + second), "NONE", "NONE", "NONE", "X", "x" * 4_000, "", "", "", ""] for second in range(30)]
    held: list[int] = []
    share = tables.LogFile.done

    def counted(file: LogFile) -> int:
        held.append(1)
        return share(file)

    monkeypatch.setattr(tables.LogFile, "done", counted)
    bus, result = import_texts(tmp_path, as_csv(rows))
    assert result.lines == 30
    assert len(held) >= 10
    assert bus.batches >= 10


@pytest.mark.parametrize("as_a", [str, lambda log: as_csv(as_table(log))], ids=["log", "table"])
def test_more_lines_of_one_second_than_are_written_in_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_a: Callable[[str], str]
) -> None:
    for module in (importer, tables):
        monkeypatch.setattr(module, "MOST_OF_A_SECOND", 50)
    monkeypatch.setattr(importer, "LINES_AT_ONCE", 10)
    log = "".join(f"1700000000|{number}.1|q|NONE|ENTERQUEUE||{number}\n" for number in range(61))
    with pytest.raises(ReadsTooMuch, match=r"^queue_log: more than .* lines are of one instant"):
        import_texts(tmp_path, as_a(log))
    assert import_texts(tmp_path, as_a("".join(log.splitlines(keepends=True)[:50])))[1].lines == 50


@pytest.mark.parametrize("as_a", [str, lambda log: as_csv(as_table(log))], ids=["log", "table"])
@pytest.mark.parametrize("place", range(1, 5))
def test_a_name_that_no_asterisk_writes_is_not_remembered(tmp_path: Path, place: int, as_a: Callable[[str], str]) -> None:
    fields = ["1700000000", "1.1", "q", "a", "X", ""]
    fields[place] = "x" * (lines.LONGEST_NAME + 1)
    _, result = import_texts(tmp_path, as_a("|".join(fields) + "\n" + LINE.decode()))
    assert (result.lines, [reason for _, _, reason in result.broken_lines]) == (2, ["a name that is too long"])


def test_of_verbs_that_no_asterisk_writes_the_first_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_MOST_UNKNOWN", 3)
    made = "".join(f"1700000000|NONE|NONE|NONE|{verb}|x\n" for verb in "ABCDA")
    assert import_texts(tmp_path, made)[1].unknown_verbs == {"A": 2, "B": 1, "C": 1}


def test_a_list_of_members_is_read_packed_and_not_beyond_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "members"
    path.write_bytes(gzip.compress(b"interface;name\nPJSIP/1001;Ana\n"))
    assert members.members_of(path) == [("PJSIP/1001", "Ana")]
    monkeypatch.setattr(members, "LARGEST_LIST", 10)
    with pytest.raises(ReadsTooMuch, match=r"^members: a list of members"):
        members.members_of(path)


def test_a_list_of_members_has_so_many_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_TELEPHONES", 3)
    path = tmp_path / "members"
    path.write_bytes(b"PJSIP/1;Ana\n" * 3)
    assert len(members.members_of(path)) == 3
    path.write_bytes(b"PJSIP/1;Ana\n" * 4)
    with pytest.raises(ReadsTooMuch, match=r"^members: a list of members has at most 3 lines"):
        members.members_of(path)


def test_a_list_of_members_with_a_field_without_end_is_none(tmp_path: Path) -> None:
    path = tmp_path / "members"
    path.write_bytes(b'PJSIP/1001;"Ana\n' + b"Souza\n" * 40_000)
    with pytest.raises(members.NotAMemberList, match=r"^members: "):
        members.members_of(path)


class Stopped(Exception):
    """The reading has to end."""


@pytest.mark.parametrize("content", [b"no line\n" * 300_000, b"x" * (2 << 20), gzip.compress(b"\n" * (1 << 19))])
def test_whatever_is_in_a_file_its_reading_ends_when_it_has_to(tmp_path: Path, content: bytes) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks > 1:
            raise Stopped

    with pytest.raises(Stopped):
        import_texts(tmp_path, content, look=look)


def test_the_sorting_of_a_table_ends_when_it_has_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony_adapter.queue_log.tables._STEPS", 10)
    sorting = False
    fill = "telephony_adapter.queue_log.tables.TableLines._decide"

    def begins(*_: object) -> None:
        nonlocal sorting
        sorting = True

    def look() -> None:
        if sorting:
            raise Stopped

    monkeypatch.setattr(fill, begins)
    with pytest.raises(Stopped):
        import_texts(tmp_path, as_csv(as_table(LINE.decode() * 500)), look=look)


@pytest.mark.parametrize("reason", [ReserveReached(), StoreUnavailable("away")], ids=["no-room", "unavailable"])
def test_the_reason_for_which_the_sorting_of_a_table_ends_is_said_though_it_is_gone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: Exception
) -> None:
    monkeypatch.setattr(tables, "_STEPS", 10)
    reasons: list[Exception] = []
    monkeypatch.setattr(tables.TableLines, "_decide", lambda *_: reasons.append(reason))

    def look() -> None:
        if reasons:
            raise reasons.pop()

    with pytest.raises(type(reason)) as found:
        import_texts(tmp_path, as_csv(as_table(LINE.decode() * 500)), look=look)
    assert found.value is reason


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not show open files")
def test_a_table_is_sorted_on_the_disk_that_has_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (scratch := tmp_path / "it's here").mkdir()
    opened: list[str] = []

    def decide(*_: object) -> None:
        opened.extend(os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())

    monkeypatch.setattr(tables.TableLines, "_decide", decide)
    rows = as_table("".join(f"{1_700_000_000 + n}|NONE|NONE|NONE|X|{'x' * 10_000}\n" for n in range(2_000)))
    import_texts(tmp_path / "it's here", as_csv(rows), scratch=scratch)
    assert [name for name in opened if name.startswith(f"{scratch}/etilqs") and name.endswith("(deleted)")]
    assert [path.name for path in scratch.iterdir()] == ["part0"]
