"""The README names every command and every setting, and no other."""

from __future__ import annotations

import re

import typer

import settings
from cli.main import app
from tests.kit.compose import ROOT

TEXT = (ROOT / "README.md").read_text()


def test_the_readme_has_every_command() -> None:
    named = {found[1] for found in re.finditer(r"^atende ([a-z-]+)", TEXT, re.MULTILINE)}
    assert named == set(typer.main.get_command(app).commands)


def test_the_readme_has_every_setting() -> None:
    named = {name for line in TEXT.splitlines() if line.startswith("| `ATENDE_") for name in re.findall(r"ATENDE_[A-Z_]+", line)}
    documented = re.findall(r"^(ATENDE_[A-Z_]+)(?:, (_[A-Z]+))?", settings.__doc__ or "", re.MULTILINE)
    assert named == {name for name, _ in documented} | {f"ATENDE{more}" for _, more in documented if more}


def test_the_map_has_every_folder() -> None:
    mapped = set(re.findall(r"^([a-z_]+)/ ", TEXT, re.MULTILINE))
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"docker"}
    assert there <= mapped
    assert all((ROOT / name).is_dir() for name in mapped)
