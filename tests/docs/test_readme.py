"""The README names every command and every setting that there is, and no other."""

from __future__ import annotations

import re

import typer

import settings
from cli.main import app
from tests.kit.compose import ROOT

TEXT = (ROOT / "README.md").read_text()


def test_every_command_of_the_command_line_is_told_of() -> None:
    told = {found[1] for found in re.finditer(r"^atende ([a-z-]+)", TEXT, re.MULTILINE)}
    assert told == set(typer.main.get_command(app).commands)


def test_every_setting_is_told_of() -> None:
    told = {name for line in TEXT.splitlines() if line.startswith("| `ATENDE_") for name in re.findall(r"ATENDE_[A-Z_]+", line)}
    documented = re.findall(r"^(ATENDE_[A-Z_]+)(?:, (_[A-Z]+))?", settings.__doc__ or "", re.MULTILINE)
    assert told == {name for name, _ in documented} | {f"ATENDE{more}" for _, more in documented if more}


def test_every_folder_of_the_tree_is_on_its_map() -> None:
    mapped = set(re.findall(r"^([a-z_]+)/ ", TEXT, re.MULTILINE))
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"docker"}
    assert there <= mapped
    assert all((ROOT / name).is_dir() for name in mapped)
