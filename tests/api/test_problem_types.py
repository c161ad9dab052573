"""The table of problem types: the page of the documentation, the OpenAPI document and the answers agree with it."""

from __future__ import annotations

from pathlib import Path

from api.app import described
from api.problem import KINDS, PREFIX
from api.problem_types import PROBLEM_TYPES, page
from domain.refusals import MEANINGS

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m api.problem_types > docs/errors.md"


def test_the_openapi_document_lists_every_type() -> None:
    listed = described().openapi()["components"]["schemas"]["Problem"]["properties"]["type"]["x-problem-types"]
    assert set(listed) == {PREFIX + code for code in PROBLEM_TYPES}


def test_every_kind_of_the_api_has_a_row_or_only_codes_of_the_domain() -> None:
    assert set(MEANINGS) <= set(PROBLEM_TYPES)
    assert KINDS.keys() - PROBLEM_TYPES.keys() == {"refused", "not-allowed", "already-exists"}
    assert {found.status for found in PROBLEM_TYPES.values()} == {status for status, _ in KINDS.values()}
