"""A terminal obeys no text of the center: control characters are shown, whoever has put them there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from rich.console import Console as Screen

from cli.console import Mistake, terminal
from cli.listing import listing
from cli.live_table import _QUEUES, _table
from cli.main import main

CLEARS = "\x1b[2J\x9b2J\u202e"
SHOWN = r"\x1b[2J\x9b2J\u202e"


def test_a_notice_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as console:
        console.warn(f"a.log: line 1: no instant: {CLEARS}\nb.log")
    assert capsys.readouterr().err == f"a.log: line 1: no instant: {SHOWN}\nb.log\n"


def test_a_result_is_shown_and_not_obeyed_and_stays_a_file_with_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as console:
        console.out(f"\ufeffFila;Nota\r\nVendas\u00a0Sul;{CLEARS}\tà\rb\n")
    assert capsys.readouterr().out == f"\ufeffFila;Nota\r\nVendas\u00a0Sul;{SHOWN}\tà\\rb\n"


def test_the_live_table_shows_a_name_as_it_is_written() -> None:
    queue = {"queue": f"[red]{CLEARS}"} | dict.fromkeys(_QUEUES)
    screen = Screen(width=200, highlight=False)
    with screen.capture() as shown:
        screen.print(_table(datetime.now(UTC), {"queues": [queue], "agents": Counter(), "as_of": 1}))
    assert f"[red]{SHOWN}" in shown.get()


def test_a_mistake_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken() -> None:
        raise Mistake(f"no queue is called {CLEARS}")

    monkeypatch.setattr("cli.main.app", mistaken)
    monkeypatch.setattr("cli.main.os.umask", lambda _: 0)
    monkeypatch.setattr("cli.main.gc.set_threshold", lambda *_: None)
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == f"no queue is called {SHOWN}\n"


def test_a_row_of_a_list_is_shown_and_not_obeyed() -> None:
    assert SHOWN in listing([{"reason": CLEARS}], 80)
