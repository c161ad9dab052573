"""The sources of the console are as Biome wants them, keep each answer in one place, and its unit tests pass."""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

from services.node import node_directory
from tests.kit.compose import ROOT
from tests.kit.generated_clients import run


@pytest.mark.parametrize("words", [["biome", "check", "--error-on-warnings", "."], ["vitest", "run"]], ids=["biome", "vitest"])
def test_the_sources_pass(built: None, words: list[str]) -> None:
    web = ROOT / "web"
    path = os.pathsep.join([str(web / "node_modules" / ".bin"), str(node_directory()), os.environ["PATH"]])
    run([str(web / "node_modules" / ".bin" / words[0]), *words[1:]], {"PATH": path}, web)


def test_an_answer_that_is_kept_under_a_key_is_asked_for_in_one_place_so_that_it_has_one_shape() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "web" / "src").rglob("*.ts*")]
    keys = Counter(key for source in sources for key in re.findall(r"queryKey: (\[[^\]]*\])", source))
    assert [key for key, times in keys.items() if times > 1] == []
    assert keys['["tags"]'] == 1
