"""A dump is known by its beginning; only then is what reads it imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from telephony_adapter.queue_log.dump_detection import is_dump


@pytest.mark.parametrize(
    "start",
    [
        b"-- MySQL dump 10.13\n", b"-- MariaDB dump\n", b"--\n-- PostgreSQL database dump\n--\n", b"PRAGMA foreign_keys=OFF;\n",
        b"INSERT INTO `queue_log` VALUES (1,'a');\n", b"\nREPLACE INTO queuelog VALUES (1);\n", b"COPY public.queue_log (id) FROM stdin;\n",
    ],
)  # fmt: skip
def test_a_dump_is_known_by_its_beginning(start: bytes) -> None:
    assert is_dump(start)


@pytest.mark.parametrize("start", [b"", b"1700000000|1.1|vendas|NONE|ENTERQUEUE||21|1\n", b"time,callid,queuename,agent,event,data\n"])
def test_logs_and_tables_are_no_dumps(start: bytes) -> None:
    assert not is_dump(start)


def test_the_library_that_reads_dumps_is_imported_for_a_dump_alone() -> None:
    code = "import sys, cli.imports; sys.exit('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
