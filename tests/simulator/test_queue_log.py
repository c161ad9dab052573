"""The queue_log of the simulated center: lines in exactly Asterisk's form, and figures that a recount of the lines confirms."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.queue_log import write_queue_log

NUMBER = r"\d+"
FIELDS = {
    "QUEUESTART": "",
    "CONFIGRELOAD": "",
    "ENTERQUEUE": rf"\|{NUMBER}\|{NUMBER}",
    "CONNECT": rf"{NUMBER}\|\d{{10}}\.{NUMBER}\|{NUMBER}",
    "COMPLETEAGENT": rf"{NUMBER}\|{NUMBER}\|{NUMBER}",
    "COMPLETECALLER": rf"{NUMBER}\|{NUMBER}\|{NUMBER}",
    "BLINDTRANSFER": rf"\d{{3}}\|ramais\|{NUMBER}\|{NUMBER}\|{NUMBER}",
    "ABANDON": rf"{NUMBER}\|{NUMBER}\|{NUMBER}",
    "EXITWITHTIMEOUT": rf"{NUMBER}\|{NUMBER}\|{NUMBER}",
    "EXITWITHKEY": rf"9\|{NUMBER}\|{NUMBER}\|{NUMBER}",
    "EXITEMPTY": rf"{NUMBER}\|{NUMBER}\|{NUMBER}",
    "WITHDRAW": rf"{NUMBER}\|{NUMBER}\|{NUMBER}\|",
    "JOINEMPTY": "",
    "RINGNOANSWER": NUMBER,
    "RINGCANCELED": NUMBER,
    "ADDMEMBER": "",
    "REMOVEMEMBER": "",
    "PAUSEALL": r"[^|]+",
    "PAUSE": r"[^|]+",
    "UNPAUSEALL": "",
    "UNPAUSE": "",
}
ENDS = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timed_out",
    "EXITWITHKEY": "left_by_key",
    "EXITEMPTY": "closed",
    "WITHDRAW": "transferred_out",
}
LINES = 30_000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    path = tmp_path_factory.mktemp("log") / "queue_log"
    return path, write_queue_log(path, seed=42, lines=LINES, scale=2.0)


def lines_of(path: Path) -> Iterator[tuple[int, str, str, str, str, list[str]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        at, call, queue, agent, verb, *data = line.split("|")
        yield int(at), call, queue, agent, verb, data


def test_the_log_has_exactly_the_requested_number_of_lines_in_asterisks_form(written: tuple[Path, dict[str, Any]]) -> None:
    path, figures = written
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == LINES
    seen = Counter(line.split("|")[4] for line in lines)
    assert dict(seen) == figures["lines"]
    assert set(seen) == set(FIELDS), "every verb that the simulator writes"
    form = {verb: re.compile(rf"\d{{10}}\|[^|]+\|[^|]+\|[^|]+\|{verb}\|{fields}") for verb, fields in FIELDS.items()}
    assert [line for line in lines if not form[line.split("|")[4]].fullmatch(line)] == []


def test_instants_never_go_back_and_durations_are_their_differences(written: tuple[Path, dict[str, Any]]) -> None:
    entered: dict[str, int] = {}
    connected: dict[str, int] = {}
    before = 0
    for at, call, _, _, verb, data in lines_of(written[0]):
        assert at >= before
        before = at
        if verb == "ENTERQUEUE":
            entered[call] = at
        elif verb == "CONNECT":
            assert int(data[0]) == at - entered.pop(call)
            connected[call] = at
        elif verb in ("COMPLETEAGENT", "COMPLETECALLER"):
            assert int(data[1]) == at - connected.pop(call)
        elif verb == "BLINDTRANSFER":
            assert int(data[3]) == at - connected.pop(call)
        elif verb in ENDS:
            assert int(data[-2] if verb == "WITHDRAW" else data[-1]) == at - entered.pop(call)
    assert not entered
    assert not connected


def test_the_figures_are_those_of_a_recount(written: tuple[Path, dict[str, Any]]) -> None:
    path, figures = written
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    waits: dict[str, list[int]] = defaultdict(list)
    rung: Counter[str] = Counter()
    talked: Counter[str] = Counter()
    calls = set()
    for _, call, queue, agent, verb, data in lines_of(path):
        if verb in ("ENTERQUEUE", "JOINEMPTY"):
            counted[queue]["offered"] += 1
            counted[queue]["closed"] += verb == "JOINEMPTY"
            calls.add(call)
        elif verb in ENDS:
            counted[queue][ENDS[verb]] += 1
        if verb == "CONNECT":
            counted[queue]["answered_within_sla"] += int(data[0]) <= 20
            waits[queue].append(int(data[0]))
        rung[agent] += verb == "RINGNOANSWER"
        if verb.startswith("COMPLETE"):
            talked[agent] += int(data[1])
        elif verb == "BLINDTRANSFER":
            talked[agent] += int(data[3])
    assert figures["calls"] == len(calls)
    for queue, counts in counted.items():
        true = figures["queues"][queue]
        assert {name: true[name] for name in counts} == counts
        assert true["waiting"] == true["unknown"] == 0
        assert true["offered"] == sum(
            true[end] for end in ("answered", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed")
        )
        assert abs(true["asa_ms"] - 1000 * sum(waits[queue]) / len(waits[queue])) <= 0.5
        assert true["msa_ms"] == 1000 * max(waits[queue])
    for agent, true in figures["agents"].items():
        assert (true["ring_no_answer"], true["talk_ms"]) == (rung[agent], 1000 * talked[agent])
        assert true["paused_ms"] <= true["logged_ms"]


_SCRIPT = """
import sys
from pathlib import Path
from simulator.queue_log import write_queue_log
write_queue_log(Path(sys.argv[1]), seed=42, lines=30_000, scale=2.0)
"""


def test_another_process_writes_the_same_bytes(written: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(again)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert again.read_bytes() == written[0].read_bytes()


def test_a_compressed_log_has_the_same_lines(tmp_path: Path) -> None:
    plain = write_queue_log(tmp_path / "queue_log", seed=1, lines=3_000, scale=1.0)
    packed = write_queue_log(tmp_path / "queue_log.gz", seed=1, lines=3_000, scale=1.0)
    assert packed == plain
    assert gzip.decompress((tmp_path / "queue_log.gz").read_bytes()) == (tmp_path / "queue_log").read_bytes()


def test_a_log_too_short_for_the_center_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too few"):
        write_queue_log(tmp_path / "queue_log", seed=1, lines=700, scale=1.0)
