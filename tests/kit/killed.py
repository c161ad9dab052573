"""A child process that executes commands, writes what was acknowledged, and is killed at a random moment."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]


def killed(module: str, directory: Path, seed: int, *, least: int = 5, most: int = 400, within_s: float = 0.005) -> list[str]:
    """The complete lines that `python -m module directory seed` wrote until it got SIGKILL.

    The moment comes after some lines (`least` to `most`) and a little more time (up to `within_s`), so that it hits any step:
    deciding, writing, waiting for the disk, starting up.
    """
    chance = random.Random(seed)
    lines_before, moment = chance.randint(least, most), chance.random() * within_s
    child = subprocess.Popen(
        [sys.executable, "-m", module, str(directory), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout is not None
    with child, child.stdout:
        lines = _take(child.stdout, lines_before)
        assert len(lines) == lines_before, f"the child ended by itself: {child.wait()}"
        killer = threading.Timer(moment, child.kill)
        killer.start()
        # Read to the end of the pipe: the last lines were acknowledged too.
        lines += child.stdout.readlines()
        killer.join()
    return [line[:-1] for line in lines if line.endswith("\n")]


def _take(lines: IO[str], count: int) -> list[str]:
    taken: list[str] = []
    for line in lines:
        taken.append(line)
        if len(taken) == count:
            break
    return taken
