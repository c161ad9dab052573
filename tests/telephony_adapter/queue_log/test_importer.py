"""A whole import: its observations, its batches, and its result."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from domain.base import SECOND
from telephony_adapter.queue_log import importer as importing
from telephony_adapter.queue_log.members import NotAMemberList
from tests.kit.facts import stretches
from tests.kit.queue_logs import as_csv, as_table, import_texts
from tests.kit.recording_bus import RecordingBus

DAY = """\
1700000000|NONE|NONE|NONE|QUEUESTART|
1700000001|MANAGER|vendas|PJSIP/1001|ADDMEMBER|
1700000001|MANAGER|vendas|PJSIP/1002|ADDMEMBER|
1700000010|1700000010.1|vendas|NONE|ENTERQUEUE||21977000111|1
1700000013|1700000010.1|vendas|Ana|RINGNOANSWER|3000
1700000018|1700000010.1|vendas|Bia|CONNECT|8|1700000010.2|2
1700000020|1700000020.1|vendas|NONE|ENTERQUEUE||21977000222|1
1700000030|1700000020.1|vendas|NONE|ABANDON|1|1|10
1700000040|NONE|vendas|NONE|JOINEMPTY|
1700000041|MANAGER|vendas|PJSIP/1002|PENALTY|5
1700000078|1700000010.1|vendas|Bia|COMPLETECALLER|8|60|1
1700000090|NONE|NONE|Ana|PAUSEALL|Almoço
1700000095|1700000095.1|vendas|NONE|MYVERB|x
1700000200|NONE|NONE|Ana|UNPAUSEALL|
"""


def test_the_result_counts_the_lines_and_their_effect(tmp_path: Path) -> None:
    _, result = import_texts(tmp_path, DAY + "broken\n")
    document = result.to_json()
    seconds = document.pop("seconds")
    position = document.pop("position")
    assert document == {
        "files": ["queue_log"],
        "lines": 15,
        "used": 14,
        "repeated": 0,
        "broken": 1,
        "broken_lines": [{"file": "queue_log", "line": 15, "why": "1 fields where a line has at least 5"}],
        "set_aside": 0,
        "set_aside_lines": [],
        "ambiguous": 0,
        "lacks": [],
        "unknown_verbs": {"MYVERB": 1},
        "calls": 3,
        "visits": {"abandoned": 1, "answered": 1, "closed": 1},
        "implied": 0,
        "conflicts": 0,
        "conflicts_named": [],
        "interfaces_not_matched": ["PJSIP/1001", "PJSIP/1002"],
        "first": "2023-11-14T22:13:20.000Z",
        "last": "2023-11-14T22:16:40.000Z",
    }
    assert seconds >= 0
    assert position > 0
    json.dumps(document)
    rows = dict(result.rows())
    assert rows["visits.answered"] == "1"
    assert rows["unknown_verbs.MYVERB"] == "1"
    assert rows["broken"] == "queue_log:15 1 fields where a line has at least 5"


def test_a_second_time_everything_is_repeated(tmp_path: Path) -> None:
    bus, _ = import_texts(tmp_path, DAY)
    before = {name: thing.version for name, thing in {**bus.interactions, **bus.people}.items()}
    _, result = import_texts(tmp_path, DAY, bus=bus)
    assert (result.lines, result.used, result.repeated, result.broken) == (14, 0, 14, 0)
    assert (result.calls, result.to_json()["visits"], result.implied, result.conflicts) == (0, {}, 0, 0)
    assert {name: thing.version for name, thing in {**bus.interactions, **bus.people}.items()} == before


def test_in_overlapping_parts_each_line_counts_once(tmp_path: Path) -> None:
    lines = DAY.splitlines(keepends=True)
    for number, parts in enumerate([(lines[:9], lines[5:]), (lines[5:], lines[:9])]):
        directory = tmp_path / str(number)
        directory.mkdir()
        bus, result = import_texts(directory, *("".join(part) for part in parts))
        assert (result.lines, result.used, result.repeated) == (18, 14, 4)
        assert result.to_json()["visits"] == {"abandoned": 1, "answered": 1, "closed": 1}
        assert sum(len(interaction.facts) for interaction in bus.interactions.values()) == 7


def test_parts_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    lines = DAY.splitlines(keepends=True)
    bus, _ = import_texts(tmp_path, "".join(lines[5:]), "".join(lines[:5]))
    assert [fact.kind for fact in bus.calls["1700000010.1"]] == ["offered", "ring_no_answer", "answered", "released"]


def test_each_file_covers_its_own_time(tmp_path: Path) -> None:
    lines = DAY.splitlines(keepends=True)
    bus, result = import_texts(tmp_path, "".join(lines[:3]), "".join(lines[9:]))
    spans = sorted((span.from_us, span.until_us) for span in bus.timeline.spans.values())
    assert spans == [(1_700_000_000 * SECOND, 1_700_000_001 * SECOND), (1_700_000_041 * SECOND, 1_700_000_200 * SECOND)]
    assert {span.source for span in bus.timeline.spans.values()} == {"queue_log"}
    assert (result.first_us, result.last_us) == (1_700_000_000 * SECOND, 1_700_000_200 * SECOND)


def test_a_broken_line_is_no_sign_of_life(tmp_path: Path) -> None:
    bus, result = import_texts(tmp_path, "1600000000|NONE|vendas|NONE|PAUSE|x\n" + DAY)
    assert [span.from_us for span in bus.timeline.spans.values()] == [1_700_000_000 * SECOND]
    assert result.broken == 1


@pytest.mark.parametrize("lines_at_once", [1, 2, 3, 5, 1000])
def test_the_observations_do_not_depend_on_the_size_of_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines_at_once: int) -> None:
    (tmp_path / "whole").mkdir()
    whole, expected = import_texts(tmp_path / "whole", DAY)
    monkeypatch.setattr(importing, "LINES_AT_ONCE", lines_at_once)
    monkeypatch.setattr(importing, "COMMANDS_AT_ONCE", 2)
    bus, result = import_texts(tmp_path, DAY)
    assert bus.calls == {**whole.calls, **{call: facts for call, facts in bus.calls.items() if not facts}}
    assert bus.agents == whole.agents
    same = ("lines", "used", "repeated", "calls", "visits", "interfaces_not_matched", "unknown_verbs")
    assert {name: result.to_json()[name] for name in same} == {name: expected.to_json()[name] for name in same}


def test_the_lines_of_a_second_are_observed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", 3)
    log = "".join(f"{1_700_000_000 + n // 5}|NONE|vendas|Ana|{verb}|x\n" for n in range(20) for verb in ("PAUSE", "UNPAUSE"))
    bus, _ = import_texts(tmp_path, log)
    assert bus.batches >= 3
    seqs: dict[int, list[int]] = {}
    for fact in bus.agents["Ana"]:
        seqs.setdefault(fact.at, []).append(fact.seq)
    assert all(seq == sorted(set(seq)) for seq in seqs.values())


def test_an_open_call_is_observed_later_and_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", 3)
    bus, _ = import_texts(
        tmp_path,
        "\n".join(
            [
                "1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1",
                *(f"{1_700_000_001 + n}|2.{n}|vendas|NONE|JOINEMPTY|" for n in range(3)),
                "1700000008|1.1|vendas|Ana|CONNECT|8",
            ]
        ),
    )
    assert bus.interactions["1.1"].version == 1


def test_a_start_of_the_pbx_ends_earlier_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", 2)
    bus, result = import_texts(
        tmp_path,
        "\n".join(
            [
                "1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1",
                "1700000001|NONE|NONE|Agent/1|AGENTLOGIN|SIP/1",
                *(f"{1_700_000_010 + n}|2.{n}|vendas|NONE|JOINEMPTY|" for n in range(12)),
                "1700000050|NONE|NONE|NONE|QUEUESTART|",
                "1700000060|NONE|NONE|NONE|CONFIGRELOAD|",
            ]
        ),
    )
    call = bus.interactions["1.1"].state
    assert [(visit.end, visit.ended_ms) for visit in call.visits] == [("unknown", 1_700_000_050_000)]
    assert result.to_json()["visits"] == {"closed": 12, "unknown": 1}
    assert [(span.from_ms, span.until_ms) for span in stretches(bus.people["Agent/1"]).values()] == [(1_700_000_001_000, 1_700_000_050_000)]


def test_progress_is_reported_in_bytes_and_lines(tmp_path: Path) -> None:
    steps: list[tuple[int, int, int]] = []
    table = as_csv(as_table(DAY))
    import_texts(tmp_path, DAY, table, progress=lambda *step: steps.append(step))
    assert steps == sorted(steps)
    total = len(DAY.encode()) + len(table.encode())
    assert steps[-1] == (total, total, 28)


# Members

MEMBERS = "interface;name\nPJSIP/1001;Ana\n\n PJSIP/1002 ; Bia\n"


@pytest.mark.parametrize("content", [MEMBERS.encode(), b"\xef\xbb\xbf" + MEMBERS.encode(), b"PJSIP/1001;Ana\r\nPJSIP/1002;Bia"])
def test_a_list_of_members_joins_interface_and_name(tmp_path: Path, content: bytes) -> None:
    members = tmp_path / "members.csv"
    members.write_bytes(content)
    (tmp_path / "log").mkdir()
    bus, result = import_texts(tmp_path / "log", DAY, members=members)
    assert bus.matches == [("PJSIP/1001", "Ana"), ("PJSIP/1002", "Bia")]
    assert result.interfaces_not_matched == []
    assert set(bus.people) == {"Ana", "Bia"}


def test_a_list_of_members_in_windows_1252(tmp_path: Path) -> None:
    members = tmp_path / "members.csv"
    members.write_bytes("PJSIP/1001;Cláudia Araújo\n".encode("cp1252"))
    (tmp_path / "log").mkdir()
    bus, result = import_texts(tmp_path / "log", DAY, members=members)
    assert bus.matches == [("PJSIP/1001", "Cláudia Araújo")]
    assert result.interfaces_not_matched == ["PJSIP/1002"]


@pytest.mark.parametrize("content", ["PJSIP/1001,Ana\n", "PJSIP/1001;\n", "PJSIP/1001;Ana\n;Bia\n"])
def test_a_file_that_is_no_list_of_members_is_refused_before_any_observation(tmp_path: Path, content: str) -> None:
    members = tmp_path / "members.csv"
    members.write_text(content)
    (tmp_path / "log").mkdir()
    bus = RecordingBus()
    with pytest.raises(NotAMemberList, match="expected interface;name"):
        import_texts(tmp_path / "log", DAY, bus=bus, members=members)
    assert bus.commands == 0


def test_an_interface_that_was_matched_before_is_not_reported(tmp_path: Path) -> None:
    bus = RecordingBus(members={"PJSIP/1001": "Ana"})
    _, result = import_texts(tmp_path, DAY, bus=bus)
    assert result.interfaces_not_matched == ["PJSIP/1002"]


def test_an_interface_that_answers_is_an_agent(tmp_path: Path) -> None:
    _, result = import_texts(tmp_path, DAY.replace("|Ana|", "|PJSIP/1001|"))
    assert result.interfaces_not_matched == ["PJSIP/1002"]


# Any order


def days(bus: RecordingBus) -> dict[str, list[tuple[str, int, int | None, str]]]:
    """Sessions and pauses, without the lines that proved them."""
    return {
        name: sorted((span.kind, span.from_ms, span.until_ms, span.reason) for span in stretches(agent).values())
        for name, agent in bus.people.items()
    }


def test_two_overlapping_halves_of_a_table_in_random_order_give_the_same_as_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    (tmp_path / "halves").mkdir()
    file, expected = import_texts(tmp_path / "file", DAY)
    rows = as_table(DAY)
    first, second = rows[:9], rows[4:]
    random.Random(8).shuffle(first)
    random.Random(9).shuffle(second)
    halves, result = import_texts(tmp_path / "halves", as_csv(second), as_csv(first))
    assert {name: interaction.state for name, interaction in halves.interactions.items()} == {
        name: interaction.state for name, interaction in file.interactions.items()
    }
    assert days(halves) == days(file)
    assert result.used == expected.used
    assert result.repeated == 5
