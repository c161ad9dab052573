"""A program that makes sound ends with the process that waits for it."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from domain.ivr_settings import Message
from sounds.children import Children, Stopping
from tests.kit.agi import silence
from tests.kit.http import TimedCenter
from tests.kit.waiting import DEADLINE_S, within

FOR_EVER = (sys.executable, "-c", "while True: pass")
TENANT = UUID(int=1)


def test_a_decoder_that_runs_is_ended_when_the_center_stops_and_no_other_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sounds.conversion._DECODER", FOR_EVER)
    center = TimedCenter(tmp_path / "data")
    with ThreadPoolExecutor(1) as thread:
        decoding = thread.submit(center.sounds.keep, TENANT, b"RIFF")
        within(lambda: center.sound_programs._running)
        center.stop()
        # Nothing is wrong with the file, and nobody is told so.
        with pytest.raises(Stopping):
            decoding.result(DEADLINE_S)
    monkeypatch.undo()
    with pytest.raises(Stopping):
        center.sounds.keep(TENANT, silence(0.1))
    with pytest.raises(Stopping):
        center.sounds.heard(TENANT, Message(text="Olá"))
    center.close()


def test_a_program_gets_its_input_and_gives_its_output() -> None:
    echo = (sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.exit(3)")
    children = Children()
    done = children.run(echo, b"x" * (1 << 20), DEADLINE_S)
    assert (done.returncode, done.stdout) == (3, b"x" * (1 << 20))
    assert not children._running
