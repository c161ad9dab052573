"""The Asterisk of development: where it comes from, and its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from services import asterisk
from services.asterisk import Asterisk
from services.server import DoesNotRun


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("debian.sources", "Types: deb\n# URIs: no\nURIs: http://mirror.example/debian\nSuites: bookworm\n"),
        ("sources.list", "# a comment\ndeb [signed-by=/x.gpg] http://mirror.example/debian bookworm main\n"),
    ],
)
def test_it_comes_from_the_mirror_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    (tmp_path / "other.list").write_text("deb https://packages.example/cloud cloud main\n")
    monkeypatch.setattr(asterisk, "_SOURCES", (tmp_path,))
    assert asterisk._mirror() == "http://mirror.example/debian"


def test_without_a_mirror_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "_SOURCES", (tmp_path, tmp_path / "none"))
    with pytest.raises(DoesNotRun, match="no mirror"):
        asterisk._mirror()


def test_every_file_of_its_configuration_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "ROOT", tmp_path / "root")
    monkeypatch.setattr(Asterisk, "ports", [1, 2, 3, 4, 5])
    server = Asterisk(tmp_path, "0123456789abcdef")
    for name in ("pbx", "world"):
        server._configure(name)
    written = list((tmp_path / "root").rglob("etc/*.conf"))
    assert {file.name for file in written} >= {"pjsip.conf", "queues.conf", "extensions.conf", "manager.conf", "asterisk.conf"}
    assert [file for file in written if "%" in file.read_text()] == []
    assert {file.stat().st_mode & 0o777 for file in written} == {0o600}


def test_it_starts_without_members_or_calls_of_a_run_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "ROOT", tmp_path / "root")
    monkeypatch.setattr(asterisk, "_is_there", lambda: True)
    monkeypatch.setattr(Asterisk, "ports", [1, 2, 3, 4, 5])
    monkeypatch.setattr(Asterisk, "launch_world", lambda self: None)
    monkeypatch.setattr(Asterisk, "launch_pbx", lambda self: self._configure("pbx"))
    server = Asterisk(tmp_path, "0123456789abcdef")
    (tmp_path / "root" / "etc").mkdir(parents=True)
    server.launch()
    kept = [server.queue_log, server.queue_log.parents[1] / "lib" / "astdb.sqlite3"]
    for file in kept:
        file.write_text("x")
    server.launch_pbx()
    assert all(file.exists() for file in kept)
    server.launch()
    assert not any(file.exists() for file in kept)
