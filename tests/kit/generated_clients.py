"""The clients as `make clients` makes them, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

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


@contextmanager
def compiled(texts: Sequence[str]) -> Iterator[list[Path]]:
    """Programs in TypeScript, compiled as strictly as the client, until the block ends."""
    make_clients()
    # Within the package, so that its own name and Node's types are found.
    (TYPESCRIPT / ".examples").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=TYPESCRIPT / ".examples") as name:
        directory = Path(name)
        for number, text in enumerate(texts):
            (directory / f"example{number}.mts").write_text(text)
        options = {"noEmit": False, "rootDir": ".", "outDir": "out", "declaration": False, "types": ["node"]}
        own = directory / "tsconfig.json"
        own.write_text(json.dumps({"extends": str(TYPESCRIPT / "tsconfig.json"), "compilerOptions": options, "include": ["*.mts"]}))
        run([str(node_directory() / "node"), "node_modules/.bin/tsc", "--project", str(own)], {})
        yield [directory / "out" / f"example{number}.mjs" for number in range(len(texts))]


def run(words: list[str], env: dict[str, str], directory: Path = TYPESCRIPT) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(words, cwd=directory, env=os.environ | env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout
