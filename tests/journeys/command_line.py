"""Runs the console script `atende` as an operator does, in its own process."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from cli.main import main
from tests.kit.distributed import ATENDE, Deployment, apart

__all__ = ["ATENDE", "CommandLine", "Quick", "until"]

DEADLINE_S = 120
WARNINGS = (
    "error",
    *(f"ignore::DeprecationWarning:{name}" for name in ("kafka.protocol.schemas.load_json", "importlib.resources._legacy")),
)
"""Warnings are errors, except for two about the standard library in dependencies."""

_SERVES = re.compile(r"at (http://\S+)")


@dataclass(frozen=True)
class Ran:
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed as one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Server:
    """A running `atende serve`."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        """Kill it without a chance to clean up, like a power cut."""
        self.process.kill()
        self.process.wait(DEADLINE_S)


class CommandLine:
    """`atende` with a data directory or, with more settings, with servers."""

    def __init__(self, data: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.settings = {"ATENDE_DATA": str(data), **(settings or {})}

    @classmethod
    def over(cls, deployment: Deployment) -> Self:
        """The command line of a deployment on servers."""
        return cls(deployment.folder / "none", {**deployment.settings, "ATENDE_DATA": str(deployment.folder / "none")})

    @property
    def on_servers(self) -> bool:
        """Whether it uses servers instead of a data directory."""
        return self.settings.get("ATENDE_MODE") == "distributed"

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start a command. The caller must end it."""
        environment = {**apart(), **self.settings, "PYTHONWARNINGS": ",".join(WARNINGS), "COLUMNS": "100"}
        return subprocess.Popen(
            [sys.executable, str(ATENDE), *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )

    def __call__(self, *words: str | Path, stdin: str | bytes = "", status: int = 0) -> Ran:
        """Run a command to its end. Its exit status must be `status`."""
        process = self.start(*words)
        if isinstance(stdin, bytes):
            assert process.stdin is not None
            process.stdin.buffer.write(stdin)
            stdin = ""
        try:
            out, err = process.communicate(stdin, DEADLINE_S)
        finally:
            process.kill()
        assert process.returncode == status, f"exit status {process.returncode}\n{out}\n{err}"
        return Ran(process.returncode, out, err)

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """Run `atende serve` during the block, and stop it with SIGTERM unless it was killed."""
        process = self.start("serve", "--port", "0")
        assert process.stderr is not None
        with process, ThreadPoolExecutor(1) as reading:
            try:
                url = url_of(process)
                # A server whose log nobody reads waits for its reader.
                log = reading.submit(process.stderr.read)
                yield Server(process, url)
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                process.wait(timeout=DEADLINE_S)
            assert process.returncode in (0, -signal.SIGKILL), log.result()


class Quick(CommandLine):
    """The same commands, run by `main` in this process, which is faster than a new one. It needs a running server or servers."""

    def __call__(self, *words: str | Path, stdin: str | bytes = "", status: int = 0) -> Ran:
        assert not stdin
        out, err = io.StringIO(), io.StringIO()
        mask = os.umask(0)
        ran = 0
        words_of = patch.object(sys, "argv", ["atende", *map(str, words)])
        with redirect_stdout(out), redirect_stderr(err), patch.dict(os.environ, {**apart(), **self.settings}, clear=True), words_of:
            try:
                main()
            except SystemExit as ended:
                ran = ended.code if isinstance(ended.code, int) else 1
        os.umask(mask)
        assert ran == status, f"exit status {ran}\n{out.getvalue()}\n{err.getvalue()}"
        return Ran(ran, out.getvalue(), err.getvalue())


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    printed = ""
    while line := process.stderr.readline():
        printed += line
        if found := _SERVES.search(line):
            return found[1]
    raise AssertionError(f"it does not serve: {printed}")


def until(condition: Any, what: str) -> None:
    """Wait until `condition()` holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(0.02)
