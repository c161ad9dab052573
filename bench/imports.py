"""Imports by the command line, beside bare Python that reads the same file and saves the same events."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import absolute, compared, in_turns, spread
from simulator.queue_log import write_queue_log

CAPTURE = Path(__file__).parents[1] / "tests/data/captures/run-b/ami.timed.jsonl.gz"
ATENDE = [sys.executable, "-c", "from cli.main import main; main()"]
SEED = 2026
SAVED_AT_ONCE = 500


@dataclass(frozen=True)
class Ran:
    """A process that has ended. peak_mb: its peak memory; said: its JSON output."""

    seconds: float
    peak_mb: float
    said: dict[str, Any]


def run(*words: str) -> Ran:
    """Run one command of `atende` in its own process. Raises RuntimeError if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([*ATENDE, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"atende {' '.join(words)} ended with {process.returncode}")
    return Ran(seconds, usage.ru_maxrss / 1024, json.loads(said))


def ami_capture(quick: bool) -> dict[str, Any]:
    """Seconds to import a recorded AMI stream of 73 calls (run-b) into an empty directory, from the start of the process to its end."""
    with TemporaryDirectory(prefix="bench-") as name:
        data = Path(name, "data")

        def ours() -> float:
            shutil.rmtree(data, ignore_errors=True)
            return run("import", "ami", str(CAPTURE), "--data", str(data), "--json").seconds

        ours()
        kept = Path(name, "kept.db")
        shutil.copy(data / "events.db", kept)
        mine, bare = in_turns(3 if quick else 5, ours, lambda: _bare_ami(kept, Path(name)))
    return {**absolute("s", mine, aim=3, more_is_better=False), "raw": spread(bare)}


def _bare_ami(kept: Path, directory: Path) -> float:
    """Parse the headers of every packet and save the events of the import in one transaction."""
    started = time.perf_counter()
    with gzip.open(CAPTURE, "rt", encoding="utf-8") as capture:
        packets = [dict(header.partition(": ")[::2] for header in (json.loads(line)["raw"] or "").split("\r\n")) for line in capture]
    assert packets
    _save(kept, directory / "raw.db", at_once=1_000_000)
    return time.perf_counter() - started


def queue_log(quick: bool) -> dict[str, Any]:
    """Seconds to import a simulated queue_log of a million lines into an empty directory. The reported figures must be the simulated ones."""
    lines = 50_000 if quick else 1_000_000
    with TemporaryDirectory(prefix="bench-") as name:
        part, whole = Path(name, "part"), Path(name, "whole")
        started = time.perf_counter()
        truth = write_queue_log(whole, SEED, lines)
        writing = time.perf_counter() - started
        write_queue_log(part, SEED, lines // 4)
        small = run("import", "queue-log", str(part), "--data", str(Path(name, "small")), "--json")
        data = Path(name, "data")
        runs = []
        for _ in range(1 if quick else 2):
            shutil.rmtree(data, ignore_errors=True)
            runs.append(run("import", "queue-log", str(whole), "--data", str(data), "--json"))
        reported = run("report", "queues", "--by", "queue", "--format", "json", "--data", str(data)).said["items"]
        bare = [_bare_log(whole, data / "events.db", Path(name)) for _ in runs]
    return {
        **compared("s", [ran.seconds for ran in runs], bare, aim=4, more_is_better=False),
        "lines": lines,
        "lines_a_second": spread([lines / ran.seconds for ran in runs]),
        "peak_mb": absolute("MB", [ran.peak_mb for ran in runs], aim=700, more_is_better=False),
        "peak_mb_of_a_quarter_of_the_lines": round(small.peak_mb),
        "writing_the_log_s": round(writing, 1),
        "figures_are_true": _true(reported, truth["queues"]),
    }


def _true(rows: list[dict[str, Any]], truth: dict[str, dict[str, Any]]) -> bool:
    """Whether the report has the simulated figures."""
    by_queue = {row["queue"]: row for row in rows}
    return by_queue.keys() == truth.keys() and all(
        by_queue[queue][figure] == value for queue, figures in truth.items() for figure, value in figures.items()
    )


def _bare_log(log: Path, kept: Path, directory: Path) -> float:
    """Split every line and save the events of the import, with as many in a transaction as the import has."""
    started = time.perf_counter()
    with log.open(encoding="utf-8") as lines:
        fields = sum(len(line.split("|")) for line in lines)
    assert fields
    _save(kept, directory / "raw.db", SAVED_AT_ONCE)
    return time.perf_counter() - started


def _save(kept: Path, path: Path, at_once: int) -> None:
    """Copy the rows of a log into a new table, `at_once` in a transaction, with the durability of the store."""
    path.unlink(missing_ok=True)
    source, target = sqlite3.connect(kept), sqlite3.connect(path, isolation_level=None)
    target.execute("PRAGMA journal_mode = WAL")
    target.execute("PRAGMA synchronous = FULL")
    target.execute(
        "CREATE TABLE events (position INTEGER PRIMARY KEY, id BLOB, version INTEGER, topic TEXT, state BLOB, hash BLOB, UNIQUE (id, version))"
    )
    rows = source.execute("SELECT * FROM stored_events")
    while some := rows.fetchmany(at_once):
        target.execute("BEGIN IMMEDIATE")
        target.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", some)
        target.execute("COMMIT")
    source.close()
    target.close()
