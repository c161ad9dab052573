"""The sources of the console are as Biome wants them, and its unit tests pass."""

from __future__ import annotations

import os

import pytest

from services.node import node_directory
from tests.kit.compose import ROOT
from tests.kit.generated_clients import run


@pytest.mark.parametrize("words", [["biome", "check", "--error-on-warnings", "."], ["vitest", "run"]], ids=["biome", "vitest"])
def test_the_sources_pass(built: None, words: list[str]) -> None:
    web = ROOT / "web"
    path = os.pathsep.join([str(web / "node_modules" / ".bin"), str(node_directory()), os.environ["PATH"]])
    run([str(web / "node_modules" / ".bin" / words[0]), *words[1:]], {"PATH": path}, web)
