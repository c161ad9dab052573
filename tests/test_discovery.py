"""What is registered by being there is found, all of it, in the same order everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import discovery
from domain.base import CATALOGUE
from projections.engine.folding import ADVANCED, CALLS, ROWS, TOLD
from projections.engine.rows import Row

ROOT = Path(__file__).parents[1]


def files_that_say(package: str, text: str) -> list[str]:
    """The modules of a package whose text has a line that begins so: found without any import."""
    folder = ROOT / package.replace(".", "/")
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if any(line.startswith(text) for line in path.read_text(encoding="utf-8").splitlines())
    )


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of three modules, one of them in a folder of its own."""
    for name, text in {"b.py": "SLICE = 'b'", "a.py": "SLICE = 'a'", "c/__init__.py": "", "c/d.py": "OTHER = 1", "__init__.py": ""}.items():
        path = tmp_path / "made_slices" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return "made_slices"


def test_modules_are_found_in_the_order_of_their_names_also_in_folders(made: str) -> None:
    found = discovery.modules(made)
    assert [module.__name__ for module in found] == ["made_slices.a", "made_slices.b", "made_slices.c", "made_slices.c.d"]
    assert all(isinstance(module, ModuleType) for module in found)


def test_what_a_module_does_not_say_is_not_found_of_it(made: str) -> None:
    assert discovery.found(made, "SLICE") == {"made_slices.a": "a", "made_slices.b": "b"}


@pytest.mark.parametrize(
    ("package", "attribute", "line"), [("projections.folds", "FOLDS", "FOLDS = "), ("projections.folds", "CALL_FOLDS", "CALL_FOLDS = ")]
)
def test_every_module_that_has_one_is_found_in_order(package: str, attribute: str, line: str) -> None:
    said = files_that_say(package, line)
    assert said
    assert list(discovery.found(package, attribute)) == said


def test_every_fold_and_every_row_of_the_folds_is_used() -> None:
    rows = {row for row in Row.__subclasses__() if row.__module__.startswith("projections.folds.")}
    assert set(ROWS) == rows
    assert len(ROWS) == len(rows)
    folds = [fold for found in discovery.found("projections.folds", "FOLDS").values() for fold in found]
    assert sorted(map(id, folds)) == sorted(map(id, (*TOLD, *ADVANCED)))
    calls = discovery.found("projections.folds", "CALL_FOLDS").values()
    assert len(CALLS) == sum(map(len, calls)), "two folds fill one table"


def test_who_reads_the_log_knows_every_event_of_the_domain_whatever_else_is_imported() -> None:
    ours = {topic for topic, kind in CATALOGUE.items() if kind.__module__.startswith("domain.")}
    program = "import projections.engine.reading; from domain.base import CATALOGUE; print(*CATALOGUE)"
    alone = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(alone.stdout.split()) == ours
