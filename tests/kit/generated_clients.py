"""The clients as `make clients` makes them, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from services.node import node_directory
from tests.kit.compose import ROOT
from tests.kit.servers import CI

CLIENTS = ROOT / "clients"
TYPESCRIPT = CLIENTS / "typescript"
PYTHON = CLIENTS / "python"


@cache
def _made() -> str:
    done = subprocess.run([sys.executable, CLIENTS / "generate.py"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def make_clients() -> None:
    """Generate and compile the clients, if they are not current. Without the npm registry the test is skipped; in CI it fails."""
    if why := _made():
        if " ci " in why.partition("\n")[0] and not os.environ.get(CI):
            pytest.skip(f"the packages of clients/typescript cannot be installed: {why}")
        pytest.fail(why)


def run_node(script: Path, env: dict[str, str]) -> str:
    """What a compiled script prints; it must end well."""
    return run([str(node_directory() / "node"), str(script)], env)


def run(words: list[str], env: dict[str, str], directory: Path = TYPESCRIPT) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(words, cwd=directory, env=os.environ | env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout
