"""What is registered by being there is found, all of it, in the same order everywhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

import discovery
from api.app import create_app
from bootstrap import Embedded
from domain.base import CATALOGUE
from projections.engine.folding import CALLS, ROWS, STATEFUL, STATELESS
from projections.engine.rows import Row
from settings import Settings
from streams.topics import SLICES, slice_of

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
def app(tmp_path: Path) -> Iterator[FastAPI]:
    center = Embedded(tmp_path, Settings())
    yield create_app(center)
    center.close()


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
    ("package", "attribute", "line"),
    [
        ("projections.folds", "FOLDS", "FOLDS = "),
        ("projections.folds", "CALL_FOLDS", "CALL_FOLDS = "),
        ("api", "router", "router = "),
        ("api", "TAG", "TAG = "),
    ],
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
    assert sorted(map(id, folds)) == sorted(map(id, (*STATELESS, *STATEFUL)))
    calls = discovery.found("projections.folds", "CALL_FOLDS").values()
    assert len(CALLS) == sum(map(len, calls)), "two folds fill one table"


def test_who_reads_the_log_knows_every_event_of_the_domain_whatever_else_is_imported() -> None:
    ours = {topic for topic, kind in CATALOGUE.items() if kind.__module__.startswith("domain.")}
    program = "import projections.engine.reading; from domain.base import CATALOGUE; print(*CATALOGUE)"
    alone = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(alone.stdout.split()) == ours


def test_opening_a_center_finds_every_handler_whatever_else_is_imported(tmp_path: Path) -> None:
    handled = sum(path.read_text(encoding="utf-8").count("\n@handles(") for path in (ROOT / "commands").glob("*.py"))
    program = (
        "import sys; from pathlib import Path; from bootstrap import Embedded; from settings import Settings\n"
        "from commands.handler_context import HANDLERS\n"
        "Embedded(Path(sys.argv[1]), Settings()).close(); print(len(HANDLERS))"
    )
    alone = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(alone.stdout) >= handled > 0


def test_every_route_is_served_by_the_application(app: FastAPI) -> None:
    served = {(path, method.upper()) for path, methods in app.openapi()["paths"].items() for method in methods}
    routes = [route for router in discovery.found("api", "router").values() for route in router.routes if isinstance(route, APIRoute)]
    assert {(route.path, method) for route in routes if route.include_in_schema for method in route.methods} == served


def test_every_event_of_the_domain_has_a_topic() -> None:
    ours = {topic: kind for topic, kind in CATALOGUE.items() if kind.__module__.startswith("domain.")}
    assert {topic: slice_of(topic) for topic in ours} == {topic: kind.SLICE for topic, kind in ours.items()}
    # The names of topics are those of logs that lie in Kafka.
    assert SLICES == ("agents", "contacts", "identity", "interactions", "ivr", "queues", "timeline")
