"""A data directory on a medium that cannot be written to: the log can be proved and the keys be copied, or one line says why not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap import open_center
from commands.companies import RegisterCompany
from tests.journeys.command_line import CommandLine
from tests.kit.http import operator
from tests.kit.small_disk import SmallDisk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "medium") as mounted:
        yield mounted


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_center(tmp_path / "data") as center:
        center.bus.execute(RegisterCompany(name="Empresa"), operator("Empresa"))
    return tmp_path / "data"


def test_verify_and_backup_keys_work_on_it(data: Path, disk: SmallDisk, tmp_path: Path) -> None:
    shutil.copytree(data, disk.path / "data")
    disk.make_read_only()
    atende = CommandLine(disk.path / "data")
    assert atende("verify").out == "1 events proved\n"
    assert "has the keys of the log up to" in atende("backup-keys", tmp_path / "keys.backup").out
    for words in (("report", "queues"), ("backup-keys", disk.path / "keys.backup")):
        refused = atende(*words, status=2)
        assert (refused.out, refused.err.count("\n")) == ("", 1)
        assert "Read-only file system" in refused.err


def test_changes_that_are_only_in_the_write_ahead_log_are_not_overlooked(data: Path, disk: SmallDisk, tmp_path: Path) -> None:
    with open_center(data) as center:
        center.bus.execute(RegisterCompany(name="Outra"), operator("Outra"))
        for name in ("events.db", "events.db-wal", "keys.db", "head", "master.key"):
            (disk.path / "data").mkdir(exist_ok=True)
            shutil.copy(data / name, disk.path / "data" / name)
    disk.make_read_only()
    refused = CommandLine(disk.path / "data")("verify", status=2)
    assert (refused.out, refused.err.count("\n")) == ("", 1)
    assert "events.db-wal" in refused.err
