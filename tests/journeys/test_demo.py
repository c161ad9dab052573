"""`atende demo` for a new user: history at once, then growing figures, until Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.command_line import ATENDE, DEADLINE_S, CommandLine, until

SHORT = """
import sys
from functools import partial
from cli import main
from imports import simulation
simulation.HOURS = 2
simulation.sleepless_center = partial(simulation.sleepless_center, 4.0)
sys.argv = ["atende", *sys.argv[1:]]
main.main()
"""
"""The demo with two hours of history instead of a week, and four times as many calls."""


class Demo:
    """A running demo, with its user logged in."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        printed = ""
        while "Senha" not in printed:
            printed += self.line()
        login = re.search(r"Atende +(\S+).*\nE-mail +(\S+)\nSenha +(\S+)", printed)
        assert login is not None
        self._url = login[1]
        answer = httpx.post(f"{self._url}/v1/auth/login", json={"email": login[2], "password": login[3]})
        assert answer.status_code == 200
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "it has ended"
        return line.rstrip() + "\n"

    def get(self, path: str) -> Any:
        answer = httpx.get(self._url + path, headers=self._headers)
        assert answer.status_code == 200
        return answer.json()

    def offered(self) -> int:
        counted: int = self.get("/v1/dashboards/inbound")["totals"]["offered"]
        return counted

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=DEADLINE_S)
        assert self.process.returncode == 0, err
        assert "Traceback" not in err


@contextmanager
def demonstrating(directory: Path, *command: str | Path) -> Iterator[Demo]:
    """Run the demo in its own process, with temporary files in `directory`."""
    process = subprocess.Popen(
        [sys.executable, *command, "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"TMPDIR": str(directory), "PYTHONWARNINGS": "error", "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Demo(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def grows(figure: Callable[[], int]) -> Callable[[], bool]:
    before = figure()
    return lambda: figure() > before


def test_the_demo_has_history_and_continues_until_ctrl_c(tmp_path: Path) -> None:
    with demonstrating(tmp_path, "-c", SHORT) as demo:
        assert demo.offered() > 100
        (directory,) = tmp_path.glob("atende-demo-*")
        assert int(CommandLine(directory)("verify").out.split()[0]) > 1_000
        until(grows(lambda: int(demo.get("/v1/dashboards/inbound")["as_of"])), "went on")
        until(grows(demo.offered), "had another call")
        demo.interrupt()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_demo_has_a_week_of_history_and_a_live_table(tmp_path: Path) -> None:
    with demonstrating(tmp_path, ATENDE) as demo:
        assert demo.offered() > 5_000
        table = "".join(iter(demo.line, "Agentes\n"))
        assert all(queue in table for queue in ("Cobrança", "Retenção", "Suporte", "Vendas"))
        until(grows(lambda: int(demo.get("/v1/dashboards/inbound")["as_of"])), "went on")
        demo.interrupt()


def test_a_demo_needs_a_new_directory(atende: CommandLine) -> None:
    with atende.serving():
        pass
    assert "a demo wants a fresh one" in atende("demo", "--data", atende.data, status=2).err
