"""A terminal obeys no text of the center: control characters are shown, whoever has put them there."""

from __future__ import annotations

import pytest

from cli.console import terminal
from cli.listing import listing

CLEARS = "\x1b[2J\x9b2J\u202e"
SHOWN = r"\x1b[2J\x9b2J\u202e"


def test_a_notice_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as console:
        console.warn(f"a.log: line 1: no instant: {CLEARS}\nb.log")
    assert capsys.readouterr().err == f"a.log: line 1: no instant: {SHOWN}\nb.log\n"


def test_a_row_of_a_list_is_shown_and_not_obeyed() -> None:
    assert SHOWN in listing([{"reason": CLEARS}], 80)
