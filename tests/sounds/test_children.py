"""A program that makes sound ends with the process that waits for it."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sounds import children
from sounds.conversion import NotAudio, in_telephone_quality
from tests.kit.http import TimedCenter
from tests.kit.waiting import DEADLINE_S, within

FOR_EVER = (sys.executable, "-c", "while True: pass")


def test_a_decoder_that_runs_is_ended_when_the_center_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sounds.conversion._DECODER", FOR_EVER)
    center = TimedCenter(tmp_path / "data")
    assert center.sounds is not None
    with ThreadPoolExecutor(1) as thread:
        decoding = thread.submit(in_telephone_quality, b"RIFF")
        within(lambda: children._running)
        center.stop()
        with pytest.raises(NotAudio):
            decoding.result(DEADLINE_S)
    center.close()


def test_a_program_gets_its_input_and_gives_its_output() -> None:
    echo = (sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.exit(3)")
    done = children.run(echo, b"x" * (1 << 20), DEADLINE_S)
    assert (done.returncode, done.stdout) == (3, b"x" * (1 << 20))
    assert not children._running
