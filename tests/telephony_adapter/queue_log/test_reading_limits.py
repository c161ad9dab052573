"""A small file that unpacks to more than any log does is refused early, by name, and no file is read on once it has to end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from telephony_adapter.ami.recording import Recording
from telephony_adapter.ami.translator import Translator
from telephony_adapter.queue_log import members, reading_limits
from telephony_adapter.queue_log.files import NotAQueueLog
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


def test_a_row_of_a_table_without_end_is_refused(tmp_path: Path) -> None:
    table = as_csv(as_table(LINE.decode())) + "x" * (reading_limits.LONGEST_ROW + 1)
    with pytest.raises(ReadsTooMuch, match="a row of the table"):
        import_texts(tmp_path, table)


def test_a_list_of_members_is_read_packed_and_not_beyond_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "members"
    path.write_bytes(gzip.compress(b"interface;name\nPJSIP/1001;Ana\n"))
    assert members.members_of(path) == [("PJSIP/1001", "Ana")]
    monkeypatch.setattr(members, "LARGEST_LIST", 10)
    with pytest.raises(ReadsTooMuch, match=r"^members: a list of members"):
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
