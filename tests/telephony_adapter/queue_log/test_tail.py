"""The end of a queue log: exactly the whole lines since an instant, and from when on they are all there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base import SECOND
from telephony_adapter.queue_log import tail as module
from telephony_adapter.queue_log.tail import tail


def line(at: int, text: str = "x") -> str:
    return f"{at}|call|queue|NONE|{text}|\n"


def read(path: Path, since_s: int) -> tuple[str, int | None]:
    with tail(path, since_s * SECOND) as found:
        return found.path.read_text(), None if found.since_us is None else found.since_us // SECOND


@given(st.lists(st.tuples(st.integers(1000, 1050), st.integers(0, 90)), max_size=60), st.integers(995, 1055), st.integers(60, 200))
def test_it_has_every_line_since_then_and_no_other(tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[int, int]], since: int, block: int) -> None:  # fmt: skip
    written = [(at, line(at, "y" * length)) for at, length in sorted(lines)]
    path = tmp_path_factory.mktemp("log") / "queue_log"
    path.write_text("".join(text for _, text in written))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        found, complete = read(path, since)
    assert found == "".join(text for at, text in written if at >= since)
    if not written:
        assert complete is None
    elif written[0][0] < since:
        assert complete == since
    else:
        assert complete == written[0][0]


def test_a_line_that_is_being_written_is_left_for_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(line(1000) + line(1001) + "1002|call|que")
    assert read(path, 1001) == (line(1001), 1001)


def test_a_log_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), tail(tmp_path / "none", 0):
        pass
