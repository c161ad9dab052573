"""`asterisk run` and `asterisk check`: what they refuse, and what the operator reads."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bootstrap import Embedded
from cli.asterisk import check, following, run
from cli.console import PIPE_WIDTH, Mistake
from cli.exit_status import REFUSED
from settings import Asterisk, Settings
from tests.kit.ports import closed_port


class Paper:
    """A console that keeps what is written."""

    width = PIPE_WIDTH

    def __init__(self) -> None:
        self.text = ""

    def out(self, text: str) -> None:
        self.text += text

    def warn(self, text: str) -> None:
        self.text += text

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Nothing."""


def test_in_a_data_directory_there_is_no_process_of_its_own() -> None:
    with pytest.raises(Mistake, match="`atende serve` follows"):
        run(Settings(), None, Paper())


@pytest.mark.parametrize("ask", [lambda: run(Settings(mode="distributed"), None, Paper()), lambda: check(Settings(), Paper(), 0)])
def test_without_the_setting_it_says_so(ask) -> None:
    with pytest.raises(Mistake, match="names no Asterisk"):
        ask()


def test_two_asterisks_that_turn_out_to_be_of_one_company_need_systemnames(tmp_path: Path) -> None:
    one, other = Asterisk("pbx1", "u", "s"), Asterisk("pbx2", "u", "s", company="Empresa")
    with (
        closing(Embedded(tmp_path / "data", Settings())) as center,
        pytest.raises(Mistake, match="systemname"),
        following(center, Settings(asterisks=(one, other))),
    ):
        pass


def test_a_check_shows_what_is_missing_and_where_it_goes(tmp_path: Path) -> None:
    paper = Paper()
    log = tmp_path / "queue_log"
    log.write_text("")
    with closed_port() as port:
        assert check(Settings(asterisks=(Asterisk("127.0.0.1", "atende", "very-secret", port, queue_log=log),)), paper, 0) == REFUSED
    assert "missing" in paper.text
    assert "manager.conf: enabled = yes" in paper.text
    assert "logger.conf: queue_log = yes" in paper.text
    assert "very-secret" not in paper.text
