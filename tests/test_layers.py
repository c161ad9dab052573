"""The contracts of `pyproject.toml` name what they protect: nothing that is added passes them by."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED_GROUND = {"base", "errors", "ids"}


def test_every_slice_of_the_domain_is_kept_from_the_store() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (contract for contract in linter["contracts"] if contract["id"] == "store-knows-bytes")
    there = {path.stem for path in (ROOT / "domain").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {name.removeprefix("domain.") for name in contract["protected_modules"]} == there - SHARED_GROUND - {"__init__"}
