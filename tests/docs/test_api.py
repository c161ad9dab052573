"""The examples in docs/api.md work against a served center, and its words are those of the product."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.problem_types import PROBLEM_TYPES
from api.versions import NEWEST, SUPPORTED, VERSION_HEADER
from tests.kit.compose import ROOT
from tests.kit.generated_clients import PYTHON, compiled, make_clients, run, run_node
from tests.kit.served import Served, served_center

PAGE = ROOT / "docs" / "api.md"
TEXT = PAGE.read_text()
BLOCKS = re.findall(r"^```(sh|python|typescript)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """The examples in a language, in their order."""
    return [text for named, text in BLOCKS if named == language]


@pytest.fixture
def served(tmp_path):
    with served_center(tmp_path / "data") as served:
        yield served


def run_python(text: str, served: Served) -> str:
    make_clients()
    return run([sys.executable, "-W", "error", "-c", text], served.variables | {"PYTHONPATH": str(PYTHON)})


@pytest.fixture(scope="module")
def scripts() -> Iterator[list[Path]]:
    with compiled(blocks("typescript")) as scripts:
        yield scripts


def test_the_examples_in_curl_work(served, tmp_path):
    log = b"1772470800|1772470800.1|vendas|NONE|ENTERQUEUE||5511987654321|1\nno line\n"
    (tmp_path / "queue_log.1.gz").write_bytes(gzip.compress(log))
    printed = run(["sh", "-eu", "-c", "\n".join(blocks("sh"))], served.variables, tmp_path)
    assert "'offered': 1, 'answered': 1," in printed
    assert '"name":"queue_log.1.gz"' in printed
    assert "Arquivo;Linha;Motivo" in printed


def test_the_examples_in_python_work(served):
    quickstart, of_key, errors, lists, of_csv = (run_python(text, served) for text in blocks("python"))
    assert quickstart == "offered 1, answered 1\n"
    assert of_key == "['gerenciar-relatorio']\n"
    assert errors == "['/sla_ms']\n409 queue-exists\n"
    assert lists == "['suporte', 'vendas']\n"
    assert of_csv == "[('vendas', '1')]\n"


def test_the_examples_in_typescript_work(served, scripts):
    quickstart, of_key, errors, lists, of_csv = (run_node(script, served.variables) for script in scripts)
    assert quickstart == "offered 1, answered 1\n"
    assert of_key == "[ 'gerenciar-relatorio' ]\n"
    assert errors == "[ '/sla_ms' ]\n409 queue-exists\n"
    assert lists == "[ 'suporte', 'vendas' ]\n"
    assert of_csv == "[ [ 'vendas', '1' ] ]\n"


def test_the_policy_names_the_versions_of_the_api():
    assert f"`{VERSION_HEADER}: {NEWEST}`" in TEXT
    assert all(f"`{version}`" in TEXT for version in SUPPORTED)


def test_codes_of_problems_in_the_page_exist():
    named = re.findall(r"\b[45]\d\d `([a-z-]+)`", TEXT)
    assert named
    assert set(named) <= PROBLEM_TYPES.keys()


def test_every_linked_file_exists():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", TEXT):
        assert (PAGE.parent / target).resolve().exists(), target


def test_what_a_client_would_stumble_over_is_said():
    for words in (
        "The first answers to several questions have no `id`",
        "gets `dial-failed` with its `result`",
        "(`at` of `facts`, `started_at` and `offered_at` of `change`)",
        "`atende mcp` serves an assistant",
    ):
        assert words in TEXT
