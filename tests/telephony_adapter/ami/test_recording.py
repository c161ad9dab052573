"""Every form of a recorded AMI stream gives the same packets; unreadable packets are listed; another kind of file is refused."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from telephony_adapter.ami import recording
from telephony_adapter.ami import stream as packet_stream
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.ami.packets import BANNER, RESUMED, SILENCE, Interest, Packet
from telephony_adapter.ami.recording import NotAnAmiStream, Recording
from tests.kit import packets
from tests.kit.captures import NAMES, capture
from tests.kit.packets import T0, as_lines, event, note, undated
from tests.kit.recording_bus import CALLER, RecordingBus

WANTED = Interest(frozenset({"Hangup", "FullyBooted", "QueueParams", "QueueMemberPause"}), frozenset())
HANGUPS = [packets.BANNER, event("Hangup", 1, Uniqueid="1.1"), event("Hangup", 2, Uniqueid="1.2")]


def read(path: Path, content: str | bytes) -> tuple[Recording, list[Packet]]:
    path.write_bytes(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
    found = Recording(path, WANTED)
    return found, list(found)


def broken(found: Recording) -> list[tuple[int, str]]:
    return [(problem.number, problem.why) for problem in found.broken]


def contents(found: list[Packet]) -> list[tuple[str, int, dict[str, str]]]:
    return [(packet.name, packet.at, packet.headers) for packet in found if packet.headers]


@pytest.mark.parametrize("name", NAMES)
def test_an_intact_stream_has_nothing_broken_in_either_form(name: str) -> None:
    for path in (capture(name).timed, capture(name).raw):
        result = import_ami(RecordingBus(), CALLER, path, path.name)
        assert (result.broken, result.broken_packets, result.gaps) == (0, [], {})
        assert result.packets == sum(1 for line in capture(name).lines if line.raw)


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_give_the_same_facts(name: str) -> None:
    timed, raw = RecordingBus(), RecordingBus()
    import_ami(timed, CALLER, capture(name).timed, "ami")
    import_ami(raw, CALLER, capture(name).raw, "ami")
    assert (raw.calls, raw.agents, raw.matches) == (timed.calls, timed.agents, timed.matches)
    assert [at // 1_000_000 for at in raw.timeline.restarts] == [at // 1_000_000 for at in timed.timeline.restarts]


@pytest.mark.parametrize("content", [as_lines(HANGUPS), "".join(HANGUPS)], ids=["lines", "bytes"])
def test_gzipped_or_not_and_by_standard_input_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    _, plain = read(tmp_path / "plain", content)
    _, packed = read(tmp_path / "packed", gzip.compress(content.encode()))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(content.encode()))))
    piped = list(Recording("-", WANTED))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(gzip.compress(content.encode())))))
    assert contents(plain) == contents(packed) == contents(piped) == contents(list(Recording("-", WANTED)))
    assert [packet["Uniqueid"] for packet in plain if packet.name == "Hangup"] == ["1.1", "1.2"]


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_the_size_of_chunks_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    _, whole = read(tmp_path / "raw", "".join(HANGUPS))
    monkeypatch.setattr(recording, "_CHUNK", chunk)
    reader, found = read(tmp_path / "raw", "".join(HANGUPS))
    assert contents(found) == contents(whole)
    assert broken(reader) == []


def test_packets_before_the_first_instant_of_a_connection_get_that_instant(tmp_path: Path) -> None:
    booted = undated("Event: FullyBooted", Uptime=4)
    login = undated("Response: Success", Message="Authentication accepted")
    stream = [packets.BANNER, login, booted, event("SuccessfulAuth", 1), event("Hangup", 2, Uniqueid="1.1")]
    again = [packets.BANNER, login, booted, event("SuccessfulAuth", 61), undated("Event: QueueParams", Queue="vendas")]
    reader, found = read(tmp_path / "raw", "".join([*stream, *again]))
    assert [(packet.name, packet.at // 1_000_000 - T0) for packet in found] == [
        (BANNER, -T0), (RESUMED, 1), ("FullyBooted", 1), ("Hangup", 2), (BANNER, 2), (RESUMED, 61), ("FullyBooted", 61), ("QueueParams", 61),
    ]  # fmt: skip
    assert broken(reader) == []
    assert (reader.first, reader.last) == ((T0 + 1) * 1_000_000, (T0 + 61) * 1_000_000)


def test_a_stream_without_any_instant_is_broken_packet_by_packet_and_memory_stays_flat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packet_stream, "_UNDATED_AT_MOST", 3)
    monkeypatch.setattr(packet_stream, "_BROKEN_KEPT", 8)
    reader, found = read(tmp_path / "raw", "".join(undated("Event: Hangup", Uniqueid=f"1.{n}") for n in range(10)))
    assert (found, reader.read, reader.broken_count, len(reader.broken)) == ([], 10, 10, 8)
    assert {why for _, why in broken(reader)} == {"Hangup without an instant (timestampevents = yes gives one)"}


def test_broken_lines_are_named_by_their_numbers_and_the_rest_is_read(tmp_path: Path) -> None:
    good = as_lines(HANGUPS).splitlines()
    bad = [
        '{"t": 1, "raw": "Event: Han',
        '{"t": "soon", "raw": "Event: Hangup\\r\\n\\r\\n"}',
        '{"t": 1795409001.0, "raw": 5}',
        '{"t": NaN, "raw": "Event: Hangup\\r\\n\\r\\n"}',
        '{"t": 1e300, "raw": "Event: Hangup\\r\\n\\r\\n"}',
        '{"t": -1, "raw": "Event: Hangup\\r\\n\\r\\n"}',
        "[]",
        "[" * 100_000,
        json.dumps({"t": T0, "raw": "Hello\r\n\r\n"}),
        json.dumps({"t": T0, "raw": "Event: Hangup\r\nno header\r\nUniqueid: 1.3\r\n\r\n"}),
    ]
    reader, found = read(tmp_path / "lines", "\n".join([good[0], *bad, "", *good[1:]]))
    no_line = "no line of a recording: neither a packet nor a note"
    assert broken(reader) == [
        *((number, no_line) for number in range(2, 10)),
        (10, "neither event nor response: 'aaaaa\\r\\n\\r\\n'"),
        (11, "Hangup: a line without a colon: 'aa aaaaaa'"),
    ]
    assert [packet["Uniqueid"] for packet in found if packet.name == "Hangup"] == ["1.1", "1.2"]


def test_a_line_without_end_is_one_broken_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_LONGEST", 200)
    good = as_lines(HANGUPS).splitlines()
    reader, found = read(tmp_path / "lines", "\n".join([good[0], '{"t": 1, "raw": "' + "x" * 5_000, *good[1:]]))
    assert [number for number, _ in broken(reader)] == [2]
    assert [packet["Uniqueid"] for packet in found if packet.name == "Hangup"] == ["1.1", "1.2"]


def test_of_the_bytes_a_packet_that_a_lost_connection_cut_off_is_broken_and_the_next_connection_is_read(tmp_path: Path) -> None:
    cut = "".join(HANGUPS) + "Event: Hangup\r\nUniq"
    reader, found = read(tmp_path / "raw", cut + packets.BANNER + event("Hangup", 9, Uniqueid="1.9"))
    assert broken(reader) == [(4, "cut off before its end")]
    assert [(packet.name, packet.get("Uniqueid")) for packet in found][-3:] == [(BANNER, ""), (RESUMED, ""), ("Hangup", "1.9")]
    reader, _ = read(tmp_path / "raw", cut)
    assert broken(reader) == [(4, "cut off before its end")]


def test_a_packet_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_CHUNK", 100)
    monkeypatch.setattr(recording, "_LONGEST", 300)
    reader, found = read(tmp_path / "raw", HANGUPS[1] + "x" * 1_000 + "\r\n\r\n" + HANGUPS[2])
    assert "a packet without end" in {why for _, why in broken(reader)}
    assert [packet["Uniqueid"] for packet in found] == ["1.1", "1.2"]


def test_a_gzipped_file_that_ends_badly_is_read_to_there(tmp_path: Path) -> None:
    packed = gzip.compress(as_lines([*HANGUPS, *(event("Hangup", n, Uniqueid=f"2.{n}") for n in range(3, 2_000))]).encode())
    reader, found = read(tmp_path / "packed", packed[: len(packed) // 2])
    assert len(found) > 100
    assert "the compressed file ends badly" in reader.broken[-1].why
    assert reader.broken_count == len(reader.broken) <= 2


@pytest.mark.parametrize("text", [r"Almo\udce7o", "Almo\\ufffdo"], ids=["surrogate escape", "replaced"])
def test_bytes_that_are_no_utf8_are_read_as_windows_1252_where_they_were_kept(tmp_path: Path, text: str) -> None:
    line = (
        as_lines([packets.BANNER]) + '{"t": 1795409001.0, "raw": "Event: QueueMemberPause\\r\\nPausedReason: ' + text + '\\r\\n\\r\\n"}\n'
    )
    reader, found = read(tmp_path / "lines", line)
    assert found[-1]["PausedReason"] == ("Almoço" if "udc" in text else "Almo\ufffdo")
    assert broken(reader) == []


def test_bytes_that_are_no_utf8_are_read_as_windows_1252_line_by_line(tmp_path: Path) -> None:
    raw = event("QueueMemberPause", 1, PausedReason="Almo%o", MemberName="Érica").encode().replace(b"%", b"\xe7")
    _, found = read(tmp_path / "raw", packets.BANNER.encode() + raw)
    assert (found[-1]["PausedReason"], found[-1]["MemberName"]) == ("Almoço", "Érica")


def test_a_silence_a_new_connection_and_its_first_event_are_reported(tmp_path: Path) -> None:
    stream = as_lines(HANGUPS) + as_lines([event("Hangup", 9, Uniqueid="1.3")]) + note("tcp-closed", 9.5) + note("tcp-connected", 20)
    stream += as_lines([packets.BANNER, undated("Response: Success")], T0 + 20) + as_lines([event("Hangup", 21, Uniqueid="1.4")])
    _, found = read(tmp_path / "lines", stream)
    assert [(packet.name, (packet.at - T0 * 1_000_000) // 10_000) for packet in found] == [
        (BANNER, 1), (RESUMED, 100), ("Hangup", 100), ("Hangup", 200), (SILENCE, 900), ("Hangup", 900), ("tcp-closed", 950),
        ("tcp-connected", 2000), (BANNER, 2001), (RESUMED, 2100), ("Hangup", 2100),
    ]  # fmt: skip


def test_the_first_value_of_a_repeated_header_is_the_header_and_all_are_kept(tmp_path: Path) -> None:
    packet = event("Hangup", 1, Uniqueid="1.1", Output="a").replace("\r\n\r\n", "\r\nOutput: b: c\r\nEmpty: \r\nBare:\r\n\r\n")
    _, found = read(tmp_path / "raw", packet)
    assert (found[0]["Output"], found[0].repeated["Output"], found[0]["Empty"], found[0]["Bare"]) == ("a", ["a", "b: c"], "", "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"1764000000|NONE|NONE|NONE|QUEUESTART|\n",
        b'{"id": "c001", "kind": "in"}\n',
        b"SQLite format 3\x00",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x1f\x8bnot gzip at all",
        gzip.compress(b"1764000000|NONE|NONE|NONE|QUEUESTART|\n", mtime=0),
        gzip.compress(b"", mtime=0),
        b"\xff\xfeE\x00v\x00e\x00n\x00t\x00",
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_was_expected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    bus = RecordingBus()
    with pytest.raises(NotAnAmiStream, match=r"file: expected a recorded AMI stream: lines of .* or the bytes of the connection"):
        import_ami(bus, CALLER, tmp_path / "file", "file")
    assert bus.commands == 0


def test_numbers_and_instants_that_cannot_be_are_no_error(tmp_path: Path) -> None:
    long = "9" * 5_000
    stream = [
        packets.BANNER,
        event("FullyBooted", 0, Uptime=long),
        event("Newchannel", 1, Uniqueid=f"{long}.{long}", Linkedid=f"{long}.{long}", Channel="PJSIP/tronco-00000001", Exten="4000"),
        event("QueueCallerJoin", 2, Uniqueid="x", Linkedid="x", Channel="PJSIP/tronco-00000002", Queue="vendas", CallerIDNum=long, Count=long),
        event("QueueCallerAbandon", 3, Uniqueid="x", Linkedid="x", Channel="PJSIP/tronco-00000002", Queue="vendas", HoldTime=long),
        event("Hangup", 4, Uniqueid="x", Linkedid="x", Channel="PJSIP/tronco-00000002", Cause=long).replace("1795409004", long),
    ]  # fmt: skip
    (tmp_path / "lines").write_text(as_lines(stream[:-1]) + json.dumps({"t": T0 + 4, "raw": stream[-1]}) + "\n")
    result = import_ami(RecordingBus(), CALLER, tmp_path / "lines", "ami")
    assert (result.broken, result.visits) == (0, {"abandoned": 1})
    json.dumps(result.to_json())
