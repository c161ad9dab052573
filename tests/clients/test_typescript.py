"""The client in TypeScript: no operation is lost, its written part is as strict and as right as that in Python, its package is complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

from api.app import described
from api.versions import NEWEST
from services.node import node_directory
from tests.kit.generated_clients import TYPESCRIPT, run
from tests.kit.openapi import operations


def node(*words: str, **env: str) -> str:
    return run([str(node_directory() / "node"), *words], env)


def test_every_operation_of_the_document_is_a_type():
    schema = (TYPESCRIPT / "src" / "schema.ts").read_text()
    types = re.findall(r"^    (\w+): \{$", schema.partition("export interface operations {")[2], re.MULTILINE)
    document = described().openapi()
    sent = [operation["operationId"] for methods in document.get("webhooks", {}).values() for operation in methods.values()]
    assert sorted(types) == sorted(sent + [operation.definition["operationId"] for operation in operations(document)])


def test_the_written_part_is_as_biome_wants_it():
    node("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "src", "package.json", "tsconfig.json", "biome.json")


def test_the_written_part_repeats_raises_pages_and_follows():
    told = node("--test", "--test-reporter=tap", str(Path(__file__).with_name("client.test.mjs")), CLIENT=str(TYPESCRIPT / "dist" / "index.js"), NEWEST=NEWEST)  # fmt: skip
    assert "# fail 0" in told


def test_the_package_has_all_that_its_users_need():
    npm = str(node_directory() / "npm")
    (packed,) = json.loads(run([npm, "pack", "--dry-run", "--json", "--ignore-scripts"], {}))
    files = {file["path"] for file in packed["files"]}
    assert {"LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts", "dist/schema.d.ts"} <= files
    assert not any(path.startswith(("src/", "node_modules/")) for path in files)
