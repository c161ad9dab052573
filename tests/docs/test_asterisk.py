"""The dialplan that docs/asterisk.md gives phones in the browser, and that of the Asterisk of the tests: what is dialled is never more than a number or a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTEXT = re.compile(r"^\[atende-phones\]\n(.*?)(?=^\[|^```|\Z)", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^exten => ([^,]+),1,(.*)$", re.MULTILINE)


@pytest.mark.parametrize("file", ["docs/asterisk.md", "services/asterisk_conf/pbx/extensions.conf"])
def test_a_pattern_that_takes_any_character_passes_on_only_those_that_are_no_option_of_an_application(file: str) -> None:
    found = CONTEXT.search((ROOT / file).read_text())
    assert found is not None
    steps = STEP.findall(found[1])
    assert {pattern.partition("_")[2].partition("_")[0] for pattern, _ in steps} >= {"web", "fila"}
    for pattern, application in steps:
        dialled = re.sub(r"\$\{FILTER\([^,$]*,\$\{EXTEN(:\d)?\}\)\}", "", application)
        assert not pattern.endswith((".", "!")) or "${EXTEN" not in dialled, pattern
