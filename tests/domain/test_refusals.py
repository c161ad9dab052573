"""The codes of refusals: the table, the types and the code agree."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import get_args

from domain.refusals import MEANINGS, UNKNOWN, BarredCode, FieldCode, NotAllowedCode, RefusedCode, TakenCode, UnknownCode

ROOT = Path(__file__).parents[2]
TYPES = (RefusedCode, UnknownCode, TakenCode, NotAllowedCode, BarredCode, FieldCode)


def test_every_code_of_the_types_has_a_meaning_and_a_remedy_and_no_other_has() -> None:
    codes = list(chain.from_iterable(get_args(kind) for kind in TYPES))
    assert len(codes) == len(set(codes))
    assert {*codes, "version-conflict"} == set(MEANINGS)
    assert all(meaning.meaning.endswith(".") and meaning.remedy.endswith(".") for meaning in MEANINGS.values())


def test_every_code_is_raised_somewhere() -> None:
    folders = ("domain", "commands", "projections", "imports", "api")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path.name not in ("refusals.py", "problem_types.py")]
    written = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', "\n".join(path.read_text(encoding="utf-8") for path in sources)))
    assert set(MEANINGS) - written - set(UNKNOWN.values()) == set()
